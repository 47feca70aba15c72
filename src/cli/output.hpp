#pragma once

#include "cli/terminal.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sweepctl::cli {

/// Standard output, or a file, buffered. Dies of SIGPIPE like any filter when nobody reads any
/// more; other failures (a full disk) are CliErrors, so that no half-written output passes for
/// whole.
class Output {
public:
    explicit Output(int fd, std::string name = "standard output")
        : fd_(fd), name_(std::move(name)), terminal_(Terminal::of(fd)) {}

    [[nodiscard]] const Terminal& terminal() const { return terminal_; }
    [[nodiscard]] int fd() const { return fd_; }

    void write(std::string_view text);
    void line(std::string_view text) {
        write(text);
        write("\n");
    }
    void flush();

    /// Waits until `fd` is readable, or for `time` at most (nullopt: however long it takes); true
    /// when it is. Ends the process when nobody reads the output any more, as writing would: who
    /// follows something may not write for hours.
    bool wait_readable(int fd, std::optional<std::chrono::milliseconds> time = std::nullopt) const;

private:
    int fd_;
    std::string name_;  ///< for messages
    Terminal terminal_;
    std::string buffer_;
};

/// Standard error: one message a call, at once. A message that cannot be written is lost.
class Messages {
public:
    explicit Messages(int fd) : fd_(fd), terminal_(Terminal::of(fd)) {}

    [[nodiscard]] const Terminal& terminal() const { return terminal_; }
    [[nodiscard]] int fd() const { return fd_; }

    /// "sweepctl: error: MESSAGE", and the hint on a line of its own.
    void error(std::string_view message, std::string_view hint = {});
    void warning(std::string_view message);
    /// "sweepctl: MESSAGE"
    void note(std::string_view message);
    /// As it is.
    void text(std::string_view text);

private:
    void say(Style style, std::string_view kind, std::string_view message);

    int fd_;
    Terminal terminal_;
};

/// Writes all of `text`; false with errno set when that fails.
[[nodiscard]] bool write_all(int fd, std::string_view text);

}  // namespace sweepctl::cli
