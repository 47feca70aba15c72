#pragma once

#include <span>
#include <string_view>

namespace sweepctl {

/// One step of the schema, forward only. `version` is PRAGMA user_version after it; steps are
/// numbered 1, 2, ... without gaps.
struct Migration {
    int version;
    std::string_view name;
    std::string_view sql;
};

/// The steps of migrations/*.sql, in order.
[[nodiscard]] std::span<const Migration> all_migrations();

}  // namespace sweepctl
