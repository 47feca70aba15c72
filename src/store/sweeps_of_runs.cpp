#include "store/sweeps_of_runs.hpp"

#include <string_view>

namespace sweepctl {

namespace {

constexpr std::string_view kSweep =
    "SELECT key, id, project, entity, loose FROM sweeps WHERE key = ?1 AND deleted = 0";

}  // namespace

const SweepNames* SweepsOfRuns::find(std::int64_t key) {
    if (key == last_key_) return last_;
    const auto [at, fresh] = known_.try_emplace(key);
    if (fresh) {
        sqlite::Rows row = session_.statement(kSweep).query(key);
        if (row.next()) {
            at->second = SweepNames{row.integer(0), row.string(1), row.string(2), row.string(3),
                                    row.get<bool>(4)};
        }
    }
    last_key_ = key;
    last_ = at->second ? &*at->second : nullptr;
    return last_;
}

}  // namespace sweepctl
