#include "sweepctl/agent/exit_journal.hpp"

#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include <unistd.h>

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

WallTime at(std::int64_t milliseconds) {
    return WallTime{Duration{milliseconds}};
}

Ended ended(ProgramEnd how) {
    Ended record;
    record.run = RunId("k3jd92ma");
    record.attempt = 2;
    record.fence = 41;
    record.how = how;
    record.started_at = at(1'795'363'328'469);
    record.ended_at = at(1'795'363'328'471);
    record.user_time = std::chrono::microseconds{1103};
    record.system_time = std::chrono::microseconds{2};
    record.max_rss_kib = 1008;
    return record;
}

/// One of every kind, with every field at an unusual value once.
std::vector<JournalRecord> samples() {
    std::vector<JournalRecord> records;
    records.push_back(
        Started{RunId("k3jd92ma"), 2, 41, {25583, 247033, "0b37-boot"}, at(1'795'363'328'469)});
    records.push_back(Started{RunId("odd id/%\n\xc3\xa4"),
                              0xffffffffU,
                              0xffffffffffffffffU,
                              {0x7fffffff, 0xffffffffffffffffU, "b"},
                              at(0)});
    records.push_back(ended(ProgramExited{0}));
    records.push_back(ended(ProgramExited{255}));
    records.push_back(ended(ProgramSignaled{9, false}));
    records.push_back(ended(ProgramSignaled{11, true}));
    records.push_back(ended(SpawnError{SpawnStage::clone, 11}));
    records.push_back(ended(SpawnError{SpawnStage::chdir, 2}));
    records.push_back(ended(SpawnError{SpawnStage::exec, 13}));
    records.push_back(ended(NotStarted{}));
    Ended stopped = ended(ProgramExited{143});
    stopped.ordered = SentSignal{15, at(1'795'363'328'470)};
    stopped.forwarded = SentSignal{2, at(5)};
    stopped.drained = false;
    records.push_back(stopped);
    records.push_back(Drained{RunId("k3jd92ma"), 2, 41, at(1'795'363'329'000), 12});
    return records;
}

std::string text_of(const std::vector<JournalRecord>& records) {
    std::string text;
    for (const JournalRecord& record : records)
        text += format_record(record);
    return text;
}

/// How many of `found` are in `written`, in the same order.
bool is_subsequence(const std::vector<JournalRecord>& found,
                    const std::vector<JournalRecord>& written) {
    auto next = written.begin();
    for (const JournalRecord& record : found) {
        next = std::find(next, written.end(), record);
        if (next == written.end()) return false;
        ++next;
    }
    return true;
}

void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

}  // namespace

TEST_CASE("journal: every record is read as it was written", "[agent][journal]") {
    const std::vector<JournalRecord> records = samples();
    const std::string text = text_of(records);
    const JournalChunk chunk = parse_journal(text);
    REQUIRE(chunk.records == records);
    REQUIRE(chunk.consumed == text.size());
    REQUIRE(chunk.damaged == 0);
}

TEST_CASE("journal: a record has the form that runners write", "[agent][journal]") {
    REQUIRE(format_record(ended(ProgramExited{3})) ==
            "\nE k3jd92ma 2 41 exit 3 0 0 0 0 0 1795363328469 1795363328471 1103 2 1008 1 "
            "b52f18c3e2f62f73\n");
}

TEST_CASE("journal: cut anywhere, it gives the records before, and waits for the rest",
          "[agent][journal]") {
    const std::vector<JournalRecord> records = samples();
    const std::string text = text_of(records);
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        const JournalChunk head = parse_journal(std::string_view(text).substr(0, cut));
        REQUIRE(head.damaged == 0);
        REQUIRE(head.consumed <= cut);
        const JournalChunk tail = parse_journal(std::string_view(text).substr(head.consumed));
        REQUIRE(tail.damaged == 0);
        std::vector<JournalRecord> all = head.records;
        all.insert(all.end(), tail.records.begin(), tail.records.end());
        REQUIRE(all == records);
    }
}

TEST_CASE("journal: a torn record is skipped and the next one is not", "[agent][journal]") {
    const JournalRecord first = ended(ProgramExited{1});
    const JournalRecord second = ended(ProgramExited{2});
    const std::string torn = format_record(first);
    for (std::size_t cut = 0; cut + 1 < torn.size(); ++cut) {
        const std::string text = torn.substr(0, cut) + format_record(second);
        const JournalChunk chunk = parse_journal(text);
        REQUIRE(chunk.records == std::vector{second});
        REQUIRE(chunk.consumed == text.size());
        REQUIRE(chunk.damaged == (cut > 1 ? 1 : 0));
    }
}

TEST_CASE("journal: no single changed byte gives a record that was not written",
          "[agent][journal]") {
    const std::vector<JournalRecord> records = samples();
    const std::string text = text_of(records);
    for (std::size_t i = 0; i < text.size(); ++i) {
        for (unsigned bit = 0; bit < 8; ++bit) {
            std::string damaged = text;
            damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
            const JournalChunk chunk = parse_journal(damaged);
            if (!is_subsequence(chunk.records, records) ||
                chunk.records.size() + 2 < records.size()) {
                CAPTURE(i, bit);
                FAIL("a flipped bit gave a wrong record, or cost more than two");
            }
        }
    }
}

TEST_CASE("journal: no amount of damage gives a record that was not written", "[agent][journal]") {
    const std::vector<JournalRecord> records = samples();
    const std::string text = text_of(records);
    std::mt19937 random(20'240'611);
    const auto below = [&random](std::size_t n) {
        return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
    };
    for (int round = 0; round < 4000; ++round) {
        std::string damaged = text;
        for (std::size_t i = 0, n = 1 + below(8); i < n; ++i) {
            const std::size_t place = below(damaged.size());
            switch (below(5)) {
                case 0: damaged[place] = static_cast<char>(below(256)); break;
                case 1: damaged.erase(place, 1 + below(60)); break;
                case 2: damaged.insert(place, 1 + below(3), "\n 0\x00"[below(4)]); break;
                case 3:
                    damaged.insert(place, text.substr(below(text.size()), 1 + below(300)));
                    break;
                case 4: std::swap(damaged[place], damaged[below(damaged.size())]); break;
            }
            if (damaged.empty()) damaged = "\n";
        }
        const JournalChunk chunk = parse_journal(damaged);
        REQUIRE(chunk.consumed <= damaged.size());
        for (const JournalRecord& record : chunk.records) {
            if (std::find(records.begin(), records.end(), record) == records.end()) {
                CAPTURE(round, damaged);
                FAIL("damage gave a record that was not written");
            }
        }
    }
}

TEST_CASE("journal: a right checksum over nonsense gives nothing", "[agent][journal]") {
    const std::string good = format_record(ended(ProgramExited{3}));
    // The same line with another word in it, and the checksum made right again, would be a record
    // of a version that we do not know.
    for (const char* line :
         {"X run 1 1", "S", "S run 1 1 5", "S run 1 1 5 5 boot 5 5", "E run 1 1 fell 0 0",
          "E run 1 1 exit 256 0 0 0 0 0 1 1 1 1 1 1", "E run 1 1 exit 1 0 0 0 0 0 1 1 1 1 1 2",
          "E run 1 1 spawn 3 1 0 0 0 0 1 1 1 1 1 1", "D run 1 1 -5 1", "D run 1 1 5 +1",
          "D run 1 1 5 4294967296", "D  1 1 5 1", "D ru%6 1 1 5 1", "D run 1 1 5 1 "}) {
        CAPTURE(line);
        std::uint64_t sum = 0xcbf29ce484222325U;
        for (const char c : std::string_view(line)) {
            sum ^= static_cast<unsigned char>(c);
            sum *= 0x100000001b3U;
        }
        char digits[17];
        std::snprintf(digits, sizeof digits, "%016lx", static_cast<unsigned long>(sum));
        const JournalChunk chunk =
            parse_journal("\n" + std::string(line) + " " + digits + "\n" + good);
        REQUIRE(chunk.records.size() == 1);
        REQUIRE(chunk.damaged == 1);
    }
}

TEST_CASE("journal: a line without an end is not waited for forever", "[agent][journal]") {
    const std::string good = format_record(ended(ProgramExited{3}));
    const std::string garbage(5000, 'x');
    const JournalChunk chunk = parse_journal(good + garbage);
    REQUIRE(chunk.records.size() == 1);
    REQUIRE(chunk.consumed == good.size() + garbage.size());
}

TEST_CASE("journal: a reader gives each record once, however it is written", "[agent][journal]") {
    const TemporaryFolder folder;
    const std::string path = folder / "journal-1";
    append(path, "");
    JournalReader reader(path);
    REQUIRE(reader.read_new().records.empty());

    const std::vector<JournalRecord> records = samples();
    const std::string text = text_of(records);
    std::vector<JournalRecord> read;
    for (std::size_t i = 0; i < text.size(); i += 7) {
        append(path, text.substr(i, 7));
        for (JournalRecord& record : reader.read_new().records)
            read.push_back(std::move(record));
    }
    REQUIRE(read == records);
    REQUIRE(reader.offset() == text.size());

    std::string much;
    for (int i = 0; i < 2000; ++i)
        much += text;
    append(path, much + std::string(100'000, '\0') + text);
    const JournalChunk chunk = reader.read_new();
    REQUIRE(chunk.records.size() == 2001 * records.size());
    REQUIRE(chunk.damaged >= 1);
    REQUIRE(reader.read_new().records.empty());
}

TEST_CASE("journal: files are numbered, listed in order, and never begun twice",
          "[agent][journal]") {
    const TemporaryFolder folder;
    const std::string directory = folder / "a/b";
    REQUIRE(list_journals(directory).empty());
    for (const std::uint64_t number : {9U, 10U, 2U})
        REQUIRE(begin_journal(directory, number).valid());
    append(directory + "/journal-x", "");
    append(directory + "/journal-", "");
    append(directory + "/other", "");
    REQUIRE(list_journals(directory) == std::vector<std::uint64_t>{2, 9, 10});
    REQUIRE(journal_path(directory, 9) == directory + "/journal-9");
    REQUIRE_THROWS_WITH(begin_journal(directory, 9),
                        Catch::Contains("cannot begin the exit journal '" + directory +
                                        "/journal-9': File exists"));
    delete_journal(directory, 9);
    delete_journal(directory, 9);
    REQUIRE(list_journals(directory) == std::vector<std::uint64_t>{2, 10});
    REQUIRE_THROWS_WITH(JournalReader(directory + "/journal-9"),
                        Catch::Contains("cannot open the exit journal"));
    REQUIRE(std::filesystem::status(directory + "/journal-2").permissions() ==
            (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE("process facts: this process has a start time, and nobody has pid 0",
          "[agent][journal]") {
    REQUIRE(process_start_time(::getpid()));
    REQUIRE(process_start_time(::getpid()) == process_start_time(::getpid()));
    REQUIRE_FALSE(process_start_time(0));
    REQUIRE_FALSE(process_start_time(-1));
    REQUIRE(boot_id().size() == 36);
}
