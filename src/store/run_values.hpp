#pragma once

#include "sweepctl/store/run_filter.hpp"

#include "store/run_json.hpp"
#include "store/sqlite.hpp"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// The values of one run after the other, as filters and sort keys name them, read from its row as
/// far as they are asked for.
class RowValues final : public RunValues {
public:
    /// The row must have the columns of kRunValueColumns from `first` on. `row` and `sweep` must
    /// outlive this.
    RowValues(const sqlite::Rows& row, int first, const SweepNames& sweep);

    /// The row has moved on to another run.
    void next_run();
    [[nodiscard]] const ParamValue* value(const RunKey& key) const override;
    [[nodiscard]] const ParamMap& config() const;
    [[nodiscard]] const ParamMap& summary() const;

private:
    /// A key that was asked for before, by address: keys live as long as their filter.
    struct Known {
        const RunKey* key = nullptr;
        int column = 0;
        ParamValue value;
        bool read = false;
    };
    [[nodiscard]] Known& known(const RunKey& key) const;
    [[nodiscard]] const ParamValue* field(const RunKey& key) const;

    const sqlite::Rows& row_;
    int first_;
    const SweepNames& sweep_;
    mutable std::deque<Known> fields_;  // Its values are pointed to.
    mutable std::optional<ParamMap> config_;
    mutable std::optional<ParamMap> summary_;
};

extern const std::string_view kRunValueColumns;

}  // namespace sweepctl
