#include "agent/exit_watch.hpp"

#include <array>
#include <cerrno>
#include <system_error>

#include <poll.h>
#include <sys/epoll.h>

namespace sweepctl {

ExitWatch::ExitWatch() : set_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (!set_.valid())
        throw std::system_error(errno, std::system_category(), "cannot watch processes");
}

int ExitWatch::add(int pidfd, std::uint64_t number) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = number;
    return ::epoll_ctl(set_.get(), EPOLL_CTL_ADD, pidfd, &event) == 0 ? 0 : errno;
}

void ExitWatch::remove(int pidfd) const {
    ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, pidfd, nullptr);
}

std::vector<std::uint64_t> ExitWatch::ended() const {
    std::array<epoll_event, 64> events;
    const int count = ::epoll_wait(set_.get(), events.data(), static_cast<int>(events.size()), 0);
    std::vector<std::uint64_t> numbers;
    for (int i = 0; i < count; ++i)
        numbers.push_back(events[static_cast<std::size_t>(i)].data.u64);
    return numbers;
}

bool has_ended(int pidfd) {
    pollfd entry{pidfd, POLLIN, 0};  // That is when a pidfd is readable.
    return ::poll(&entry, 1, 0) == 1;
}

}  // namespace sweepctl
