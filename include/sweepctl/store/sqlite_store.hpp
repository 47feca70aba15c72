#pragma once

#include "sweepctl/store/store.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

// The store of a real controller: one SQLite database (WAL, synchronous=FULL) with one thread that
// writes. Everything that waits goes into one transaction.

namespace sweepctl {

struct SqliteStoreOptions {
    std::uint32_t pages_max = 0;  ///< the database refuses to grow beyond; 0: as far as the disk
};

/// Opens the database at `path`, or creates it (0600, its directory 0700 where missing), and brings
/// its schema up to date. `wake` is called from the writing thread whenever poll() has something to
/// do; it must not call back into the store.
/// Throws std::runtime_error, with a message for a person, when the file is not ours, was written
/// by a newer version, is damaged, or cannot be opened.
[[nodiscard]] std::unique_ptr<Store> open_sqlite_store(const std::string& path,
                                                       std::function<void()> wake,
                                                       const SqliteStoreOptions& options = {});

}  // namespace sweepctl
