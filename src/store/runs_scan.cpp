#include "store/runs_scan.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/run_filter.hpp"

#include "store/page_cursor.hpp"
#include "store/run_values.hpp"
#include "store/settle_keys.hpp"
#include "store/text_pattern.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kRuns =
    " FROM runs WHERE runs.sweep = ?1 AND runs.number > ?2 ORDER BY runs.number";
constexpr int kStateColumn = 2;    // of kRunValueColumns
constexpr int kNumberColumn = 17;  // of kRunValueColumns
constexpr std::size_t kSortKeysMax = 8;

struct SortKey {
    RunKey key;
    bool descending = false;
};

/// A run's place in the order.
struct Place {
    std::vector<std::optional<ParamValue>> values;
    std::uint64_t number = 0;
};

int kind_of(const ParamValue& value) {
    double scratch = 0.0;
    if (value.get_if<bool>() != nullptr) return 0;
    if (value.number(scratch) != nullptr) return 1;
    return value.get_if<std::string>() != nullptr ? 2 : 3;
}

/// Flags, then numbers, then texts, then lists and maps by their JSON.
int compare(const ParamValue& left, const ParamValue& right) {
    const int left_kind = kind_of(left);
    const int right_kind = kind_of(right);
    if (left_kind != right_kind) return left_kind - right_kind;
    if (left_kind == 0) return int{*left.get_if<bool>()} - int{*right.get_if<bool>()};
    if (left_kind == 1) {
        double left_scratch = 0.0;
        double right_scratch = 0.0;
        const double a = *left.number(left_scratch);
        const double b = *right.number(right_scratch);
        return a < b ? -1 : a > b ? 1 : 0;
    }
    if (left_kind == 2) return left.get_if<std::string>()->compare(*right.get_if<std::string>());
    return to_json(left).compare(to_json(right));
}

class RunOrder {
public:
    explicit RunOrder(const std::vector<SortKey>& keys) : keys_(keys) {}

    /// Runs without a value come last, whichever way the others go; then the lower number first.
    [[nodiscard]] bool operator()(const Place& left, const Place& right) const {
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            const auto& a = left.values[i];
            const auto& b = right.values[i];
            if (a.has_value() != b.has_value()) return a.has_value();
            if (!a) continue;
            const int order = compare(*a, *b);
            if (order != 0) return keys_[i].descending ? order > 0 : order < 0;
        }
        return left.number < right.number;
    }

private:
    const std::vector<SortKey>& keys_;
};

/// NaN is no value to sort by, and null none at all.
std::optional<ParamValue> sortable(const ParamValue* value) {
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (const auto* real = value->get_if<double>(); real != nullptr && std::isnan(*real)) {
        return std::nullopt;
    }
    return *value;
}

QueryError error_of(QueryError::Kind kind, const FilterError& error) {
    return QueryError{kind, error.offset, error.message};
}

Result<std::vector<SortKey>, QueryError> parse_sort(std::string_view text) {
    std::vector<SortKey> keys;
    const auto fail = [](std::size_t offset, std::string message) {
        return Failure{QueryError{QueryError::Kind::bad_sort, offset, std::move(message)}};
    };
    for (std::size_t at = 0; at <= text.size() && !text.empty();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        std::string_view word = text.substr(at, comma - at);
        std::size_t offset = at;
        const auto drop = [&](std::size_t count) {
            word.remove_prefix(count);
            offset += count;
        };
        drop(std::min(word.find_first_not_of(' '), word.size()));
        SortKey sort;
        if (!word.empty() && (word.front() == '-' || word.front() == '+')) {
            sort.descending = word.front() == '-';
            drop(1);
        }
        while (!word.empty() && word.back() == ' ')
            word.remove_suffix(1);
        if (word.empty()) return fail(offset, "expected a key such as loss or -created_at");
        Result<RunKey, FilterError> key = parse_run_key(word);
        if (!key.ok()) return fail(offset + key.error().offset, key.error().message);
        sort.key = std::move(*key);
        sort.key.offset = offset;
        keys.push_back(std::move(sort));
        if (keys.size() > kSortKeysMax) {
            return fail(offset, "more than " + std::to_string(kSortKeysMax) + " sort keys");
        }
        at = comma + 1;
    }
    return keys;
}

/// The page so far: the first `limit` + 1 of those seen, as a heap with the last of them on top.
class FirstPlaces {
public:
    FirstPlaces(const RunOrder& order, std::size_t limit) : order_(order), limit_(limit) {}

    [[nodiscard]] bool full() const { return places_.size() > limit_; }
    void add(Place place) {
        if (full()) {
            if (!order_(place, places_.front())) return;
            std::pop_heap(places_.begin(), places_.end(), order_);
            places_.back() = std::move(place);
        } else {
            places_.push_back(std::move(place));
        }
        std::push_heap(places_.begin(), places_.end(), order_);
    }
    [[nodiscard]] std::vector<Place> take() {
        std::sort_heap(places_.begin(), places_.end(), order_);
        return std::move(places_);
    }

private:
    const RunOrder& order_;
    std::size_t limit_;
    std::vector<Place> places_;
};

class Scan {
public:
    Scan(ReadSession& session, const SweepNames& sweep, const RunsQuery& query)
        : session_(session), sweep_(sweep), query_(query), order_(keys_) {}

    Result<ScannedPage, QueryError> run() {
        if (const auto error = prepare()) return Failure{*error};
        FirstPlaces first(order_, query_.limit);
        std::string sql = "SELECT ";
        sql += kRunValueColumns;
        sql += kRuns;
        // Without sort keys the order is that of the scan, and it may begin and end in the middle.
        const std::uint64_t begin = keys_.empty() && after_ ? after_->number : 0;
        sqlite::Rows row = session_.statement(sql).query(sweep_.key, begin);
        RowValues values(row, 0, sweep_);
        while (row.next()) {
            values.next_run();
            if (!in_states(row.text(kStateColumn))) continue;
            if (filter_) {
                try {
                    if (!filter_->matches(values)) continue;
                } catch (const PatternTooHard& error) {
                    return Failure{QueryError{QueryError::Kind::bad_filter, 0, error.what()}};
                }
            }
            Place place = place_of(values, row);
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
        std::vector<RunKey*> sort_keys;
        for (SortKey& key : keys_)
            sort_keys.push_back(&key.key);
        if (const auto error = settle_keys(session_, sweep_, sort_keys)) {
            return error_of(QueryError::Kind::bad_sort, *error);
        }
        if (!query_.filter.empty()) {
            Result<RunFilter, FilterError> filter = parse_run_filter(query_.filter);
            if (!filter.ok()) return error_of(QueryError::Kind::bad_filter, filter.error());
            filter_ = std::move(*filter);
            if (const auto error = settle_keys(session_, sweep_, filter_->keys())) {
                return error_of(QueryError::Kind::bad_filter, *error);
            }
        }
        if (query_.cursor.empty()) return std::nullopt;
        auto cursor = read_sorted_cursor(query_.cursor);
        if (!cursor || cursor->order != query_.sort || cursor->values.size() != keys_.size()) {
            return QueryError{QueryError::Kind::bad_cursor, 0,
                              "the cursor is not one of this list in this order"};
        }
        after_ = Place{std::move(cursor->values), cursor->number};
        return std::nullopt;
    }

    [[nodiscard]] bool in_states(std::string_view state) const {
        return query_.states.empty() ||
               std::any_of(query_.states.begin(), query_.states.end(),
                           [&](RunState one) { return to_string(one) == state; });
    }

    [[nodiscard]] Place place_of(const RowValues& values, const sqlite::Rows& row) const {
        Place place;
        place.number = row.get<std::uint64_t>(kNumberColumn);
        for (const SortKey& key : keys_)
            place.values.push_back(sortable(values.value(key.key)));
        return place;
    }

    [[nodiscard]] ScannedPage page(std::vector<Place> places) const {
        ScannedPage page;
        const bool more = places.size() > query_.limit;
        if (more) places.pop_back();
        for (const Place& place : places)
            page.numbers.push_back(place.number);
        if (more && !places.empty()) {
            page.next_cursor = sorted_cursor(
                SortedPlace{query_.sort, std::move(places.back().values), places.back().number});
        }
        return page;
    }

    ReadSession& session_;
    const SweepNames& sweep_;
    const RunsQuery& query_;
    std::vector<SortKey> keys_;
    RunOrder order_;
    std::optional<RunFilter> filter_;
    std::optional<Place> after_;
};

}  // namespace

Result<ScannedPage, QueryError> scan_runs(ReadSession& session,
                                          const SweepNames& sweep,
                                          const RunsQuery& query) {
    return Scan(session, sweep, query).run();
}

}  // namespace sweepctl
