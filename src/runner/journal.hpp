#pragma once

#include "sweepctl/runner/contract.hpp"

#include "runner/params.hpp"
#include "runner/system.hpp"
#include "runner/text.hpp"

#include <cstdint>

namespace sweepctl::runner {

/// A record of the exit journal that is being put together, or waits to be written.
class Record {
public:
    void begin(char kind, const Params& params);
    void field(std::uint64_t number);
    void field(Text text);
    void field(const char* word) { field(Text{word, length_of(word)}); }
    void end();

    /// Appends it to the journal, all or nothing: of what was written in part, readers take
    /// nothing. 0, or -errno.
    [[nodiscard]] long append() const;

private:
    TextBuffer<contract::kRecordMax> line_;
};

/// How the program ended: the fields HOW A B of an E record.
struct End {
    const char* how = "";
    std::uint64_t a = 0;
    std::uint64_t b = 0;
};

struct Sent {
    int signal = 0;  ///< 0: nothing was sent
    Milliseconds at = 0;
};

struct EndRecord {
    End end;
    Sent ordered;
    Sent forwarded;
    Milliseconds started = 0;
    Milliseconds ended = 0;
    struct rusage usage {};
    bool drained = true;
};

void write_start(Record& record, const Params& params, std::uint64_t start_time);
void write_end(Record& record, const Params& params, const EndRecord& end);
void write_drained(Record& record, const Params& params, std::uint64_t killed);

}  // namespace sweepctl::runner
