#pragma once

#include "sweepctl/core/ids.hpp"

#include "store/read_session.hpp"
#include "store/step_blocks.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The rows of a run's history, wherever they are stored: what it logged without a client lies in
// `metrics`, attempt by attempt, what its clients streamed in `stream_lines`.

namespace sweepctl {

/// How many rows of `metrics` attempts 1 to `attempts` have.
[[nodiscard]] std::uint64_t metric_line_count(ReadSession& session,
                                              std::int64_t run,
                                              std::uint32_t attempts);
/// The highest step that the last rows of its attempts have; -1: there are no rows.
[[nodiscard]] std::int64_t last_metric_step(ReadSession& session,
                                            std::int64_t run,
                                            std::uint32_t attempts);

/// A row as clients are shown it: with `_step`, and `_timestamp` and `_runtime` as far as known.
struct HistoryRow {
    HistoryPlace place;
    std::int64_t step = 0;
    std::string_view text;  ///< valid until the next
};

/// `rows` of `total` places, evenly spread, first and last among them; all where they suffice.
[[nodiscard]] std::vector<std::size_t> spread(std::size_t total, std::size_t rows);

/// The step that a row names; nullopt: none that is a number.
[[nodiscard]] std::optional<std::int64_t> step_of(std::string_view row);

/// A run's history, or the part of it that lies in one range of steps.
class HistoryLines {
public:
    HistoryLines(ReadSession& session, std::int64_t run) : session_(session), run_(run) {}

    /// Calls `take` with the rows whose step is at least `min` and less than `end`, in order, until
    /// it says no.
    using Take = std::function<bool(const HistoryRow&)>;
    void each(std::int64_t min, std::int64_t end, const Take& take);
    /// The highest step; -1: there are no rows.
    [[nodiscard]] std::int64_t last_step();
    /// The row at `place`, or else the next of that attempt or stream; empty: there is none.
    [[nodiscard]] std::string row_at(const HistoryPlace& place);
    /// Places that have a row, except where clients left lines out; as many as there are rows at
    /// least.
    [[nodiscard]] std::vector<HistoryPlace> places(std::size_t rows);
    [[nodiscard]] std::size_t place_count();

private:
    [[nodiscard]] bool each_of(StepBlocks::Table& table,
                               bool stream,
                               std::int64_t min,
                               std::int64_t end,
                               const Take& take);
    [[nodiscard]] HistoryRow row_of(const HistoryPlace& place, std::string_view data);
    [[nodiscard]] std::optional<std::int64_t> started_at(std::uint32_t attempt);
    [[nodiscard]] const std::vector<std::int64_t>& counts();

    ReadSession& session_;
    std::int64_t run_;
    std::string text_;                                              // Of the row at hand.
    std::map<std::uint32_t, std::optional<std::int64_t>> started_;  // By attempt, as asked for.
    std::vector<std::int64_t> counts_;  // Of lines, by attempt; 0 is the stream.
};

/// Key of a run; nullopt: there is none.
[[nodiscard]] std::optional<std::int64_t> run_key_of(ReadSession& session, const RunId& id);

}  // namespace sweepctl
