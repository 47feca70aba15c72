#include "cli/terminal.hpp"

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include <sys/ioctl.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

constexpr std::size_t kDefaultWidth = 80;
constexpr std::size_t kDefaultHeight = 24;

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view{} : std::string_view{value};
}

bool locale_is_utf8() {
    // The first that is set and not empty decides, as in setlocale(3).
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        std::string value{variable(name)};
        if (value.empty()) continue;
        std::transform(value.begin(), value.end(), value.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
    }
    return false;
}

const char* code_of(Style style) {
    switch (style) {
        case Style::plain: return "";
        case Style::bold: return "1";
        case Style::dim: return "2";
        case Style::red: return "31";
        case Style::green: return "32";
        case Style::yellow: return "33";
        case Style::blue: return "34";
        case Style::cyan: return "36";
    }
    return "";
}

/// The window's size as the kernel knows it; false where it does not.
bool window_of(int fd, winsize& window) {
    return fd >= 0 && ::ioctl(fd, TIOCGWINSZ, &window) == 0;
}

}  // namespace

Terminal Terminal::of(int fd) {
    Terminal terminal;
    if (::isatty(fd) != 1) return terminal;
    const bool dumb = variable("TERM").empty() || variable("TERM") == "dumb";
    terminal.fd_ = fd;
    terminal.interactive_ = !dumb;
    terminal.colours_ = !dumb && variable("NO_COLOR").empty();
    terminal.unicode_ = locale_is_utf8();
    terminal.width_ = kDefaultWidth;
    return terminal;
}

std::size_t Terminal::width() const {
    winsize window{};
    if (window_of(fd_, window) && window.ws_col > 0) return window.ws_col;
    return width_;
}

std::size_t Terminal::height() const {
    winsize window{};
    if (window_of(fd_, window) && window.ws_row > 0) return window.ws_row;
    return kDefaultHeight;
}

std::string Terminal::paint(Style style, std::string_view text) const {
    if (!colours_ || style == Style::plain || text.empty()) return std::string(text);
    return "\x1b[" + std::string(code_of(style)) + "m" + std::string(text) + "\x1b[0m";
}

Style style_of_state(std::string_view word) {
    if (word == "finished") return Style::green;
    if (word == "running") return Style::cyan;
    if (word == "failed" || word == "crashed") return Style::red;
    if (word == "killed" || word == "cancelled") return Style::yellow;
    if (word == "paused" || word == "stopped") return Style::yellow;
    return Style::plain;
}

}  // namespace sweepctl::cli
