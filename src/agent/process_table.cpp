#include "agent/process_table.hpp"

#include "sweepctl/agent/exit_journal.hpp"
#include "sweepctl/agent/process_launcher.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>
#include <system_error>

#include <dirent.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

namespace sweepctl {

namespace {

/// Files of /proc are small, except environments; empty when it cannot be read.
std::optional<std::string> read_small_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return std::nullopt;
    std::string content;
    for (;;) {
        std::array<char, 4096> piece;
        const ssize_t size = ::read(file.get(), piece.data(), piece.size());
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) return std::nullopt;
        if (size == 0) return content;
        content.append(piece.data(), static_cast<std::size_t>(size));
    }
}

std::string proc_path(int pid, std::string_view name) {
    return "/proc/" + std::to_string(pid) + "/" + std::string(name);
}

template <typename Number>
std::optional<Number> number_from(std::string_view digits) {
    Number number{};
    const char* last = digits.data() + digits.size();
    const auto [end, error] = std::from_chars(digits.data(), last, number);
    if (error != std::errc{} || end != last) return std::nullopt;
    return number;
}

/// Owns an open folder.
struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

std::optional<ProcessEntry> read_process(int pid) {
    const std::optional<std::string> line = read_small_file(proc_path(pid, "stat"));
    if (!line) return std::nullopt;
    // The second field is the program's name in parentheses, which may hold anything.
    const std::size_t name_end = line->rfind(')');
    if (name_end == std::string::npos || name_end + 3 > line->size()) return std::nullopt;

    constexpr std::size_t kFirst = 3;  // The number, in proc(5), of the field after the name.
    constexpr std::size_t kStartTime = 22;
    std::array<std::string_view, kStartTime + 1> fields;
    std::string_view rest = std::string_view(*line).substr(name_end + 2);
    for (std::size_t i = kFirst; i < fields.size(); ++i) {
        const std::size_t end = rest.find(' ');
        if (end == std::string_view::npos) return std::nullopt;
        fields[i] = rest.substr(0, end);
        rest.remove_prefix(end + 1);
    }
    ProcessEntry entry;
    entry.pid = pid;
    entry.state = fields[3].front();
    entry.parent = number_from<int>(fields[4]).value_or(0);
    entry.group = number_from<int>(fields[5]).value_or(0);
    entry.session = number_from<int>(fields[6]).value_or(0);
    entry.start_time = number_from<std::uint64_t>(fields[kStartTime]).value_or(0);
    return entry;
}

bool is_deaf(int pid, std::uint64_t signals) {
    const std::string status = read_small_file(proc_path(pid, "status")).value_or("");
    const auto field = [&status](std::string_view name) {
        const std::size_t at = status.find("\n" + std::string(name) + ":\t");
        if (at == std::string::npos) return std::string_view{};
        const std::size_t begin = at + name.size() + 3;
        return std::string_view(status).substr(begin, status.find('\n', begin) - begin);
    };
    const std::string_view state = field("State");
    if (state.starts_with('T') || state.starts_with('t')) return true;
    std::uint64_t waiting = 0;
    for (const std::string_view name : {"SigPnd", "ShdPnd"}) {
        const std::string_view digits = field(name);
        std::uint64_t mask = 0;
        std::from_chars(digits.data(), digits.data() + digits.size(), mask, 16);
        waiting |= mask;
    }
    return (waiting & signals) != 0;
}

std::vector<ProcessEntry> list_processes() {
    std::vector<ProcessEntry> entries;
    const std::unique_ptr<DIR, CloseDirectory> proc(::opendir("/proc"));
    if (!proc) return entries;
    while (const dirent* name = ::readdir(proc.get())) {
        const std::optional<int> pid = number_from<int>(name->d_name);
        if (!pid) continue;
        if (std::optional<ProcessEntry> entry = read_process(*pid)) entries.push_back(*entry);
    }
    return entries;
}

std::vector<int> list_children() {
    std::vector<int> children;
    const std::unique_ptr<DIR, CloseDirectory> threads(::opendir("/proc/self/task"));
    if (!threads) return children;
    while (const dirent* name = ::readdir(threads.get())) {
        const std::optional<std::string> list =
            read_small_file("/proc/self/task/" + std::string(name->d_name) + "/children");
        std::string_view rest = list ? std::string_view(*list) : std::string_view{};
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find(' '), rest.size());
            if (const auto pid = number_from<int>(rest.substr(0, end))) children.push_back(*pid);
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return children;
}

bool started_with(int pid, const StartedWith& wanted) {
    const std::optional<std::string> environment = read_small_file(proc_path(pid, "environ"));
    if (!environment) return false;
    const auto has = [&](const auto& fits) {
        std::string_view rest = *environment;
        while (!rest.empty()) {
            const std::size_t end = rest.find('\0');
            if (fits(rest.substr(0, end))) return true;
            if (end == std::string_view::npos) break;
            rest.remove_prefix(end + 1);
        }
        return false;
    };
    return std::all_of(wanted.variables.begin(), wanted.variables.end(),
                       [&](const std::string& variable) {
                           return has([&](std::string_view entry) { return entry == variable; });
                       }) &&
           has([&](std::string_view entry) { return entry.starts_with(wanted.beginning); });
}

std::optional<std::uint64_t> process_start_time(int pid) {
    const std::optional<ProcessEntry> entry = read_process(pid);
    if (!entry || entry->state == 'Z' || entry->state == 'X') return std::nullopt;
    return entry->start_time;
}

std::string boot_id() {
    std::string id = read_small_file("/proc/sys/kernel/random/boot_id").value_or("");
    while (!id.empty() && id.back() <= ' ')
        id.pop_back();
    return id;
}

std::optional<int> program_pid_of(int runner_pid) {
    const std::optional<std::string> children =
        read_small_file(proc_path(runner_pid, "task/" + std::to_string(runner_pid) + "/children"));
    if (!children) return std::nullopt;
    // The first is the oldest. Later ones have lost their parents.
    const auto pid = number_from<int>(std::string_view(*children).substr(0, children->find(' ')));
    return pid && process_start_time(*pid) ? pid : std::nullopt;
}

void become_subreaper() {
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
        throw std::system_error(errno, std::system_category(), "cannot become a subreaper");
}

}  // namespace sweepctl
