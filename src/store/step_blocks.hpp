#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace sweepctl {

/// Where a row of a run's history is.
struct HistoryPlace {
    std::uint32_t attempt = 0;  ///< 0: in the file stream
    std::int64_t line = 0;
    std::int64_t before = 0;  ///< rows of the same table before it
};

/// Clients scan a history range of steps by range of steps, and the tables know lines only. So a
/// session remembers which steps each thousand rows have: rows are never changed, only appended.
class StepBlocks {
public:
    static constexpr std::size_t kRows = 1'000;

    struct Block {
        HistoryPlace first;
        std::int64_t min = 0;
        std::int64_t max = 0;
    };
    /// The full blocks of a table's rows, one after the other from the first row on.
    struct Table {
        std::vector<Block> blocks;
        HistoryPlace rest;  ///< where the first row after them would be
    };
    struct OfRun {
        Table metrics{{}, {1, 0, 0}};
        Table stream;
    };

    /// Valid until the next call.
    [[nodiscard]] OfRun& of(std::int64_t run) {
        if (runs_.size() > kRunsMax) runs_.clear();
        return runs_[run];
    }

private:
    static constexpr std::size_t kRunsMax = 64;
    std::unordered_map<std::int64_t, OfRun> runs_;
};

}  // namespace sweepctl
