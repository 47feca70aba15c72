#include "sweepctl/store/reader.hpp"

#include "store/metric_values.hpp"
#include "store/page_cursor.hpp"
#include "store/read_session.hpp"
#include "store/run_json.hpp"
#include "store/runs_scan.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// Pages of runs in the order of their numbers, from the indexes alone. What has to look at the runs
// themselves is in runs_scan.cpp.

namespace sweepctl {

namespace {

constexpr std::string_view kSweep =
    "SELECT key, id, project, entity, metric_name FROM sweeps WHERE id = ?1 AND deleted = 0";
constexpr std::string_view kUp =
    " FROM runs WHERE sweep = ?1 AND number > ?2 ORDER BY number LIMIT ?3";
constexpr std::string_view kDown =
    " FROM runs WHERE sweep = ?1 AND number < ?2 ORDER BY number DESC LIMIT ?3";
constexpr std::string_view kStateUp =
    "SELECT number FROM runs WHERE sweep = ?1 AND state = ?4 AND number > ?2"
    " ORDER BY number LIMIT ?3";
constexpr std::string_view kStateDown =
    "SELECT number FROM runs WHERE sweep = ?1 AND state = ?4 AND number < ?2"
    " ORDER BY number DESC LIMIT ?3";
constexpr std::string_view kOne = " FROM runs WHERE sweep = ?1 AND number = ?2";
constexpr std::string_view kSuggestion =
    "SELECT key, suggestion FROM runs WHERE sweep = ?1 AND number = ?2";
constexpr std::size_t kPageBytes = std::size_t{4} << 20;  ///< of one with histories

constexpr char kUpKind = 'n';
constexpr char kDownKind = 'd';

std::string select_runs(std::string_view rest) {
    std::string sql = "SELECT ";
    sql += kRunJsonColumns;
    sql += rest;
    return sql;
}

/// Appends runs to a page.
class RunWriter {
public:
    RunWriter(ReadSession& session, const SweepNames& sweep, std::string metric, bool histories)
        : session_(session),
          sweep_(sweep),
          metric_(std::move(metric)),
          reader_(metric_),
          histories_(histories) {}

    void append(std::string& out, const sqlite::Rows& row) {
        JsonObject json(out);
        append_run_members(json, sweep_, row, 0);
        if (histories_) append_history(json, row.integer(0));
        json.close();
    }

private:
    void append_history(JsonObject& json, std::int64_t number) {
        sqlite::Rows run = session_.statement(kSuggestion).query(sweep_.key, number);
        if (!run.next()) return;
        json.number<std::uint64_t>("suggestion", run, 1);
        std::string& history = json.value("history");
        history += '[';
        if (!metric_.empty()) {
            bool first = true;
            for (const double value : values_of_run(session_, run.integer(0), reader_)) {
                if (!std::exchange(first, false)) history += ',';
                history += '{';
                append_json_string(history, metric_);
                history += ':';
                append_plain_json(history, ParamValue(value));
                history += '}';
            }
        }
        history += ']';
    }

    ReadSession& session_;
    const SweepNames& sweep_;
    std::string metric_;
    MetricLineReader reader_;
    bool histories_;
};

/// The next `count` numbers in any of the states: each state's from the index, then merged.
std::vector<std::int64_t> numbers_in_states(ReadSession& session,
                                            const SweepNames& sweep,
                                            const std::vector<RunState>& states,
                                            bool down,
                                            std::int64_t place,
                                            std::size_t count) {
    std::vector<std::int64_t> numbers;
    for (const RunState state : states) {
        sqlite::Statement& select = session.statement(down ? kStateDown : kStateUp);
        for (sqlite::Rows row = select.query(sweep.key, place, count, to_string(state));
             row.next();)
            numbers.push_back(row.integer(0));
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    if (down) std::reverse(numbers.begin(), numbers.end());
    if (numbers.size() > count) numbers.resize(count);
    return numbers;
}

Result<std::string, QueryError> page_by_number(ReadSession& session,
                                               const SweepNames& sweep,
                                               const RunsQuery& query,
                                               RunWriter& writer,
                                               bool down) {
    const char kind = down ? kDownKind : kUpKind;
    std::int64_t place =
        down ? std::numeric_limits<std::int64_t>::max() : std::numeric_limits<std::int64_t>::min();
    if (!query.cursor.empty()) {
        const auto number = read_number_cursor(kind, query.cursor);
        if (!number) {
            return Failure{QueryError{QueryError::Kind::bad_cursor, 0,
                                      "the cursor is not one of this list in this order"}};
        }
        place = *number;
    }
    JsonPage page;
    std::size_t items = 0;
    std::int64_t last = 0;
    // False: the page is full, and this run is the first of the next.
    const auto take = [&](const sqlite::Rows& row) {
        if (items == query.limit || (query.histories && page.size() > kPageBytes)) return false;
        writer.append(page.item(), row);
        last = row.integer(0);
        ++items;
        return true;
    };
    if (query.states.empty()) {
        sqlite::Statement& select = session.statement(select_runs(down ? kDown : kUp));
        for (sqlite::Rows row = select.query(sweep.key, place, query.limit + 1); row.next();) {
            if (!take(row)) return page.close(number_cursor(kind, last));
        }
        return page.close("");
    }
    sqlite::Statement& select = session.statement(select_runs(kOne));
    for (const std::int64_t number :
         numbers_in_states(session, sweep, query.states, down, place, query.limit + 1)) {
        sqlite::Rows row = select.query(sweep.key, number);
        if (row.next() && !take(row)) return page.close(number_cursor(kind, last));
    }
    return page.close("");
}

/// Whether no run has to be looked at to know its place.
bool by_indexes(const RunsQuery& query) {
    const std::string& sort = query.sort;
    return query.filter.empty() &&
           (sort.empty() || sort == "number" || sort == "+number" || sort == "-number");
}

}  // namespace

Pace pace_of(const RunsQuery& query) {
    return by_indexes(query) && !query.histories ? Pace::quick : Pace::slow;
}

Result<std::string, QueryError> runs_page(ReadSession& session, const RunsQuery& query) {
    SweepNames sweep;
    std::string metric;
    {
        sqlite::Rows row = session.statement(kSweep).query(query.sweep.text);
        if (!row.next()) return JsonPage().close("");
        sweep = SweepNames{row.integer(0), row.string(1), row.string(2), row.string(3)};
        metric = row.string(4);
    }
    RunWriter writer(session, sweep, std::move(metric), query.histories);
    if (by_indexes(query))
        return page_by_number(session, sweep, query, writer, query.sort == "-number");
    Result<ScannedPage, QueryError> found = scan_runs(session, sweep, query);
    if (!found.ok()) return Failure{found.error()};
    JsonPage page;
    sqlite::Statement& select = session.statement(select_runs(kOne));
    for (const std::uint64_t number : found->numbers) {
        sqlite::Rows row = select.query(sweep.key, number);
        if (row.next()) writer.append(page.item(), row);
    }
    return page.close(found->next_cursor);
}

}  // namespace sweepctl
