#pragma once

#include "sweepctl/base/result.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sweepctl {

/// Trying to find a pattern would take too long.
class PatternTooHard : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// A regular expression in Perl's syntax, found anywhere in a text. Neither pattern nor text can
/// exhaust the stack or take for ever.
class TextPattern {
public:
    [[nodiscard]] static Result<TextPattern, std::string> compile(std::string_view pattern,
                                                                  bool ignore_case = false);
    TextPattern(TextPattern&&) noexcept;
    TextPattern& operator=(TextPattern&&) noexcept;
    ~TextPattern();

    /// Throws PatternTooHard.
    [[nodiscard]] bool found_in(std::string_view text) const;

private:
    struct Compiled;
    explicit TextPattern(std::unique_ptr<Compiled> compiled);
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace sweepctl
