// The body of a file stream's POST, packed or plain: it must be refused, or read into an event that
// the World can take, without falling.
#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/metrics.hpp"

#include "api/wandb/gzip.hpp"
#include "api/wandb/stream_body.hpp"
#include "api/wandb/wire_json.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace {

using namespace sweepctl;

bool is_strict(const ParamValue& value) {
    const auto* const number = value.get_if<double>();
    if (number != nullptr) return *number - *number == 0.0;
    if (const auto* const list = value.get_if<ParamList>()) {
        for (const ParamValue& item : *list)
            if (!is_strict(item)) return false;
    } else if (const auto* const map = value.get_if<ParamMap>()) {
        for (const auto& [name, item] : *map)
            if (!is_strict(item)) return false;
    }
    return true;
}

/// What goes beside the run is JSON that every reader takes.
void check_text(const std::optional<std::string>& text) {
    if (!text) return;
    const auto parsed = parse_json(*text);
    SWEEPCTL_CHECK(parsed.ok() && parsed->get_if<ParamMap>() != nullptr && is_strict(*parsed));
}

void check_lines(const std::optional<ClientStream::Lines>& lines) {
    if (!lines) return;
    for (const std::string& line : lines->lines) {
        const auto parsed = parse_json(line);
        SWEEPCTL_CHECK(parsed.ok() && parsed->get_if<ParamMap>() != nullptr);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t kUnpackedMax = std::size_t{1} << 20;
    std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto unpacked = api::unpack_gzip(body, kUnpackedMax);
    if (unpacked) {
        SWEEPCTL_CHECK(unpacked->size() <= kUnpackedMax);
        body = *unpacked;
    }
    const auto read = api::read_stream_body(body);
    if (!read) {
        SWEEPCTL_CHECK(!read.error().reason.empty());
        return 0;
    }
    const ClientStream& event = read->event;
    const std::size_t lines = event.history ? event.history->lines.size() : 0;
    SWEEPCTL_CHECK(event.history_points.size() == lines);
    std::size_t names = 0;
    for (const auto& points : event.history_points) {
        for (const MetricPoint& point : points) {
            SWEEPCTL_CHECK(!point.name.starts_with('_'));
            SWEEPCTL_CHECK(point.name.size() <= kMetricNameMax);
            names += point.name.size();
        }
    }
    for (const MetricPoint& point : event.summary_points)
        names += point.name.size();
    SWEEPCTL_CHECK(names <= api::kPointNamesMax);
    check_lines(event.history);
    check_lines(event.events);
    check_text(event.details.summary_json);
    check_text(event.details.system_metrics_json);
    return 0;
}
