#pragma once

#include <string_view>
#include <vector>

namespace sweepctl {

/// The word of `known` that `word` was probably meant to be, or empty: the same but for upper and
/// lower case, else the nearest within two edits (one where `word` has fewer than five letters; two
/// neighbours swapped are one edit), else the only one that begins with it (three letters or more).
[[nodiscard]] std::string_view did_you_mean(std::string_view word,
                                            const std::vector<std::string_view>& known);

}  // namespace sweepctl
