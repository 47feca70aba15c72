#include "app/memory.hpp"

#include <malloc.h>

namespace sweepctl {

void keep_free_memory() {
    constexpr int kMiB = 1 << 20;
    ::mallopt(M_TRIM_THRESHOLD, 8 * kMiB);
    ::mallopt(M_MMAP_THRESHOLD, 1 * kMiB);
}

}  // namespace sweepctl
