#include "runner/params.hpp"

#include "sweepctl/runner/contract.hpp"

namespace sweepctl::runner {

namespace {

// Longer than anyone waits, and far from where sums of times would overflow.
constexpr std::uint64_t kMillisecondsMax = std::uint64_t{1} << 53U;

bool read_field(const char*& cursor, std::uint64_t& number, std::uint64_t max) {
    if (!read_number(cursor, number) || number > max || *cursor != ' ') return false;
    ++cursor;
    return true;
}

bool read_milliseconds(const char*& cursor, Milliseconds& span) {
    std::uint64_t number = 0;
    if (!read_field(cursor, number, kMillisecondsMax)) return false;
    span = static_cast<Milliseconds>(number);
    return true;
}

bool read_field(const char*& cursor, Text& text, std::size_t max) {
    text.data = cursor;
    while (*cursor > ' ' && *cursor <= '~')
        ++cursor;
    text.size = static_cast<std::size_t>(cursor - text.data);
    if (text.size == 0 || text.size > max || *cursor != ' ') return false;
    ++cursor;
    return true;
}

}  // namespace

bool read_params(const char* text, Params& params) {
    const char* cursor = text;
    std::uint64_t version = 0;
    std::uint64_t agent_pid = 0;
    const bool all =
        read_field(cursor, version, UINT64_MAX) && version == contract::kParamsVersion &&
        read_field(cursor, params.run, contract::kRunTokenMax) &&
        read_field(cursor, params.attempt, UINT32_MAX) &&
        read_field(cursor, params.fence, UINT64_MAX) && read_field(cursor, agent_pid, INT32_MAX) &&
        read_milliseconds(cursor, params.lease_deadline) &&
        read_milliseconds(cursor, params.kill_delay) &&
        read_milliseconds(cursor, params.straggler_grace) &&
        read_field(cursor, params.boot_id, contract::kBootIdMax);
    params.agent_pid = static_cast<int>(agent_pid);
    params.cwd = cursor;
    return all && *cursor != '\0';
}

}  // namespace sweepctl::runner
