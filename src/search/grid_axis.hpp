#pragma once

#include "sweepctl/core/search_space.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace sweepctl {

/// One parameter of a grid: its values in order, each once.
class GridAxis {
public:
    /// `parameter` must be of a kind that a grid can have.
    GridAxis(Parameter parameter, bool exclusive);

    [[nodiscard]] const std::vector<std::string>& path() const { return path_; }
    /// At least one, at most 2^64 - 1.
    [[nodiscard]] std::uint64_t size() const { return size_; }
    [[nodiscard]] ParamValue at(std::uint64_t index) const;
    /// The index of the value that is the same choice. Keys of a map that no listed map has are
    /// left out of account: programs add their own to what they report.
    [[nodiscard]] std::optional<std::uint64_t> index_of(const ParamValue& value) const;

private:
    void list(std::vector<ParamValue> values);
    [[nodiscard]] std::optional<std::uint64_t> step_of(const ParamValue& value) const;

    std::vector<std::string> path_;
    std::uint64_t size_ = 1;

    // Where the values are listed:
    std::vector<ParamValue> values_;
    std::unordered_map<std::string, std::uint64_t> index_by_key_;
    std::unordered_set<std::string> map_keys_;  ///< of all listed maps, at their top

    // Where they are steps from a lower bound (values_ is empty):
    bool integer_ = true;
    std::int64_t first_ = 0;
    double min_ = 0;
    double q_ = 1;
    int decimals_ = 0;
};

}  // namespace sweepctl
