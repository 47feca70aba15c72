#pragma once

#include "sweepctl/store/reader.hpp"
#include "sweepctl/store/run_filter.hpp"

#include "store/run_values.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The order of a list of runs by values that they have, and the page of it that begins somewhere.

namespace sweepctl {

struct SortKey {
    RunKey key;
    bool descending = false;
};

/// "loss,-created_at". In W&B's words a comma ends a key only before a sign, since metrics may have
/// commas in their names.
[[nodiscard]] Result<std::vector<SortKey>, QueryError> parse_sort(
    std::string_view text, FilterWords words = FilterWords::ours);

/// A run's place in the order.
struct RunPlace {
    std::vector<std::optional<ParamValue>> values;  ///< one a key; nullopt: it has none
    std::uint64_t rank = 0;                         ///< unique: a number or key that grows
};
[[nodiscard]] RunPlace place_of(const RowValues& values,
                                const std::vector<SortKey>& keys,
                                std::uint64_t rank);

/// Runs without a value come last, whichever way the others go; then the lower rank first.
class RunOrder {
public:
    /// `keys` must outlive this. `backwards`: exactly the other way round, in all of it.
    explicit RunOrder(const std::vector<SortKey>& keys, bool backwards = false)
        : keys_(keys), backwards_(backwards) {}
    /// Whether `left` comes before `right`.
    [[nodiscard]] bool operator()(const RunPlace& left, const RunPlace& right) const {
        return backwards_ ? before(right, left) : before(left, right);
    }

private:
    [[nodiscard]] bool before(const RunPlace& left, const RunPlace& right) const;

    const std::vector<SortKey>& keys_;
    bool backwards_;
};

/// The first `limit` + 1 of the places seen, as a heap with the last of them on top: the one too
/// many says that there are more.
class FirstPlaces {
public:
    FirstPlaces(const RunOrder& order, std::size_t limit) : order_(order), limit_(limit) {}

    [[nodiscard]] bool full() const { return places_.size() > limit_; }
    void add(RunPlace place);
    /// In order.
    [[nodiscard]] std::vector<RunPlace> take();

private:
    const RunOrder& order_;
    std::size_t limit_;
    std::vector<RunPlace> places_;
};

}  // namespace sweepctl
