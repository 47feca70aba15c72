#include "store/runs_scan.hpp"

#include "sweepctl/store/run_filter.hpp"

#include "store/page_cursor.hpp"
#include "store/run_order.hpp"
#include "store/run_values.hpp"
#include "store/settle_keys.hpp"
#include "store/text_pattern.hpp"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kRuns =
    " FROM runs WHERE runs.sweep = ?1 AND runs.number > ?2 ORDER BY runs.number";

QueryError error_of(QueryError::Kind kind, const FilterError& error) {
    return QueryError{kind, error.offset, error.message};
}

class Scan {
public:
    Scan(ReadSession& session, const SweepNames& sweep, const RunsQuery& query)
        : session_(session), sweep_(sweep), query_(query), order_(keys_) {}

    Result<ScannedPage, QueryError> run() {
        if (const auto error = prepare()) return Failure{*error};
        FirstPlaces first(order_, query_.limit);
        const std::string sql = "SELECT " + columns_.sql() + std::string(kRuns);
        // Without sort keys the order is that of the scan, and it may begin and end in the middle.
        const std::uint64_t begin = keys_.empty() && after_ ? after_->rank : 0;
        sqlite::Rows row = session_.statement(sql).query(sweep_.key, begin);
        RowValues values(session_, row, columns_);
        while (row.next()) {
            values.next_run(sweep_);
            if (!in_states(values.state())) continue;
            if (filter_) {
                try {
                    if (!filter_->matches(values)) continue;
                } catch (const PatternTooHard& error) {
                    return Failure{QueryError{QueryError::Kind::bad_filter, 0, error.what()}};
                }
            }
            RunPlace place = place_of(values, keys_, values.number());
            if (after_ && !order_(*after_, place)) continue;
            first.add(std::move(place));
            if (keys_.empty() && first.full()) break;
        }
        return page(first.take());
    }

private:
    std::optional<QueryError> prepare() {
        Result<std::vector<SortKey>, QueryError> sort = parse_sort(query_.sort);
        if (!sort.ok()) return sort.error();
        keys_ = std::move(*sort);
        std::vector<RunKey*> all_keys;
        for (SortKey& key : keys_)
            all_keys.push_back(&key.key);
        if (const auto error = settle_keys(session_, sweep_, all_keys)) {
            return error_of(QueryError::Kind::bad_sort, *error);
        }
        if (!query_.filter.empty()) {
            Result<RunFilter, FilterError> filter = parse_run_filter(query_.filter);
            if (!filter.ok()) return error_of(QueryError::Kind::bad_filter, filter.error());
            filter_ = std::move(*filter);
            const std::vector<RunKey*> filter_keys = filter_->keys();
            if (const auto error = settle_keys(session_, sweep_, filter_keys)) {
                return error_of(QueryError::Kind::bad_filter, *error);
            }
            all_keys.insert(all_keys.end(), filter_keys.begin(), filter_keys.end());
        }
        columns_ = ValueColumns::of(all_keys);
        if (query_.cursor.empty()) return std::nullopt;
        auto cursor = read_sorted_cursor(query_.cursor);
        if (!cursor || cursor->order != query_.sort || cursor->values.size() != keys_.size()) {
            return QueryError{QueryError::Kind::bad_cursor, 0,
                              "the cursor is not one of this list in this order"};
        }
        after_ = RunPlace{std::move(cursor->values), cursor->number};
        return std::nullopt;
    }

    [[nodiscard]] bool in_states(std::string_view state) const {
        return query_.states.empty() ||
               std::any_of(query_.states.begin(), query_.states.end(),
                           [&](RunState one) { return to_string(one) == state; });
    }

    [[nodiscard]] ScannedPage page(std::vector<RunPlace> places) const {
        ScannedPage page;
        const bool more = places.size() > query_.limit;
        if (more) places.pop_back();
        for (const RunPlace& place : places)
            page.numbers.push_back(place.rank);
        if (more && !places.empty()) {
            page.next_cursor = sorted_cursor(
                SortedPlace{query_.sort, std::move(places.back().values), places.back().rank});
        }
        return page;
    }

    ReadSession& session_;
    const SweepNames& sweep_;
    const RunsQuery& query_;
    std::vector<SortKey> keys_;
    ValueColumns columns_;
    RunOrder order_;
    std::optional<RunFilter> filter_;
    std::optional<RunPlace> after_;
};

}  // namespace

Result<ScannedPage, QueryError> scan_runs(ReadSession& session,
                                          const SweepNames& sweep,
                                          const RunsQuery& query) {
    return Scan(session, sweep, query).run();
}

}  // namespace sweepctl
