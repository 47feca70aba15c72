#pragma once

#include "sweepctl/spec/diagnostic.hpp"

#include "spec/yaml_scalar.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// Where something stands in the text; both from 1.
struct Place {
    std::uint32_t line = 1;
    std::uint32_t column = 1;  ///< in bytes
    bool operator==(const Place&) const = default;
};

/// Collects what is to be said about a spec.
class Findings {
public:
    void error(Place place, std::string message, std::string hint = {});
    void warning(Place place, std::string message, std::string hint = {});
    void note(Place place, std::string message, std::string hint = {});

    /// Says how a plain scalar was read where that may surprise; after a few of one kind only
    /// counts them.
    void remark(Place place, std::string_view text, Oddity oddity);

    [[nodiscard]] bool has_errors() const;

    /// All of them in file order, none twice; beyond a hundred of one severity only their number.
    [[nodiscard]] std::vector<Diagnostic> take();

private:
    /// How many there were of one kind, and where the first one is that is only counted.
    struct Tally {
        std::size_t count = 0;
        Place first_left_out;

        /// Counts one; false: beyond `shown_max`.
        bool admit(Place place, std::size_t shown_max);
    };

    void add(Severity severity, Place place, std::string message, std::string hint);

    std::vector<Diagnostic> shown_;
    std::array<Tally, 3> by_severity_;
    std::array<Tally, 8> by_oddity_;
};

/// `known` as a hint: `did you mean 'bayes'? known: grid, random, bayes`.
[[nodiscard]] std::string suggest(std::string_view word,
                                  const std::vector<std::string_view>& known);

}  // namespace sweepctl
