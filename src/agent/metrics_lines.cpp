#include "sweepctl/agent/run_files.hpp"
#include "sweepctl/core/json_text.hpp"

#include "agent/kv_line.hpp"

#include <cstdlib>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::size_t kInvalidShown = 120;

std::string_view trimmed(std::string_view line) {
    constexpr std::string_view kBlanks = " \t\r";
    const std::size_t first = line.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return line.substr(first, line.find_last_not_of(kBlanks) + 1 - first);
}

std::optional<ParamMap> json_object(std::string_view line) {
    // Most lines that are printed are no JSON: their first byte says so.
    if (line.front() != '{' || line.back() != '}') return std::nullopt;
    auto value = parse_json(line);
    if (!value) return std::nullopt;
    return std::get<ParamMap>(std::move(value).value().content());
}

std::optional<ParamMap> metrics_of(std::string_view line, MetricsFormat format) {
    switch (format) {
        case MetricsFormat::metrics_file:
        case MetricsFormat::printed_json: return json_object(line);
        case MetricsFormat::printed_pairs: return kv_line(line);
    }
    std::abort();
}

void take_line(std::string_view line, MetricsFormat format, MetricsChunk& chunk) {
    const std::string_view text = trimmed(line);
    if (text.empty()) return;
    std::optional<ParamMap> metrics = metrics_of(text, format);
    if (!metrics) {
        if (format == MetricsFormat::metrics_file && !chunk.invalid)
            chunk.invalid = std::string(line.substr(0, kInvalidShown));
        return;
    }
    if (const ParamValue* flag = find(*metrics, "_preempting")) {
        const bool* truth = flag->get_if<bool>();
        chunk.preempting = chunk.preempting || (truth != nullptr && *truth);
    }
    chunk.lines.push_back(to_json(ParamValue(std::move(*metrics))));
}

}  // namespace

MetricsChunk metrics_lines(std::string_view bytes,
                           std::uint64_t offset,
                           bool final,
                           MetricsFormat format) {
    MetricsChunk chunk;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t end = bytes.find('\n', at);
        if (end == std::string_view::npos) {
            const bool too_long = bytes.size() - at >= kMetricsLineMax;
            if (!final && !too_long) break;
            take_line(bytes.substr(at), format, chunk);
            at = bytes.size();
            break;
        }
        take_line(bytes.substr(at, end - at), format, chunk);
        at = end + 1;
    }
    chunk.offset_end = offset + at;
    return chunk;
}

}  // namespace sweepctl
