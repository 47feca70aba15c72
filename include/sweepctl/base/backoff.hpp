#pragma once

#include <algorithm>
#include <chrono>

namespace sweepctl {

/// How long to wait between attempts that fail: twice as long each time, up to a limit, and by
/// chance up to half less, so that many who lost the same thing do not all come back at once.
class Backoff {
public:
    Backoff(std::chrono::milliseconds first, std::chrono::milliseconds longest)
        : first_(first), longest_(longest), next_(first) {}

    /// `chance`: evenly drawn from [0, 1).
    [[nodiscard]] std::chrono::milliseconds wait(double chance) {
        const std::chrono::milliseconds whole = next_;
        next_ = std::min(next_ * 2, longest_);
        return std::chrono::round<std::chrono::milliseconds>(whole * (1.0 - chance / 2));
    }
    /// It went well: the next failure is a first one.
    void reset() { next_ = first_; }

private:
    std::chrono::milliseconds first_;
    std::chrono::milliseconds longest_;
    std::chrono::milliseconds next_;
};

}  // namespace sweepctl
