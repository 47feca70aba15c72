#include "sweepctl/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace sweepctl {

void check_failed(const char* belief, const char* file, int line) noexcept {
    std::fprintf(stderr, "sweepctl: internal error: believed '%s' at %s:%d\n", belief, file, line);
    std::abort();
}

}  // namespace sweepctl
