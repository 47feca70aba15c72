#include "sweepctl/agent/exit_journal.hpp"

#include "sweepctl/runner/contract.hpp"

#include "agent/runner_params.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::size_t kSumDigits = 16;

std::string hexadecimal(std::uint64_t number) {
    std::string digits(kSumDigits, '0');
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit, number >>= 4U)
        *digit = "0123456789abcdef"[number & 15U];
    return digits;
}

/// Takes the fields of a line one by one. Once one is not what it should be, none is.
class Fields {
public:
    explicit Fields(std::string_view line) : rest_(line) {}

    std::string_view word() {
        if (rest_.empty()) {
            ok_ = false;
            return {};
        }
        const std::size_t end = rest_.find(' ');
        const std::string_view word = rest_.substr(0, end);
        rest_ = end == std::string_view::npos ? std::string_view{} : rest_.substr(end + 1);
        const bool space_at_the_end = end != std::string_view::npos && rest_.empty();
        if (word.empty() || space_at_the_end) ok_ = false;
        return word;
    }

    template <typename Number>
    Number number(Number max = std::numeric_limits<Number>::max()) {
        const std::string_view digits = word();
        std::uint64_t value = 0;
        const auto [end, error] =
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc{} || end != digits.data() + digits.size() ||
            value > static_cast<std::uint64_t>(max))
            ok_ = false;
        return ok_ ? static_cast<Number>(value) : Number{};
    }

    WallTime time() { return WallTime{Duration{number<std::int64_t>()}}; }
    bool flag() { return number<int>(1) == 1; }

    std::optional<SentSignal> sent() {
        const int signal = number<int>();
        const WallTime at = time();
        if (signal == 0) return std::nullopt;
        return SentSignal{signal, at};
    }

    RunId run() {
        std::optional<RunId> run = run_from_token(word());
        if (!run) ok_ = false;
        return run ? *std::move(run) : RunId{};
    }

    void refuse() { ok_ = false; }
    /// All fields were there and right, and none is left.
    [[nodiscard]] bool ok() const { return ok_ && rest_.empty(); }

private:
    std::string_view rest_;
    bool ok_ = true;
};

ProgramEnd read_end(Fields& fields) {
    const std::string_view how = fields.word();
    if (how == "exit") {
        const int code = fields.number<int>(255);
        fields.number<int>(0);
        return ProgramExited{code};
    }
    if (how == "signal") {
        const int signal = fields.number<int>(127);
        return ProgramSignaled{signal, fields.flag()};
    }
    if (how == "spawn") {
        constexpr std::array kStages{SpawnStage::clone, SpawnStage::chdir, SpawnStage::exec};
        const auto stage = fields.number<unsigned>(kStages.size() - 1);
        return SpawnError{kStages[stage], fields.number<int>()};
    }
    if (how == "lease") {
        fields.number<int>(0);
        fields.number<int>(0);
        return NotStarted{};
    }
    fields.refuse();
    return NotStarted{};
}

std::optional<JournalRecord> read_record(std::string_view line) {
    if (line.size() <= kSumDigits + 1) return std::nullopt;
    const std::size_t length = line.size() - kSumDigits - 1;
    if (line[length] != ' ' ||
        line.substr(length + 1) != hexadecimal(contract::checksum(line.data(), length)))
        return std::nullopt;

    // The checksum is right; what follows can only fail for a record of a later version.
    Fields fields(line.substr(0, length));
    const std::string_view kind = fields.word();
    const RunId run = fields.run();
    const auto attempt = fields.number<std::uint32_t>();
    const auto fence = fields.number<Fence>();
    if (kind == "S") {
        Started started{run, attempt, fence, {}, {}};
        started.runner.pid = fields.number<int>();
        started.runner.start_time = fields.number<std::uint64_t>();
        started.runner.boot_id = fields.word();
        started.at = fields.time();
        if (fields.ok()) return started;
    } else if (kind == "E") {
        Ended ended;
        ended.run = run;
        ended.attempt = attempt;
        ended.fence = fence;
        ended.how = read_end(fields);
        ended.ordered = fields.sent();
        ended.forwarded = fields.sent();
        ended.started_at = fields.time();
        ended.ended_at = fields.time();
        ended.user_time = std::chrono::microseconds{fields.number<std::int64_t>()};
        ended.system_time = std::chrono::microseconds{fields.number<std::int64_t>()};
        ended.max_rss_kib = fields.number<std::uint64_t>();
        ended.drained = fields.flag();
        if (fields.ok()) return ended;
    } else if (kind == "D") {
        Drained drained{run, attempt, fence, {}, 0};
        drained.at = fields.time();
        drained.killed = fields.number<std::uint32_t>();
        if (fields.ok()) return drained;
    }
    return std::nullopt;
}

/// The fields of a record, in their order.
class Line {
public:
    Line(char kind, const RunId& run, std::uint32_t attempt, Fence fence) : text_(1, kind) {
        word(run_token(run));
        number(attempt);
        number(fence);
    }
    void word(std::string_view word) {
        text_ += ' ';
        text_ += word;
    }
    template <typename Number>
    void number(Number number) {
        word(std::to_string(number));
    }
    void time(WallTime time) { number(time.time_since_epoch().count()); }
    void sent(const std::optional<SentSignal>& sent) {
        number(sent ? sent->signal : 0);
        time(sent ? sent->at : WallTime{});
    }
    [[nodiscard]] std::string finished() const {
        return '\n' + text_ + ' ' + hexadecimal(contract::checksum(text_.data(), text_.size())) +
               '\n';
    }

private:
    std::string text_;
};

void write_end(Line& line, const ProgramEnd& end) {
    if (const auto* exited = std::get_if<ProgramExited>(&end)) {
        line.word("exit");
        line.number(exited->code);
        line.number(0);
    } else if (const auto* signaled = std::get_if<ProgramSignaled>(&end)) {
        line.word("signal");
        line.number(signaled->signal);
        line.number(signaled->core_dumped ? 1 : 0);
    } else if (const auto* error = std::get_if<SpawnError>(&end)) {
        line.word("spawn");
        line.number(static_cast<unsigned>(error->stage));
        line.number(error->error);
    } else {
        line.word("lease");
        line.number(0);
        line.number(0);
    }
}

std::string format(const Started& started) {
    Line line('S', started.run, started.attempt, started.fence);
    line.number(started.runner.pid);
    line.number(started.runner.start_time);
    line.word(started.runner.boot_id);
    line.time(started.at);
    return line.finished();
}

std::string format(const Ended& ended) {
    Line line('E', ended.run, ended.attempt, ended.fence);
    write_end(line, ended.how);
    line.sent(ended.ordered);
    line.sent(ended.forwarded);
    line.time(ended.started_at);
    line.time(ended.ended_at);
    line.number(ended.user_time.count());
    line.number(ended.system_time.count());
    line.number(ended.max_rss_kib);
    line.number(ended.drained ? 1 : 0);
    return line.finished();
}

std::string format(const Drained& drained) {
    Line line('D', drained.run, drained.attempt, drained.fence);
    line.time(drained.at);
    line.number(drained.killed);
    return line.finished();
}

static_assert(static_cast<unsigned>(SpawnStage::clone) == contract::kStageClone);
static_assert(static_cast<unsigned>(SpawnStage::chdir) == contract::kStageChdir);
static_assert(static_cast<unsigned>(SpawnStage::exec) == contract::kStageExec);

}  // namespace

std::string_view to_string(SpawnStage stage) {
    switch (stage) {
        case SpawnStage::clone: return "clone";
        case SpawnStage::chdir: return "chdir";
        case SpawnStage::exec: return "exec";
    }
    std::abort();
}

const RunId& run_of(const JournalRecord& record) {
    return std::visit([](const auto& one) -> const RunId& { return one.run; }, record);
}

std::uint32_t attempt_of(const JournalRecord& record) {
    return std::visit([](const auto& one) { return one.attempt; }, record);
}

std::string format_record(const JournalRecord& record) {
    return std::visit([](const auto& one) { return format(one); }, record);
}

JournalChunk parse_journal(std::string_view chunk) {
    JournalChunk result;
    for (;;) {
        const std::size_t end = chunk.find('\n', result.consumed);
        if (end == std::string_view::npos) break;
        const std::string_view line = chunk.substr(result.consumed, end - result.consumed);
        result.consumed = end + 1;
        if (line.empty()) continue;
        if (std::optional<JournalRecord> record = read_record(line)) {
            result.records.push_back(*std::move(record));
        } else {
            ++result.damaged;
        }
    }
    // No record is that long, so its end need not be waited for: the rest of it will be a damaged
    // line.
    if (chunk.size() - result.consumed > contract::kRecordMax) result.consumed = chunk.size();
    return result;
}

}  // namespace sweepctl
