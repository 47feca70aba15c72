#include "sweepctl/agent/exit_journal.hpp"
#include "sweepctl/base/check.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace sweepctl;

// Any bytes will do, reading in two pieces gives what reading in one does, and what was read is
// written as it stood.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const JournalChunk whole = parse_journal(text);
    SWEEPCTL_CHECK(whole.consumed <= size);
    for (const JournalRecord& record : whole.records) {
        const std::string line = format_record(record);
        SWEEPCTL_CHECK(text.find(line.substr(1)) != std::string_view::npos);
    }
    if (size != 0 && size < 2000) {  // Longer ones may lose a line that has no end.
        JournalChunk parts = parse_journal(text.substr(0, data[0] % size));
        const JournalChunk rest = parse_journal(text.substr(parts.consumed));
        parts.records.insert(parts.records.end(), rest.records.begin(), rest.records.end());
        SWEEPCTL_CHECK(parts.records == whole.records);
    }
    return 0;
}
