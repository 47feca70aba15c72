#pragma once

#include <linux/sched.h>

namespace sweepctl {

/// clone3 with CLONE_VM and CLONE_VFORK in `arguments.flags` and no stack: runs `child(argument)`,
/// which must not return, in a child that shares our memory and our stack; this thread stands still
/// until the child executes another program or ends. The child's pid, or -errno.
///
/// The child may do next to nothing: system calls that are not intercepted, and no writes but to
/// what `argument` points to.
[[nodiscard]] long vfork_clone(clone_args& arguments, void (*child)(void*), void* argument);

}  // namespace sweepctl
