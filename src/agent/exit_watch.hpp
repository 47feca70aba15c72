#pragma once

#include "sweepctl/base/unique_fd.hpp"

#include <cstdint>
#include <vector>

namespace sweepctl {

/// Tells which of many processes have ended: an epoll set of pidfds, each with a number that its
/// owner gave it. add() may be called on any thread, so that the agent's need not wake up for each
/// start. Asio's own set would cost two calls and a callback a process, and closing a pidfd does
/// not take it out of any set while a child that is just being started holds a copy.
class ExitWatch {
public:
    /// Throws std::system_error.
    ExitWatch();

    /// Readable while some process is known to have ended and is not removed.
    [[nodiscard]] int descriptor() const { return set_.get(); }
    /// 0, or errno.
    [[nodiscard]] int add(int pidfd, std::uint64_t number) const;
    /// To be called before it is closed.
    void remove(int pidfd) const;
    /// The numbers of some that have ended. They come again until they are removed.
    [[nodiscard]] std::vector<std::uint64_t> ended() const;

private:
    UniqueFd set_;
};

/// The process has ended.
[[nodiscard]] bool has_ended(int pidfd);

}  // namespace sweepctl
