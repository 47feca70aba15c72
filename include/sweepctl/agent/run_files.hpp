#pragma once

#include "sweepctl/agent/agent.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>

// The files that runs write, on this host: followed with inotify where metrics come from them.

namespace boost::asio {
class io_context;
}

namespace sweepctl {

struct RunFilesEvents {
    std::function<void(const RunId&, std::uint32_t attempt)> metrics_changed;
    std::function<void(const RunId&, std::uint32_t attempt)> output_changed;
    /// One line for people, when following is not possible and metrics come at a run's end only.
    std::function<void(std::string_view)> warn;
};

[[nodiscard]] std::unique_ptr<RunFiles> make_run_files(boost::asio::io_context& context,
                                                       RunFilesEvents events);

/// A piece of a run's file as it was read at `offset`. The part after its last line end is left for
/// later, unless `final` or longer than any line may be (then it counts as one line without
/// metrics).
[[nodiscard]] MetricsChunk metrics_lines(std::string_view bytes,
                                         std::uint64_t offset,
                                         bool final,
                                         MetricsFormat format = MetricsFormat::metrics_file);

/// Bytes of a file that are read at a time, and the longest line.
inline constexpr std::size_t kMetricsPiece = std::size_t{256} << 10;
inline constexpr std::size_t kMetricsLineMax = std::size_t{1} << 20;
/// Most output holds no metrics: so much of it is looked through for one chunk.
inline constexpr std::size_t kOutputStretch = std::size_t{4} << 20;

}  // namespace sweepctl
