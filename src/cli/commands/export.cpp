#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/json_text.hpp"

#include "cli/cli_error.hpp"
#include "cli/commands/commands.hpp"
#include "cli/controller.hpp"
#include "cli/csv.hpp"
#include "cli/fields.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <set>

#include <fcntl.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

struct Options {
    std::string sweep;
    std::optional<std::string> format;
    std::optional<std::string> output;
};

/// What a search looks at beside a run's fields (core/told_run.hpp).
std::vector<std::string_view> told_fields() {
    std::vector<std::string_view> names = run_fields();
    names.insert(names.end(), {"number", "suggestion", "history"});
    return names;
}

void each_run(Session& session,
              const std::string& sweep,
              const std::function<void(const ParamValue&)>& each) {
    session.controller().each_item("sweeps/" + sweep + "/runs",
                                   {{"limit", "1000"}, {"histories", "1"}},
                                   [&](const ParamValue& run) {
                                       each(run);
                                       return true;
                                   });
}

/// The best of the values that a run logged; null: it logged none.
ParamValue best_of(const ParamValue& run, const std::string& metric, bool maximize) {
    std::optional<double> best;
    for (const ParamValue& line : list_field(run, "history")) {
        const std::optional<double> value = number_field(line, metric);
        if (value && (!best || (maximize ? *value > *best : *value < *best))) best = value;
    }
    return best ? ParamValue(*best) : ParamValue{};
}

/// A file that is gone with us, for rows that have to wait for the last column's name.
class Spool {
public:
    Spool() {
        const char* const directory = std::getenv("TMPDIR");
        const std::string path = directory == nullptr || *directory == '\0' ? "/tmp" : directory;
        file_ = UniqueFd(::open(path.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
        if (!file_.valid()) fail("cannot make a temporary file in '" + printable(path) + "'");
    }

    void add(const std::string& line) {
        buffer_ += line;
        buffer_ += '\n';
        if (buffer_.size() > kBuffer) flush();
    }

    /// Hands the lines back in order.
    void each_line(const std::function<void(std::string_view)>& each) {
        flush();
        if (::lseek(file_.get(), 0, SEEK_SET) != 0) fail("cannot read the temporary file");
        std::string held;
        std::array<char, kBuffer> piece{};
        for (;;) {
            const ssize_t got = ::read(file_.get(), piece.data(), piece.size());
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) fail("cannot read the temporary file");
            if (got == 0) return;
            held.append(piece.data(), static_cast<std::size_t>(got));
            std::size_t at = 0;
            for (std::size_t end = held.find('\n'); end != std::string::npos;
                 end = held.find('\n', at)) {
                each(std::string_view(held).substr(at, end - at));
                at = end + 1;
            }
            held.erase(0, at);
        }
    }

private:
    static constexpr std::size_t kBuffer = std::size_t{64} << 10;

    [[noreturn]] static void fail(const std::string& what) {
        throw CliError(kError, what + ": " + std::strerror(errno));
    }
    void flush() {
        if (!write_all(file_.get(), buffer_)) fail("cannot write the temporary file");
        buffer_.clear();
    }

    UniqueFd file_;
    std::string buffer_;
};

void export_jsonl(Session& session, Output& out, const std::string& sweep) {
    const std::vector<std::string_view> names = told_fields();
    each_run(session, sweep,
             [&](const ParamValue& run) { out.line(strict_json(project(run, names))); });
}

/// The runs of one moment: columns and rows come from one reading, so that no value of a run that
/// is still logging is without its column.
void export_csv(Session& session, Output& out, const ParamValue& sweep) {
    const ParamValue& goal = field(sweep, "metric");
    const std::string metric = text_field(goal, "name");
    const bool maximize = text_field(goal, "goal") == "maximize";
    Spool rows;
    std::set<std::string> config_names;
    std::set<std::string> summary_names;
    each_run(session, text_field(sweep, "id"), [&](const ParamValue& given) {
        ParamValue run = project(given, run_fields());
        std::get<ParamMap>(run.content()).emplace_back("best", best_of(given, metric, maximize));
        for (const auto& [name, value] : flatten(map_field(run, "config"))) {
            config_names.insert(name);
        }
        for (const auto& [name, value] : flatten(map_field(run, "summary"))) {
            summary_names.insert(name);
        }
        rows.add(to_json(run));
    });
    const CsvColumns columns(run_fields(), config_names, summary_names, metric);
    out.write(columns.header());
    rows.each_line([&](std::string_view line) {
        auto run = parse_json(line);
        if (run) out.write(columns.row(*run));
    });
}

int export_runs(Session& session, const Options& options) {
    const ParamValue sweep = session.controller().get(id_target("sweeps", options.sweep));
    UniqueFd file;
    if (options.output) {
        file = UniqueFd(
            ::open(options.output->c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
        if (!file.valid()) {
            throw CliError(kError, "cannot write '" + printable(*options.output) +
                                       "': " + std::strerror(errno));
        }
    }
    Output to_file(file.get(), "'" + printable(options.output.value_or("")) + "'");
    Output& out = options.output ? to_file : session.out;
    if (options.format.value_or("csv") == "csv") {
        export_csv(session, out, sweep);
    } else {
        export_jsonl(session, out, text_field(sweep, "id"));
    }
    out.flush();
    return kOk;
}

Action declare(Arguments& arguments) {
    const auto options = std::make_shared<Options>();
    arguments.positional(options->sweep, ValueKind::sweep, "SWEEP", "the sweep's id");
    arguments.option("--format", options->format, {"csv", "jsonl"}, "FORMAT", "csv unless given");
    arguments.option("-o,--output", options->output, ValueKind::file, "FILE", "instead of stdout");
    return [options](Session& session) { return export_runs(session, *options); };
}

}  // namespace

const Verb kExportVerb{
    .name = "export",
    .group = "data",
    .summary = "print a sweep's runs for another program",
    .details =
        "csv has a column for each field of 'runs --json', then config.NAME for each "
        "parameter and summary.NAME, the last value, for each metric, and best.NAME for the best "
        "value of the sweep's; what a run has not is empty. jsonl has the objects of 'runs "
        "--json', one a line, with the run's number in the sweep, its suggestion (the search's "
        "number; null: it was enqueued) and its history, all values of the sweep's metric. "
        "'suggest --runs', 'early-stop --runs' and 'launch --prior' read them.",
    .examples =
        "sweepctl export k3f9x2ab --format csv -o runs.csv\n"
        "sweepctl export k3f9x2ab --format jsonl | jq .config.lr",
    .declare = &declare,
};

}  // namespace sweepctl::cli
