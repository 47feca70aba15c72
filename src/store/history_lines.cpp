#include "store/history_lines.hpp"

#include "sweepctl/core/json_text.hpp"

#include "store/json_members.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kRun =
    "SELECT runs.key FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE runs.id = ?1 AND sweeps.deleted = 0";
constexpr std::string_view kMetrics =
    "SELECT attempt, line, data FROM metrics WHERE run = ?1 AND (attempt, line) >= (?2, ?3)"
    " ORDER BY attempt, line";
constexpr std::string_view kStream =
    "SELECT ?2, line, data FROM stream_lines WHERE run = ?1 AND stream = 'history' AND line >= ?3"
    " ORDER BY line";
constexpr std::string_view kLastMetric =
    "SELECT line, data FROM metrics WHERE run = ?1 AND attempt = ?2 ORDER BY line DESC LIMIT 1";
constexpr std::string_view kLastStream =
    "SELECT max(line) FROM stream_lines WHERE run = ?1 AND stream = 'history'";
constexpr std::string_view kOneMetric =
    "SELECT line, data FROM metrics WHERE run = ?1 AND attempt = ?2 AND line >= ?3"
    " ORDER BY line LIMIT 1";
constexpr std::string_view kOneStream =
    "SELECT line, data FROM stream_lines WHERE run = ?1 AND stream = 'history' AND line >= ?2"
    " ORDER BY line LIMIT 1";
constexpr std::string_view kAttempts = "SELECT attempt FROM runs WHERE key = ?1";
constexpr std::string_view kStartedNow =
    "SELECT started_at FROM runs WHERE key = ?1 AND attempt = ?2";
constexpr std::string_view kStartedThen =
    "SELECT started_at FROM attempts WHERE run = ?1 AND attempt = ?2";

std::optional<double> number_of(std::string_view text) {
    const Result<ParamValue, JsonError> value = parse_json(text);
    double scratch = 0.0;
    const double* number = value.ok() ? value->number(scratch) : nullptr;
    if (number == nullptr || !std::isfinite(*number)) return std::nullopt;
    return *number;
}

/// Lines of one attempt, the gaps among them included.
std::int64_t lines_of(ReadSession& session, std::int64_t run, std::uint32_t attempt) {
    sqlite::Rows row = session.statement(kLastMetric).query(run, attempt);
    return row.next() ? row.integer(0) + 1 : 0;
}

}  // namespace

std::optional<std::int64_t> run_key_of(ReadSession& session, const RunId& id) {
    sqlite::Rows row = session.statement(kRun).query(id.text);
    if (!row.next()) return std::nullopt;
    return row.integer(0);
}

std::optional<std::int64_t> step_of(std::string_view row) {
    const auto text = json_member(row, "_step");
    if (!text) return std::nullopt;
    std::int64_t step = 0;
    const char* const end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, step);
    if (read.ec == std::errc{} && read.ptr == end) return step;
    const auto number = number_of(*text);
    constexpr double kLimit = 9e18;
    if (!number || std::abs(*number) > kLimit) return std::nullopt;
    return static_cast<std::int64_t>(std::floor(*number));
}

std::uint64_t metric_line_count(ReadSession& session, std::int64_t run, std::uint32_t attempts) {
    std::int64_t lines = 0;
    for (std::uint32_t attempt = 1; attempt <= attempts; ++attempt)
        lines += lines_of(session, run, attempt);
    return static_cast<std::uint64_t>(lines);
}

std::int64_t last_metric_step(ReadSession& session, std::int64_t run, std::uint32_t attempts) {
    std::int64_t last = -1;
    std::int64_t before = 0;
    for (std::uint32_t attempt = 1; attempt <= attempts; ++attempt) {
        sqlite::Rows row = session.statement(kLastMetric).query(run, attempt);
        if (!row.next()) continue;
        last = std::max(last, step_of(row.text(1)).value_or(before + row.integer(0)));
        before += row.integer(0) + 1;
    }
    return last;
}

std::vector<std::size_t> spread(std::size_t total, std::size_t rows) {
    std::vector<std::size_t> places;
    rows = std::min(rows, total);
    for (std::size_t i = 0; i < rows; ++i)
        places.push_back(rows == 1 ? total - 1 : i * (total - 1) / (rows - 1));
    return places;
}

std::optional<std::int64_t> HistoryLines::started_at(std::uint32_t attempt) {
    const auto known = started_.find(attempt);
    if (known != started_.end()) return known->second;
    std::optional<std::int64_t> time;
    for (const std::string_view sql : {kStartedNow, kStartedThen}) {
        sqlite::Rows row = session_.statement(sql).query(run_, attempt);
        if (row.next()) time = row.get_optional<std::int64_t>(0);
    }
    started_.emplace(attempt, time);
    return time;
}

/// What a W&B client would have written, too, is added; what the line has stays as it is.
HistoryRow HistoryLines::row_of(const HistoryPlace& place, std::string_view data) {
    HistoryRow row{place, 0, data};
    const auto step = step_of(data);
    row.step = step.value_or(place.before);
    std::string more;
    const auto add = [&](std::string_view name) -> std::string& {
        more += ",\"";
        more += name;
        more += "\":";
        return more;
    };
    if (!step && !json_member(data, "_step")) add("_step") += std::to_string(row.step);
    if (place.attempt > 0) {
        const auto text = json_member(data, "_time");
        const auto time = text ? number_of(*text) : std::nullopt;
        if (time && !json_member(data, "_timestamp")) add("_timestamp") += *text;
        const auto began = time ? started_at(place.attempt) : std::nullopt;
        if (began && !json_member(data, "_runtime")) {
            const double milliseconds = std::round(*time * 1000.0 - static_cast<double>(*began));
            append_json(add("_runtime"), milliseconds / 1000.0);
        }
    }
    const std::size_t brace = data.rfind('}');
    if (more.empty() || brace == std::string_view::npos) return row;
    text_ = data.substr(0, brace);
    const std::size_t last = text_.find_last_not_of(" \t\r\n");
    const bool no_members = last == std::string::npos || text_[last] == '{';
    text_ += no_members ? std::string_view(more).substr(1) : std::string_view(more);
    text_.push_back('}');
    row.text = text_;
    return row;
}

bool HistoryLines::each_of(
    StepBlocks::Table& table, bool stream, std::int64_t min, std::int64_t end, const Take& take) {
    sqlite::Statement& select = session_.statement(stream ? kStream : kMetrics);
    const auto overlaps = [&](const StepBlocks::Block& block) {
        return block.max >= min && block.min < end;
    };
    const auto give = [&](const HistoryRow& row) {
        return row.step < min || row.step >= end || take(row);
    };
    for (const StepBlocks::Block& block : table.blocks) {
        if (!overlaps(block)) continue;
        HistoryPlace place = block.first;
        sqlite::Rows row = select.query(run_, place.attempt, place.line);
        for (std::size_t i = 0; i < StepBlocks::kRows && row.next(); ++i, ++place.before) {
            place.attempt = row.get<std::uint32_t>(0);
            place.line = row.integer(1);
            if (!give(row_of(place, row.text(2)))) return false;
        }
    }
    // Behind them are the rows that nobody has looked at, and the beginning of the next block.
    HistoryPlace place = table.rest;
    StepBlocks::Block next;
    std::size_t rows = 0;
    for (sqlite::Rows row = select.query(run_, place.attempt, place.line); row.next();
         ++place.before) {
        place.attempt = row.get<std::uint32_t>(0);
        place.line = row.integer(1);
        const HistoryRow one = row_of(place, row.text(2));
        if (rows == 0) next = StepBlocks::Block{place, one.step, one.step};
        next.min = std::min(next.min, one.step);
        next.max = std::max(next.max, one.step);
        if (++rows == StepBlocks::kRows) {
            table.blocks.push_back(next);
            table.rest = HistoryPlace{place.attempt, place.line + 1, place.before + 1};
            rows = 0;
        }
        if (!give(one)) return false;
    }
    return true;
}

void HistoryLines::each(std::int64_t min, std::int64_t end, const Take& take) {
    StepBlocks::OfRun& blocks = session_.step_blocks().of(run_);
    if (each_of(blocks.metrics, false, min, end, take)) {
        (void)each_of(blocks.stream, true, min, end, take);
    }
}

std::int64_t HistoryLines::last_step() {
    std::int64_t last = -1;
    const StepBlocks::OfRun& known = session_.step_blocks().of(run_);
    for (const StepBlocks::Table* table : {&known.metrics, &known.stream}) {
        for (const StepBlocks::Block& block : table->blocks)
            last = std::max(last, block.max);
    }
    // Blocks without a higher step are left out.
    each(last + 1, std::numeric_limits<std::int64_t>::max(), [&](const HistoryRow& row) {
        last = std::max(last, row.step);
        return true;
    });
    return last;
}

const std::vector<std::int64_t>& HistoryLines::counts() {
    if (!counts_.empty()) return counts_;
    {
        sqlite::Rows row = session_.statement(kLastStream).query(run_);
        counts_.push_back(row.next() && !row.is_null(0) ? row.integer(0) + 1 : 0);
    }
    sqlite::Rows row = session_.statement(kAttempts).query(run_);
    const auto attempts = row.next() ? row.get<std::uint32_t>(0) : 0;
    for (std::uint32_t attempt = 1; attempt <= attempts; ++attempt)
        counts_.push_back(lines_of(session_, run_, attempt));
    return counts_;
}

std::size_t HistoryLines::place_count() {
    std::int64_t count = 0;
    for (const std::int64_t one : counts())
        count += one;
    return static_cast<std::size_t>(count);
}

std::vector<HistoryPlace> HistoryLines::places(std::size_t rows) {
    std::vector<HistoryPlace> places;
    std::uint32_t attempt = 1;
    std::int64_t before = 0;  // Rows of the attempts before.
    for (const std::size_t index : spread(place_count(), rows)) {
        const auto at = static_cast<std::int64_t>(index);
        while (attempt < counts_.size() && at - before >= counts_[attempt])
            before += counts_[attempt++];
        if (attempt < counts_.size()) {
            places.push_back(HistoryPlace{attempt, at - before, at});
        } else {
            places.push_back(HistoryPlace{0, at - before, at - before});
        }
    }
    return places;
}

std::string HistoryLines::row_at(const HistoryPlace& place) {
    HistoryPlace found = place;
    sqlite::Statement& select = session_.statement(place.attempt == 0 ? kOneStream : kOneMetric);
    if (place.attempt == 0) {
        select.bind_all(run_, place.line);
    } else {
        select.bind_all(run_, place.attempt, place.line);
    }
    sqlite::Rows row = select.rows();
    if (!row.next()) return {};
    found.before += row.integer(0) - place.line;
    found.line = row.integer(0);
    return std::string(row_of(found, row.text(1)).text);
}

}  // namespace sweepctl
