#pragma once

#include "sweepctl/base/result.hpp"

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

// The log of a daemon: one line an event, to stderr or to a file, from any thread. error: someone
// must act; warn: survived, and the line says what was done instead; info: state changes, start,
// stop; debug: the rest. Values come from users: control characters in a message are escaped, so
// that one message is always one line.

namespace sweepctl {

enum class LogLevel : std::uint8_t { debug, info, warn, error, off };

/// Chooses what is logged and where: to `file_path` (appended; at 16 MiB it is renamed to `.1`,
/// three old ones are kept), or to stderr when that is empty. Fails with a message when the file
/// cannot be opened; the log then stays as it was. Until this is called: info and worse, to stderr.
Outcome<std::string> init_log(LogLevel level, const std::string& file_path = {});

[[nodiscard]] bool log_enabled(LogLevel level) noexcept;

/// Writes one line. Never throws: a log that cannot be written harms nobody.
void log_line(LogLevel level, std::string_view message) noexcept;

namespace detail {

inline void append_part(std::string& line, std::string_view part) {
    line += part;
}
inline void append_part(std::string& line, const std::string& part) {
    line += part;
}
inline void append_part(std::string& line, const char* part) {
    line += part;
}
inline void append_part(std::string& line, char part) {
    line += part;
}
inline void append_part(std::string& line, bool part) {
    line += part ? "true" : "false";
}

template <typename Number>
requires(std::integral<Number> || std::floating_point<Number>) void append_part(std::string& line,
                                                                                Number part) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, part).ptr;
    line.append(digits, end);
}

/// Ids, states and everything else that has a word of its own.
template <typename Named>
requires requires(const Named& named) {
    std::string_view(to_string(named));
}
void append_part(std::string& line, const Named& part) {
    line += to_string(part);
}

template <typename... Parts>
void log_parts(LogLevel level, const Parts&... parts) {
    if (!log_enabled(level)) return;
    std::string line;
    (append_part(line, parts), ...);
    log_line(level, line);
}

}  // namespace detail

/// log_info("run ", run.id, ": ", from, " -> ", to); the parts are joined as they are.
template <typename... Parts>
void log_debug(const Parts&... parts) {
    detail::log_parts(LogLevel::debug, parts...);
}
template <typename... Parts>
void log_info(const Parts&... parts) {
    detail::log_parts(LogLevel::info, parts...);
}
template <typename... Parts>
void log_warn(const Parts&... parts) {
    detail::log_parts(LogLevel::warn, parts...);
}
template <typename... Parts>
void log_error(const Parts&... parts) {
    detail::log_parts(LogLevel::error, parts...);
}

}  // namespace sweepctl
