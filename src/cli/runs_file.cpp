#include "cli/runs_file.hpp"

#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/spec/prior_check.hpp"

#include "cli/cli_error.hpp"
#include "cli/csv_runs.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <tuple>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

[[noreturn]] void cannot_read(const std::string& path, int error) {
    throw CliError(kError,
                   "cannot read the runs '" + printable(path) + "': " + std::strerror(error));
}

std::string read_all(int fd, const std::string& path) {
    std::string text;
    std::array<char, 65536> buffer{};
    for (;;) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) cannot_read(path, errno);
        if (got == 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
}

std::string place(const std::string& file, std::size_t line) {
    return printable(file) + ":" + std::to_string(line) + ": ";
}

FileRun run_in(std::string_view text, const std::string& file, std::size_t line) {
    auto json = parse_json(text);
    if (!json) {
        throw CliError(kError, place(file, line) + "not JSON: " + json.error().message +
                                   " at byte " + std::to_string(json.error().offset + 1));
    }
    auto run = told_run_from(std::move(*json));
    if (!run)
        throw CliError(kError, place(file, line) + run.error().message, run.error().hint);
    return {std::move(*run), line};
}

std::string read_text(const std::string& path) {
    std::string text;
    if (path == "-") {
        text = read_all(STDIN_FILENO, "<stdin>");
    } else {
        const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
        if (!file.valid()) cannot_read(path, errno);
        text = read_all(file.get(), path);
    }
    constexpr std::string_view mark = "\xef\xbb\xbf";  // Spreadsheets and editors begin with it.
    if (text.starts_with(mark)) text.erase(0, mark.size());
    return text;
}

std::string shown_name(const std::string& path) {
    return path == "-" ? "<stdin>" : path;
}

bool is_csv(std::string_view path) {
    return path.ends_with(".csv") || path.ends_with(".CSV");
}

}  // namespace

std::vector<FileRun> read_runs_file(const std::string& path) {
    const std::string text = read_text(path);
    const std::string name = shown_name(path);
    std::vector<FileRun> runs;
    std::string_view rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        runs.push_back(run_in(line, name, number));
    }
    return runs;
}

std::vector<Run> sweep_runs(const std::vector<FileRun>& told,
                            const std::string& path,
                            const std::optional<MetricGoal>& metric) {
    std::map<std::uint64_t, const FileRun*> numbered;
    for (const FileRun& run : told) {
        if (!run.suggestion) continue;
        const auto [first, fresh] = numbered.emplace(*run.suggestion, &run);
        if (fresh) continue;
        throw CliError(kError,
                       place(shown_name(path), run.line) + "run '" + printable(run.name) +
                           "' is suggestion " + std::to_string(*run.suggestion) + ", as '" +
                           printable(first->second->name) + "' in line " +
                           std::to_string(first->second->line),
                       "the search proposes each number once");
    }
    std::vector<Run> runs;
    std::vector<std::size_t> others;
    std::uint64_t free = 0;
    for (std::size_t i = 0; i < told.size(); ++i) {
        Run& run = runs.emplace_back(run_from(told[i], i, metric));
        if (told[i].unsuggested) others.push_back(i);
        if (told[i].unsuggested || told[i].suggestion) continue;
        free = std::max<std::uint64_t>(free, i);
        while (numbered.contains(free))
            ++free;
        run.suggestion = free++;
    }
    std::vector<std::tuple<std::uint64_t, std::string, std::string, std::size_t>> order;
    for (const std::size_t i : others)
        order.emplace_back(told[i].number.value_or(0), told[i].name, to_json(runs[i].config), i);
    std::sort(order.begin(), order.end());
    for (std::size_t place = 0; place < order.size(); ++place)
        runs[std::get<3>(order[place])].number = place + 1;
    return runs;
}

Prior read_prior_file(const std::string& path, const SweepSpec& spec, Messages& messages) {
    const std::string name = shown_name(path);
    const std::vector<FileRun> runs =
        is_csv(path) ? runs_in_csv(read_text(path), name, spec) : read_runs_file(path);
    CheckedPrior checked = check_prior(spec, prior_of(spec, name, {runs.begin(), runs.end()}));
    constexpr std::size_t kShown = 5;
    std::size_t left_out = 0;
    for (std::size_t i = 0; i < checked.faults.size();) {
        const std::size_t run = checked.faults[i].run;
        std::string why;
        for (; i < checked.faults.size() && checked.faults[i].run == run; ++i)
            why += (why.empty() ? "" : "; ") + checked.faults[i].message;
        if (++left_out > kShown) continue;
        messages.warning(place(name, runs[run].line) + "run '" + printable(runs[run].name) +
                         "' is left out: " + printable(why));
    }
    if (left_out > kShown)
        messages.warning("and " + counted(left_out - kShown, "more run") + " of " + printable(name));
    if (checked.useless) throw CliError(kError, printable(name) + ": " + printable(*checked.useless));
    if (checked.finished_without > 0) {
        messages.warning(counted(checked.finished_without, "finished run") + " of " +
                         printable(name) + " without a number of '" +
                         printable(checked.prior.metric) + "': to the search as good as failed");
    }
    return std::move(checked.prior);
}

}  // namespace sweepctl::cli
