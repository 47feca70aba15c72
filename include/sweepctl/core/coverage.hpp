#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

// Which suggestion numbers of a sweep have a run: a cursor (everything below is covered) and two
// sparse sets, however large the grid is.

namespace sweepctl {

/// As stored.
struct CoverageState {
    std::uint64_t cursor = 0;
    std::vector<std::uint64_t> freed;  ///< below the cursor, but free again (its run was deleted)
    std::vector<std::uint64_t>
        taken;  ///< at or above the cursor, but covered (an enqueued run is it)
};

class Coverage {
public:
    Coverage() = default;
    explicit Coverage(const CoverageState& state);

    /// The lowest free number below `size` (nullopt: no end); nullopt when all are covered.
    [[nodiscard]] std::optional<std::uint64_t> next(std::optional<std::uint64_t> size) const;
    [[nodiscard]] bool covered(std::uint64_t number) const;
    /// The lowest free one of the `count` numbers from `first` on: of a cell's repeats the next.
    [[nodiscard]] std::optional<std::uint64_t> free_of(std::uint64_t first,
                                                       std::uint32_t count) const;
    /// Returns false when it was covered already.
    bool cover(std::uint64_t number);
    void free(std::uint64_t number);
    /// How many are covered.
    [[nodiscard]] std::uint64_t count() const {
        return cursor_ - freed_.size() + taken_.size();
    }

    [[nodiscard]] CoverageState state() const;

private:
    std::uint64_t cursor_ = 0;
    std::set<std::uint64_t> freed_;
    std::set<std::uint64_t> taken_;
};

}  // namespace sweepctl
