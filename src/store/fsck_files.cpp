#include "sweepctl/base/shown.hpp"

#include "store/fsck_check.hpp"

#include <charconv>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

namespace sweepctl {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kHasSweep = "SELECT 1 FROM sweeps WHERE id = ?1 AND deleted = 0";
constexpr std::string_view kAttemptOf =
    "SELECT runs.attempt FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE runs.id = ?1 AND sweeps.id = ?2 AND sweeps.deleted = 0";
constexpr std::string_view kLiveHere =
    "SELECT sweeps.id, runs.id, runs.attempt FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
    " JOIN agents ON agents.id = runs.claim_agent WHERE agents.local = 1"
    " AND runs.state = 'running' AND sweeps.deleted = 0";

/// "r1.2.log", "r1.2.metrics.jsonl": what a run's files are called; nullopt: not so.
struct FileName {
    std::string run;
    std::uint32_t attempt = 0;
};
std::optional<FileName> parse_name(std::string_view name) {
    const std::size_t dot = name.find('.');
    const std::size_t next = dot == std::string_view::npos ? dot : name.find('.', dot + 1);
    if (next == std::string_view::npos) return std::nullopt;
    FileName file;
    file.run = name.substr(0, dot);
    const char* const end = name.data() + next;
    const auto read = std::from_chars(name.data() + dot + 1, end, file.attempt);
    if (read.ec != std::errc{} || read.ptr != end) return std::nullopt;
    return file;
}

std::string sweeps_directory(const std::string& home) {
    return home + "/sweeps";
}

bool there(const std::string& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(path, ignored));
}

class FilesCheck {
public:
    FilesCheck(sqlite::Database& database, const std::string& home, FsckReport& findings)
        : directory_(sweeps_directory(home)),
          findings_(findings),
          has_sweep_(database.prepare(kHasSweep)),
          attempt_of_(database.prepare(kAttemptOf)),
          live_here_(database.prepare(kLiveHere)) {}

    void run(const RunFiles& files) {
        for (const auto& [sweep, names] : files.by_sweep) {
            if (!has_sweep_.query(sweep).next()) {
                report(directory_ + "/" + sweep, sweep, "there is no sweep '" + shown(sweep) + "'");
                continue;
            }
            for (const std::string& name : names)
                check_file(sweep, name);
        }
        for (sqlite::Rows row = live_here_.query(); row.next();) {
            const std::string path = directory_ + "/" + row.string(0) + "/" + row.string(1) + "." +
                                     std::to_string(row.integer(2)) + ".log";
            if (!there(path)) {
                findings_.add("log_missing", row.string(1),
                              "is running, but '" + path + "' is not there");
            }
        }
    }

private:
    void check_file(const std::string& sweep, const std::string& name) {
        const std::string path = directory_ + "/" + sweep + "/" + name;
        const auto file = parse_name(name);
        if (!file) {
            // What clients stored lies in a run's own directory. All else is made by a program, or
            // by somebody.
            if (there(path + "/files") && !attempt_of_.query(name, sweep).next())
                report(path, name, "the sweep has no run '" + shown(name) + "'");
            return;
        }
        sqlite::Rows row = attempt_of_.query(file->run, sweep);
        if (!row.next()) {
            report(path, file->run, "the sweep has no run '" + shown(file->run) + "'");
        } else if (row.get<std::uint32_t>(0) < file->attempt) {
            report(path, file->run, "the run is only at attempt " + std::to_string(row.integer(0)));
        }
    }

    /// Unless it went with its run while we were looking.
    void report(const std::string& path, const std::string& id, const std::string& why) {
        if (there(path))
            findings_.add("file_without_run", id, "'" + shown(path, 200) + "': " + why);
    }

    std::string directory_;
    FsckReport& findings_;
    sqlite::Statement has_sweep_;
    sqlite::Statement attempt_of_;
    sqlite::Statement live_here_;
};

}  // namespace

RunFiles list_run_files(const std::string& home) {
    RunFiles files;
    std::error_code error;
    // What cannot be listed is not there for us: a fresh state directory has none.
    for (fs::directory_iterator sweep(sweeps_directory(home), error), end; !error && sweep != end;
         sweep.increment(error)) {
        std::error_code inner;
        if (!sweep->is_directory(inner)) continue;
        auto& names = files.by_sweep[sweep->path().filename()];
        for (fs::directory_iterator file(sweep->path(), inner); !inner && file != end;
             file.increment(inner))
            names.push_back(file->path().filename());
    }
    return files;
}

void check_files(sqlite::Database& database,
                 const RunFiles& files,
                 const std::string& home,
                 FsckReport& findings) {
    FilesCheck(database, home, findings).run(files);
}

}  // namespace sweepctl
