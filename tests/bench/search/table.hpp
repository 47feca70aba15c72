#pragma once

#include "sweepctl/core/search_space.hpp"

#include <string>
#include <vector>

namespace sweepctl::bench {

/// A complete grid of real training runs. Ordered lists of levels are integers (their index),
/// unordered ones words.
struct Table {
    SearchSpace space;
    std::vector<std::vector<std::string>> levels;  ///< of each parameter
    std::vector<std::vector<double>>
        cells;  ///< values of some seeds; the last parameter is fastest

    [[nodiscard]] const std::vector<double>& cell(const std::vector<ParamValue>& values) const;
};

/// Reads one of data/*.txt.gz (data/README.md says what they are).
[[nodiscard]] Table read_table(const std::string& file);

}  // namespace sweepctl::bench
