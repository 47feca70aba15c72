#pragma once

#include "sweepctl/base/unique_fd.hpp"

#include <optional>
#include <string>

// A file that at most one process holds: a lock that ends with its holder, however that dies. It
// belongs to the open file, so it survives neither exec nor close, and it can be looked at without
// being taken.

namespace sweepctl {

/// The held lock, until it is closed; an invalid one when another process has it. Makes the file,
/// and leaves this process' pid in it. Throws std::system_error when it cannot be opened or locked.
[[nodiscard]] UniqueFd try_lock_file(const std::string& path);

/// Whether a process holds it at this moment. A file that is not there is held by nobody.
[[nodiscard]] bool is_lock_held(const std::string& path);

struct LockHolder {
    int pid = 0;
    UniqueFd pidfd;  ///< means that process, whoever is given its number later
};
/// The process that holds it: the pid in the file, if that process has this very file open, and
/// locked. nullopt when nobody holds it, and when it cannot be told who does.
[[nodiscard]] std::optional<LockHolder> find_lock_holder(const std::string& path);

}  // namespace sweepctl
