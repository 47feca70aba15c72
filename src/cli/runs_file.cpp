#include "cli/runs_file.hpp"

#include "sweepctl/base/shown.hpp"
#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/run_state.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
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

/// One line of the file, with its place for what is wrong with it.
class Line {
public:
    Line(const std::string& file, std::size_t number) : file_(file), number_(number) {}

    [[noreturn]] void refuse(const std::string& what, const std::string& hint = {}) const {
        throw CliError(kError, printable(file_) + ":" + std::to_string(number_) + ": " + what,
                       hint);
    }

    [[nodiscard]] FileRun run(std::string_view text) const {
        auto json = parse_json(text);
        if (!json) {
            refuse("not JSON: " + json.error().message + " at byte " +
                   std::to_string(json.error().offset + 1));
        }
        auto* object = std::get_if<ParamMap>(&(*json).content());
        if (object == nullptr) refuse("a run is an object");
        FileRun run;
        for (auto& [key, value] : *object) {
            if (key == "name") run.name = word(key, value);
            if (key == "state") run.state = word(key, value);
            if (key == "config") run.config = map(key, value);
            if (key == "summary") run.summary = map(key, value);
            if (key != "history" || value.is_null()) continue;
            auto* rows = std::get_if<ParamList>(&value.content());
            if (rows == nullptr) refuse("'history' must be a list of objects");
            for (ParamValue& row : *rows)
                run.history.push_back(map("history", row));
        }
        if (run.name.empty()) refuse("the run has no 'name'");
        if (run.state.empty()) refuse("the run has no 'state'");
        if (!run_state_from(run.state)) {
            refuse("unknown state '" + shown(run.state) + "'",
                   "known: pending, running, finished, failed, crashed, killed");
        }
        return run;
    }

private:
    [[nodiscard]] std::string word(const std::string& key, const ParamValue& value) const {
        if (value.is_null()) return {};
        const auto* text = value.get_if<std::string>();
        if (text == nullptr) refuse("'" + key + "' must be a text");
        return *text;
    }
    [[nodiscard]] ParamMap map(const std::string& key, ParamValue& value) const {
        if (value.is_null()) return {};
        auto* map = std::get_if<ParamMap>(&value.content());
        if (map == nullptr) {
            refuse(key == "history" ? "'history' must be a list of objects"
                                    : "'" + key + "' must be an object");
        }
        return std::move(*map);
    }

    const std::string& file_;
    std::size_t number_;
};

}  // namespace

std::vector<FileRun> read_runs_file(const std::string& path) {
    const bool input = path == "-";
    const std::string name = input ? "<stdin>" : path;
    const UniqueFd file(input ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!input && !file.valid()) cannot_read(path, errno);
    const std::string text = read_all(input ? STDIN_FILENO : file.get(), name);
    std::vector<FileRun> runs;
    std::string_view rest = text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::string_view line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(line.size() == rest.size() ? line.size() : line.size() + 1);
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        runs.push_back(Line(name, number).run(line));
    }
    return runs;
}

}  // namespace sweepctl::cli
