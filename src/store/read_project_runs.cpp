#include "sweepctl/store/project_reads.hpp"

#include "store/page_cursor.hpp"
#include "store/read_session.hpp"
#include "store/run_order.hpp"
#include "store/run_values.hpp"
#include "store/sweeps_of_runs.hpp"
#include "store/text_pattern.hpp"
#include "store/wire_run_row.hpp"

#include <algorithm>
#include <limits>
#include <utility>

// Lists of a project's runs. Keys of runs grow in the order in which runs are made, and numbers
// within a sweep likewise: lists in that order begin and end in the middle of an index. Other lists
// look at every run and keep no more of them than the page is long.

namespace sweepctl {

namespace {

constexpr std::string_view kProject = "SELECT key FROM projects WHERE entity = ?1 AND name = ?2";
constexpr std::string_view kSweep =
    "SELECT key FROM sweeps WHERE id = ?1 AND entity = ?2 AND project = ?3 AND loose = 0 AND"
    " deleted = 0";
constexpr std::string_view kCounts =
    "SELECT total(runs_pending + runs_running + runs_finished + runs_failed + runs_crashed +"
    " runs_killed) FROM sweeps WHERE deleted = 0";
constexpr std::string_view kOfProject = " AND entity = ?1 AND project = ?2";
constexpr std::string_view kOfSweep = " AND key = ?1";

constexpr std::string_view kProjectUp =
    " FROM runs WHERE runs.project = ?1 AND runs.key > ?2 ORDER BY runs.key";
constexpr std::string_view kProjectDown =
    " FROM runs WHERE runs.project = ?1 AND runs.key < ?2 ORDER BY runs.key DESC";
// For scans of a project that has most of the runs there are, through the table itself.
constexpr std::string_view kTableUp =
    " FROM runs WHERE +runs.project = ?1 AND runs.key > ?2 ORDER BY runs.key";
constexpr std::string_view kTableDown =
    " FROM runs WHERE +runs.project = ?1 AND runs.key < ?2 ORDER BY runs.key DESC";
constexpr std::uint64_t kMostOf = 3;  // One in so many are enough.
constexpr std::string_view kSweepUp =
    " FROM runs WHERE runs.sweep = ?1 AND runs.number > ?2 ORDER BY runs.number";
constexpr std::string_view kSweepDown =
    " FROM runs WHERE runs.sweep = ?1 AND runs.number < ?2 ORDER BY runs.number DESC";
constexpr std::string_view kOfAgent = " AND runs.agent = ?3";

// Of cursors: whether they count keys of a project or numbers of a sweep, upwards or downwards.
constexpr char kProjectUpKind = 'p';
constexpr char kProjectDownKind = 'q';
constexpr char kSweepUpKind = 'u';
constexpr char kSweepDownKind = 'v';

QueryError error_of(QueryError::Kind kind, const FilterError& error) {
    return QueryError{kind, error.offset, error.message};
}

/// What a query asks for, read.
struct Asked {
    std::optional<RunFilter> filter;  ///< set when it does not let every run through
    std::vector<std::string> sweeps;  ///< every run must be of all of these
    std::vector<SortKey> keys;        ///< none: in the order in which runs were made
    bool newest_first = false;        ///< without keys
};

Result<Asked, QueryError> read_query(const ProjectRunsQuery& query) {
    Asked asked;
    if (!query.sweep.empty()) asked.sweeps.push_back(query.sweep);
    if (query.filter.find_first_not_of(" \t\r\n") != std::string::npos) {
        Result<RunFilter, FilterError> filter = parse_run_filter(query.filter, FilterWords::wandb);
        if (!filter.ok()) return Failure{error_of(QueryError::Kind::bad_filter, filter.error())};
        for (std::string& sweep : filter->take_sweeps())
            asked.sweeps.push_back(std::move(sweep));
        if (!filter->is_empty()) asked.filter = std::move(*filter);
    }
    Result<std::vector<SortKey>, QueryError> keys = parse_sort(query.order, FilterWords::wandb);
    if (!keys.ok()) return Failure{keys.error()};
    asked.keys = std::move(*keys);
    const auto by_creation = [](const SortKey& key) {
        return key.key.source == KeySource::field && key.key.name == "created_at";
    };
    // No two runs are made at once, so that further keys decide nothing.
    if (asked.keys.empty() || by_creation(asked.keys.front())) {
        asked.newest_first = asked.keys.empty() || asked.keys.front().descending;
        asked.keys.clear();
    }
    return asked;
}

class ProjectScan {
public:
    ProjectScan(ReadSession& session, const ProjectRunsQuery& query, Asked asked)
        : session_(session),
          query_(query),
          asked_(std::move(asked)),
          order_(asked_.keys, query.backwards),
          sweeps_(session) {}

    Result<WireRunPage, QueryError> page() {
        if (const auto error = read_cursor()) return Failure{*error};
        if (!find_scope()) return WireRunPage{};
        FirstPlaces first(order_, query_.limit);
        std::vector<RunPlace> places;
        const bool by_creation = asked_.keys.empty();
        const auto error = scan([&](const RowValues& values) {
            const auto key = static_cast<std::uint64_t>(values.key());
            if (by_creation) {
                places.push_back(RunPlace{{}, key});
                return places.size() <= query_.limit;
            }
            RunPlace place = place_of(values, asked_.keys, key);
            if (!after_ || order_(*after_, place)) first.add(std::move(place));
            return true;
        });
        if (error) return Failure{*error};
        return page_of(by_creation ? std::move(places) : first.take());
    }

    Result<std::uint64_t, QueryError> count() {
        if (!find_scope()) return std::uint64_t{0};
        if (!asked_.filter && query_.agent.empty()) return counted();
        std::uint64_t runs = 0;
        asked_.keys.clear();
        const auto error = scan([&](const RowValues&) {
            ++runs;
            return true;
        });
        if (error) return Failure{*error};
        return runs;
    }

private:
    /// False: no run can match.
    bool find_scope() {
        sqlite::Rows project = session_.statement(kProject).query(query_.entity, query_.project);
        if (!project.next()) return false;
        scope_ = project.integer(0);
        for (const std::string& sweep : asked_.sweeps) {
            if (sweep != asked_.sweeps.front()) return false;
        }
        if (asked_.sweeps.empty()) return true;
        sqlite::Rows sweep =
            session_.statement(kSweep).query(asked_.sweeps.front(), query_.entity, query_.project);
        if (!sweep.next()) return false;
        scope_ = sweep.integer(0);
        return true;
    }

    [[nodiscard]] bool one_sweep() const { return !asked_.sweeps.empty(); }
    [[nodiscard]] char cursor_kind() const {
        if (one_sweep()) return asked_.newest_first ? kSweepDownKind : kSweepUpKind;
        return asked_.newest_first ? kProjectDownKind : kProjectUpKind;
    }
    /// Whether the scan goes from the newest run to the oldest.
    [[nodiscard]] bool down() const {
        return asked_.keys.empty() && asked_.newest_first != query_.backwards;
    }

    std::optional<QueryError> read_cursor() {
        if (query_.cursor.empty()) return std::nullopt;
        if (asked_.keys.empty()) {
            begin_ = read_number_cursor(cursor_kind(), query_.cursor);
            if (begin_) return std::nullopt;
        } else if (auto cursor = read_sorted_cursor(query_.cursor)) {
            if (cursor->order == query_.order && cursor->values.size() == asked_.keys.size()) {
                after_ = RunPlace{std::move(cursor->values), cursor->number};
                return std::nullopt;
            }
        }
        return QueryError{QueryError::Kind::bad_cursor, 0,
                          "the cursor is not one of this list in this order"};
    }

    [[nodiscard]] ValueColumns columns() {
        std::vector<RunKey*> keys;
        if (asked_.filter) keys = asked_.filter->keys();
        for (SortKey& key : asked_.keys)
            keys.push_back(&key.key);
        return ValueColumns::of(keys);
    }

    /// Calls `take` with each run that matches until it says no.
    template <typename Take>
    std::optional<QueryError> scan(const Take& take) {
        const ValueColumns read = columns();
        std::string sql = "SELECT " + read.sql();
        if (one_sweep()) {
            sql += down() ? kSweepDown : kSweepUp;
        } else if (has_most_runs()) {
            sql += down() ? kTableDown : kTableUp;
        } else {
            sql += down() ? kProjectDown : kProjectUp;
        }
        using Limits = std::numeric_limits<std::int64_t>;
        const std::int64_t begin = begin_.value_or(down() ? Limits::max() : Limits::min());
        const bool of_agent = !query_.agent.empty();
        if (of_agent) sql.insert(sql.find(" ORDER BY"), kOfAgent);
        sqlite::Statement& select = session_.statement(sql);
        select.bind_all(scope_, begin);
        if (of_agent) select.bind(3, std::string_view(query_.agent));
        sqlite::Rows row = select.rows();
        RowValues values(session_, row, read);
        values.set_user(query_.user);
        try {
            while (row.next()) {
                const SweepNames* sweep = sweeps_.find(values.sweep_key());
                if (sweep == nullptr) continue;
                values.next_run(*sweep);
                if (asked_.filter && !asked_.filter->matches(values)) continue;
                if (!take(values)) break;
            }
        } catch (const PatternTooHard& error) {
            return QueryError{QueryError::Kind::bad_filter, 0, error.what()};
        }
        return std::nullopt;
    }

    [[nodiscard]] WireRunPage page_of(std::vector<RunPlace> places) {
        WireRunPage page;
        page.has_next = places.size() > query_.limit;
        if (page.has_next) places.pop_back();
        for (RunPlace& place : places) {
            auto run = wire_run_of(session_, static_cast<std::int64_t>(place.rank), query_.wanted, true);
            if (!run) continue;
            if (asked_.keys.empty()) {
                const std::uint64_t at = one_sweep() ? run->number : place.rank;
                run->cursor = number_cursor(cursor_kind(), static_cast<std::int64_t>(at));
            } else {
                run->cursor =
                    sorted_cursor(SortedPlace{query_.order, std::move(place.values), place.rank});
            }
            page.runs.push_back(std::move(*run));
        }
        if (query_.backwards) std::reverse(page.runs.begin(), page.runs.end());
        return page;
    }

    /// Of the whole scope, as the sweeps count their runs.
    [[nodiscard]] std::uint64_t counted() {
        std::string sql(kCounts);
        sql += one_sweep() ? kOfSweep : kOfProject;
        sqlite::Statement& select = session_.statement(sql);
        if (one_sweep()) {
            select.bind_all(scope_);
        } else {
            select.bind_all(query_.entity, query_.project);
        }
        return sum(select);
    }
    [[nodiscard]] static std::uint64_t sum(sqlite::Statement& select) {
        sqlite::Rows row = select.rows();
        return row.next() ? static_cast<std::uint64_t>(row.real(0)) : 0;
    }
    /// Whether a scan will look at about as many rows in the table's order as in the index's.
    [[nodiscard]] bool has_most_runs() {
        if (!asked_.filter && asked_.keys.empty()) return false;
        return counted() * kMostOf > sum(session_.statement(kCounts));
    }

    ReadSession& session_;
    const ProjectRunsQuery& query_;
    Asked asked_;
    RunOrder order_;
    SweepsOfRuns sweeps_;
    std::int64_t scope_ = 0;             // Key of the project, or of the one sweep.
    std::optional<std::int64_t> begin_;  // Without keys: the scan begins after this.
    std::optional<RunPlace> after_;      // With keys: the page begins after this.
};

}  // namespace

Pace pace_of(const ProjectRunsQuery& query) {
    const Result<Asked, QueryError> asked = read_query(query);
    if (!asked.ok()) return Pace::quick;
    const bool quick = !asked->filter && asked->keys.empty() && query.agent.empty();
    return quick ? Pace::quick : Pace::slow;
}

Result<WireRunPage, QueryError> project_runs(ReadSession& session, const ProjectRunsQuery& query) {
    Result<Asked, QueryError> asked = read_query(query);
    if (!asked.ok()) return Failure{asked.error()};
    return ProjectScan(session, query, std::move(*asked)).page();
}

Result<std::uint64_t, QueryError> project_run_count(ReadSession& session,
                                                    const ProjectRunsQuery& query) {
    Result<Asked, QueryError> asked = read_query(query);
    if (!asked.ok()) return Failure{asked.error()};
    return ProjectScan(session, query, std::move(*asked)).count();
}

}  // namespace sweepctl
