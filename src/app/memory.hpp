#pragma once

namespace sweepctl {

/// Tells the allocator to keep a few MiB that are free at the moment. By default it gives them back
/// to the kernel after each batch of short runs, and takes them again, page by page, for the next.
void keep_free_memory();

}  // namespace sweepctl
