#pragma once

#include <string>
#include <vector>

// Reads a state directory and says what cannot be true. Never changes anything; may run beside a
// live controller, since it looks at one moment of the database.

namespace sweepctl {

struct FsckFinding {
    std::string what;    ///< which rule is broken, a word ("counts", "transition", ...)
    std::string id;      ///< of the sweep, run, agent or event; empty: of the whole
    std::string detail;  ///< one line for a person: what is stored, and what would be right
};

struct FsckOptions {
    std::string database;  ///< path of the database
    /// The state directory whose run files are compared with the runs; empty: the database alone.
    std::string home;
    std::size_t findings_max = 1000;  ///< of each kind; the rest is counted in one finding
};

/// All that is wrong, in the order of the checks. Empty: nothing. Throws std::runtime_error when
/// the database cannot be read at all.
[[nodiscard]] std::vector<FsckFinding> fsck(const FsckOptions& options);

}  // namespace sweepctl
