#pragma once

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <sys/types.h>

namespace sweepctl {

class HttpServerCore;

/// A listening socket. Accepts for the core while there is room, and gets through times without
/// descriptors: it turns callers away with the one it keeps in reserve, then waits a little.
class Door : public std::enable_shared_from_this<Door> {
public:
    /// `unix_path` is empty for TCP; the socket file is removed at the end if it is still ours.
    Door(HttpServerCore& core, UniqueFd socket, std::uint16_t port, std::string unix_path);
    ~Door();
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    void open();
    void close();
    /// There is room again.
    void resume();
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    void await_callers();
    void on_callers();
    /// False: nobody could be accepted; the wait for better times has begun.
    bool accept_one();
    void greet(UniqueFd socket);
    void on_exhausted(int code);
    void unlink_if_ours();

    HttpServerCore* core_;  // Null once closed.
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type> socket_;
    const std::uint16_t port_;
    const std::string unix_path_;
    dev_t device_ = 0;  // These two are the socket file's, to know it again.
    ino_t inode_ = 0;
    bool waiting_ = false;
    UniqueFd reserve_;
    Timer better_times_;
    Timer::Clock::time_point warned_at_{};
};

}  // namespace sweepctl
