#pragma once

#include <cstddef>
#include <cstdint>

// Where a run's metrics come from, and how much of them is summed up.

namespace sweepctl {

/// Which of a run's two files a line was read from. Each is followed by an offset of its own.
enum class MetricsSource : std::uint8_t {
    file,    ///< the one that it was told to append to
    output,  ///< what it prints
};

/// `sweepctl.metrics.stdout`: which lines of a run's output are metrics.
enum class StdoutMetrics : std::uint8_t {
    none,
    json,  ///< those that are a JSON object
    kv,    ///< those that are nothing but names with numbers, see agent/kv_line.hpp
};

// A run's summary is in memory while it lives, and stored anew with each message. What goes beyond
// these is in its history only, but for the metric that its sweep goes by.
inline constexpr std::size_t kMetricNamesMax = 10'000;
inline constexpr std::size_t kMetricNameMax = 200;     ///< bytes
inline constexpr std::size_t kMetricValueMax = 1'000;  ///< bytes, as JSON, of what is no number

}  // namespace sweepctl
