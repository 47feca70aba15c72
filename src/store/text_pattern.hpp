#pragma once

#include "sweepctl/base/result.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace sweepctl {

/// A regular expression in Perl's syntax, found anywhere in a text. Neither pattern nor text can
/// exhaust the stack or take for ever.
class TextPattern {
public:
    [[nodiscard]] static Result<TextPattern, std::string> compile(std::string_view pattern,
                                                                  bool ignore_case = false);
    TextPattern(TextPattern&&) noexcept;
    TextPattern& operator=(TextPattern&&) noexcept;
    ~TextPattern();

    /// Throws std::runtime_error when trying would take too long.
    [[nodiscard]] bool found_in(std::string_view text) const;

private:
    struct Compiled;
    explicit TextPattern(std::unique_ptr<Compiled> compiled);
    std::unique_ptr<Compiled> compiled_;
};

}  // namespace sweepctl
