#include "sweepctl/agent/run_files.hpp"
#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

using namespace sweepctl;

namespace {

void check(std::string_view text, MetricsFormat format) {
    const std::size_t size = text.size();
    const MetricsChunk whole = metrics_lines(text, 7, true, format);
    SWEEPCTL_CHECK(whole.offset_end == 7 + size);
    SWEEPCTL_CHECK(format == MetricsFormat::metrics_file || !whole.invalid);
    for (const std::string& line : whole.lines) {
        const auto value = parse_json(line);
        SWEEPCTL_CHECK(value.ok());
        SWEEPCTL_CHECK(to_json(*value) == line);
        SWEEPCTL_CHECK(read_metrics_line(line).has_value());
    }
    if (size != 0) {
        const std::size_t cut = static_cast<unsigned char>(text.front()) % size;
        MetricsChunk first = metrics_lines(text.substr(0, cut), 0, false, format);
        const MetricsChunk rest =
            metrics_lines(text.substr(first.offset_end), first.offset_end, true, format);
        first.lines.insert(first.lines.end(), rest.lines.begin(), rest.lines.end());
        SWEEPCTL_CHECK(first.lines == whole.lines);
    }

    MetricsLogged message;
    message.lines = whole.lines;
    message.invalid = whole.invalid;
    const auto sent = decode_message(encode(AgentMessage(message)));
    SWEEPCTL_CHECK(sent.ok());
    SWEEPCTL_CHECK(std::get<MetricsLogged>(*sent).lines == whole.lines);
}

}  // namespace

// Any bytes that a program may write or print: what is taken is JSON that the controller reads to
// the same text, reading goes on, and in two pieces takes the same lines as in one.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check(text, MetricsFormat::metrics_file);
    check(text, MetricsFormat::printed_json);
    check(text, MetricsFormat::printed_pairs);
    return 0;
}
