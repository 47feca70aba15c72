#include "cli/output.hpp"

#include "cli/cli_error.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {
constexpr std::size_t kBufferLimit = std::size_t{64} << 10;
}  // namespace

bool write_all(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(fd, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            // Somebody who shares the terminal made it non-blocking.
            pollfd ready{fd, POLLOUT, 0};
            ::poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}

void Output::write(std::string_view text) {
    buffer_ += text;
    if (buffer_.size() >= kBufferLimit) flush();
}

void Output::flush() {
    if (buffer_.empty()) return;
    std::string whole;
    whole.swap(buffer_);  // What could not be written is not tried again at exit.
    if (!write_all(fd_, whole)) {
        throw CliError(kError, "cannot write to " + name_ + ": " + std::strerror(errno));
    }
}

bool Output::wait_readable(int fd, std::optional<std::chrono::milliseconds> time) const {
    std::array<pollfd, 2> fds{pollfd{fd, POLLIN, 0}, pollfd{fd_, 0, 0}};
    const int count = ::poll(fds.data(), fds.size(), time ? static_cast<int>(time->count()) : -1);
    if (count < 0 && errno != EINTR) {
        throw CliError(kError, std::string("cannot wait for events: ") + std::strerror(errno));
    }
    if (count > 0 && (fds[1].revents & POLLERR) != 0) ::raise(SIGPIPE);
    return count > 0 && fds[0].revents != 0;
}

void Messages::say(Style style, std::string_view kind, std::string_view message) {
    std::string line = "sweepctl: ";
    if (!kind.empty()) line += terminal_.paint(style, std::string(kind) + ":") + " ";
    line += message;
    line += '\n';
    text(line);
}

void Messages::error(std::string_view message, std::string_view hint) {
    say(Style::red, "error", message);
    if (!hint.empty()) say(Style::plain, {}, hint);
}

void Messages::warning(std::string_view message) {
    say(Style::yellow, "warning", message);
}

void Messages::note(std::string_view message) {
    say(Style::plain, {}, message);
}

void Messages::text(std::string_view text) {
    static_cast<void>(write_all(fd_, text));
}

}  // namespace sweepctl::cli
