#include "sweepctl/core/coverage.hpp"

namespace sweepctl {

Coverage::Coverage(const CoverageState& state)
    : cursor_(state.cursor),
      freed_(state.freed.begin(), state.freed.end()),
      taken_(state.taken.begin(), state.taken.end()) {}

std::optional<std::uint64_t> Coverage::next(std::optional<std::uint64_t> size) const {
    if (!freed_.empty()) return *freed_.begin();
    // cover() keeps the cursor itself free.
    if (size && cursor_ >= *size) return std::nullopt;
    return cursor_;
}

bool Coverage::covered(std::uint64_t number) const {
    return number < cursor_ ? !freed_.contains(number) : taken_.contains(number);
}

std::optional<std::uint64_t> Coverage::free_of(std::uint64_t first, std::uint32_t count) const {
    for (std::uint32_t i = 0; i < count; ++i) {
        if (!covered(first + i)) return first + i;
    }
    return std::nullopt;
}

bool Coverage::cover(std::uint64_t number) {
    if (number < cursor_) return freed_.erase(number) != 0;
    if (!taken_.insert(number).second) return false;
    while (!taken_.empty() && *taken_.begin() == cursor_) {
        taken_.erase(taken_.begin());
        ++cursor_;
    }
    return true;
}

void Coverage::free(std::uint64_t number) {
    if (number < cursor_) {
        freed_.insert(number);
    } else {
        taken_.erase(number);
    }
}

CoverageState Coverage::state() const {
    return {cursor_, {freed_.begin(), freed_.end()}, {taken_.begin(), taken_.end()}};
}

}  // namespace sweepctl
