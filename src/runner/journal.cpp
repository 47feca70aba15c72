#include "runner/journal.hpp"

#include <initializer_list>

namespace sweepctl::runner {

namespace {

std::uint64_t microseconds(const __kernel_old_timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000 +
           static_cast<std::uint64_t>(time.tv_usec);
}

}  // namespace

void Record::begin(char kind, const Params& params) {
    line_.clear();
    line_.put('\n');
    line_.put(kind);
    field(params.run);
    field(params.attempt);
    field(params.fence);
}

void Record::field(std::uint64_t number) {
    line_.put(' ');
    line_.put_number(number);
}

void Record::field(Text text) {
    line_.put(' ');
    line_.put(text);
}

void Record::end() {
    const std::uint64_t sum = contract::checksum(line_.data() + 1, line_.size() - 1);
    line_.put(' ');
    line_.put_hexadecimal(sum);
    line_.put('\n');
}

long Record::append() const {
    if (!line_.complete()) return -EMSGSIZE;
    const long written = write(contract::kJournalFd, line_.data(), line_.size());
    if (written == static_cast<long>(line_.size())) return 0;
    return written < 0 ? written : -ENOSPC;
}

void write_start(Record& record, const Params& params, std::uint64_t start_time) {
    record.begin('S', params);
    record.field(static_cast<std::uint64_t>(own_pid()));
    record.field(start_time);
    record.field(params.boot_id);
    record.field(static_cast<std::uint64_t>(wall_ms()));
    record.end();
}

void write_end(Record& record, const Params& params, const EndRecord& end) {
    record.begin('E', params);
    record.field(end.end.how);
    record.field(end.end.a);
    record.field(end.end.b);
    for (const Sent& sent : {end.ordered, end.forwarded}) {
        record.field(static_cast<std::uint64_t>(sent.signal));
        record.field(static_cast<std::uint64_t>(sent.at));
    }
    record.field(static_cast<std::uint64_t>(end.started));
    record.field(static_cast<std::uint64_t>(end.ended));
    record.field(microseconds(end.usage.ru_utime));
    record.field(microseconds(end.usage.ru_stime));
    record.field(static_cast<std::uint64_t>(end.usage.ru_maxrss));
    record.field(std::uint64_t{end.drained ? 1U : 0U});
    record.end();
}

void write_drained(Record& record, const Params& params, std::uint64_t killed) {
    record.begin('D', params);
    record.field(static_cast<std::uint64_t>(wall_ms()));
    record.field(killed);
    record.end();
}

}  // namespace sweepctl::runner
