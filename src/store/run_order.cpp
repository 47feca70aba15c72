#include "store/run_order.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::size_t kSortKeysMax = 8;

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

/// NaN is no value to sort by, and null none at all.
std::optional<ParamValue> sortable(const ParamValue* value) {
    if (value == nullptr || value->is_null()) return std::nullopt;
    if (const auto* real = value->get_if<double>(); real != nullptr && std::isnan(*real)) {
        return std::nullopt;
    }
    return *value;
}

/// Where the key that begins at `at` ends.
std::size_t end_of_key(std::string_view text, std::size_t at, FilterWords words) {
    for (;; ++at) {
        at = std::min(text.find(',', at), text.size());
        if (at == text.size() || words == FilterWords::ours) return at;
        const std::size_t next = text.find_first_not_of(' ', at + 1);
        if (next != std::string_view::npos && (text[next] == '+' || text[next] == '-')) return at;
    }
}

}  // namespace

Result<std::vector<SortKey>, QueryError> parse_sort(std::string_view text, FilterWords words) {
    std::vector<SortKey> keys;
    const auto fail = [](std::size_t offset, std::string message) {
        return Failure{QueryError{QueryError::Kind::bad_sort, offset, std::move(message)}};
    };
    for (std::size_t at = 0; at <= text.size() && !text.empty();) {
        const std::size_t comma = end_of_key(text, at, words);
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
        Result<RunKey, FilterError> key = parse_run_key(word, words);
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

RunPlace place_of(const RowValues& values, const std::vector<SortKey>& keys, std::uint64_t rank) {
    RunPlace place;
    place.rank = rank;
    for (const SortKey& key : keys)
        place.values.push_back(sortable(values.value(key.key)));
    return place;
}

bool RunOrder::before(const RunPlace& left, const RunPlace& right) const {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
        const auto& a = left.values[i];
        const auto& b = right.values[i];
        if (a.has_value() != b.has_value()) return a.has_value();
        if (!a) continue;
        const int order = compare(*a, *b);
        if (order != 0) return keys_[i].descending ? order > 0 : order < 0;
    }
    return left.rank < right.rank;
}

void FirstPlaces::add(RunPlace place) {
    if (full()) {
        if (!order_(place, places_.front())) return;
        std::pop_heap(places_.begin(), places_.end(), order_);
        places_.back() = std::move(place);
    } else {
        places_.push_back(std::move(place));
    }
    std::push_heap(places_.begin(), places_.end(), order_);
}

std::vector<RunPlace> FirstPlaces::take() {
    std::sort_heap(places_.begin(), places_.end(), order_);
    return std::move(places_);
}

}  // namespace sweepctl
