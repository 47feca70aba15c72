#pragma once

#include "store/json_object.hpp"
#include "store/sqlite.hpp"

#include <string>
#include <string_view>

namespace sweepctl {

/// What a run's JSON says of its sweep.
struct SweepNames {
    std::int64_t key = 0;
    std::string id;
    std::string project;
    std::string entity;
    bool loose = false;  ///< no sweep, but where a project's other runs are
};

/// Columns of `runs` for append_run_members(), beginning with the number.
extern const std::string_view kRunJsonColumns;
inline constexpr int kRunJsonColumnCount = 19;

/// The members of a Run, from the columns that begin at `first`.
void append_run_members(JsonObject& json,
                        const SweepNames& sweep,
                        const sqlite::Rows& row,
                        int first);

}  // namespace sweepctl
