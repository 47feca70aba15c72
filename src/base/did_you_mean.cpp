#include "sweepctl/base/did_you_mean.hpp"

#include <algorithm>
#include <cstddef>
#include <string>

namespace sweepctl {

namespace {

// Nobody mistypes a word longer than this, and the distance costs the product of the lengths.
constexpr std::size_t kLongestWord = 64;
// Of lists longer than this only the front is looked at: a suggestion is not worth the time.
constexpr std::size_t kLongestList = 1000;

std::string lower(std::string_view word) {
    std::string out(word);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

/// Insertions, deletions, replacements and swaps of neighbours between the two.
std::size_t edits(std::string_view left, std::string_view right) {
    const std::size_t width = right.size() + 1;
    std::vector<std::size_t> before(width);
    std::vector<std::size_t> above(width);
    std::vector<std::size_t> row(width);
    for (std::size_t j = 0; j < width; ++j)
        above[j] = j;
    for (std::size_t i = 1; i <= left.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j < width; ++j) {
            const std::size_t replaced = above[j - 1] + (left[i - 1] == right[j - 1] ? 0U : 1U);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before.swap(above);
        above.swap(row);
    }
    return above[right.size()];
}

}  // namespace

std::string_view did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
    if (word.empty() || word.size() > kLongestWord) return {};
    const std::string small = lower(word);
    std::size_t limit = word.size() < 5 ? 1 : 2;
    std::string_view nearest;
    for (std::size_t i = 0; i < std::min(known.size(), kLongestList); ++i) {
        const std::string_view candidate = known[i];
        if (candidate.size() > word.size() + limit || word.size() > candidate.size() + limit) {
            continue;
        }
        const std::string other = lower(candidate);
        if (other == small) return candidate;
        const std::size_t distance = edits(small, other);
        // Two one-letter words are always one edit apart, which says nothing.
        if (distance <= limit && distance < std::max(small.size(), other.size())) {
            if (!nearest.empty() && distance == limit) continue;  // the first of the nearest
            nearest = candidate;
            limit = distance;
        }
    }
    if (!nearest.empty() || word.size() < 3) return nearest;
    for (const std::string_view candidate : known) {
        if (candidate.substr(0, small.size()) != small) continue;
        if (!nearest.empty()) return {};
        nearest = candidate;
    }
    return nearest;
}

}  // namespace sweepctl
