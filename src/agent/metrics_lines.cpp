#include "sweepctl/agent/run_files.hpp"
#include "sweepctl/core/json_text.hpp"

namespace sweepctl {

namespace {

constexpr std::size_t kInvalidShown = 120;

bool blank(std::string_view line) {
    return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void take_line(std::string_view line, MetricsChunk& chunk) {
    if (blank(line)) return;
    const auto value = parse_json(line);
    const ParamMap* object = value ? (*value).get_if<ParamMap>() : nullptr;
    if (object == nullptr) {
        if (!chunk.invalid) chunk.invalid = std::string(line.substr(0, kInvalidShown));
        return;
    }
    if (const ParamValue* flag = find(*object, "_preempting")) {
        const bool* truth = flag->get_if<bool>();
        chunk.preempting = chunk.preempting || (truth != nullptr && *truth);
    }
    chunk.lines.push_back(to_json(*value));
}

}  // namespace

MetricsChunk metrics_lines(std::string_view bytes, std::uint64_t offset, bool final) {
    MetricsChunk chunk;
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t end = bytes.find('\n', at);
        if (end == std::string_view::npos) {
            const bool too_long = bytes.size() - at >= kMetricsLineMax;
            if (!final && !too_long) break;
            take_line(bytes.substr(at), chunk);
            at = bytes.size();
            break;
        }
        take_line(bytes.substr(at, end - at), chunk);
        at = end + 1;
    }
    chunk.offset_end = offset + at;
    return chunk;
}

}  // namespace sweepctl
