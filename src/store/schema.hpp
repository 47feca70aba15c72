#pragma once

#include "store/migrations.hpp"
#include "store/sqlite.hpp"

#include <cstdint>
#include <span>
#include <string>

// A database file that is ours: made, recognised, brought up to date. All errors are
// std::runtime_error with a message for a person that names the file.

namespace sweepctl {

/// PRAGMA application_id of our files: "swpc".
inline constexpr std::int64_t kApplicationId = 0x73777063;

/// Opens or creates the database for the one connection that writes: WAL, synchronous=FULL, foreign
/// keys, no checkpoints by itself.
[[nodiscard]] sqlite::Database open_for_writing(const std::string& path);

/// Opens an existing database of exactly this version, to read.
[[nodiscard]] sqlite::Database open_for_reading(const std::string& path);

/// Applies the steps that the file has not had, each in a transaction of its own. Refuses a file of
/// another program or of a newer version.
void migrate(sqlite::Database& database,
             std::span<const Migration> migrations,
             const std::string& path);

/// What an error means to a person.
[[nodiscard]] std::string explain(const sqlite::Error& error, const std::string& path);

}  // namespace sweepctl
