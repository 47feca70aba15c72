#include "cli/launch_request.hpp"

#include "sweepctl/base/utf8.hpp"

#include "cli/cli_error.hpp"
#include "cli/home.hpp"
#include "cli/id_word.hpp"
#include "cli/json_view.hpp"
#include "cli/runs_file.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include <unistd.h>

namespace sweepctl::cli {

namespace {

bool on_this_machine(const ServerAddress& server) {
    return server.is_unix() || server.host == "localhost" || server.host == "::1" ||
           server.host.rfind("127.", 0) == 0;
}

ParamMap environment(Session& session) {
    ParamMap out;
    for (char** entry = environ; *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        const std::size_t equals = text.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        if (!is_utf8(text)) {
            session.messages.warning("the variable '" + printable(text.substr(0, equals)) +
                                     "' is not UTF-8; the runs will not have it");
            continue;
        }
        const std::string name(text.substr(0, equals));
        // As getenv() sees it: the first one counts.
        if (find(out, name) == nullptr)
            out.emplace_back(name, std::string(text.substr(equals + 1)));
    }
    return out;
}

/// The option, or the variable that W&B's own client looks at.
std::optional<std::string> or_variable(const std::optional<std::string>& option,
                                       const char* variable) {
    if (option) return option;
    const char* const value = std::getenv(variable);
    return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

/// What is there as a file is one, and what looks like the name of one is meant to be; else it is a
/// sweep.
bool is_file(const std::string& word) {
    std::error_code ignored;
    return word == "-" || word.find('.') != std::string::npos ||
           std::filesystem::exists(word, ignored);
}

ParamMap runs_of_sweep(const std::string& word) {
    const IdWord id = parse_id(word);
    ParamMap asked{{"sweep", id.id}};
    if (!id.project.empty()) asked.emplace_back("project", id.project);
    if (!id.entity.empty()) asked.emplace_back("entity", id.entity);
    return asked;
}

ParamMap runs_of(const Prior& prior) {
    ParamList runs;
    for (const PriorRun& run : prior.runs)
        runs.emplace_back(told(run, prior.metric));
    return {{"source", prior.source}, {"runs", std::move(runs)}};
}

ParamList prior_request(Session& session,
                        const std::vector<std::string>& words,
                        const SweepSpec& spec) {
    // A controller takes a request of 16 MiB, and there is more in it than these.
    constexpr std::size_t kMiB = std::size_t{1} << 20;
    constexpr std::size_t kBytesMax = 15 * kMiB;
    ParamList asked;
    std::size_t runs = 0;
    std::size_t bytes = 0;
    for (const std::string& word : words) {
        if (!is_file(word)) {
            asked.emplace_back(runs_of_sweep(word));
            continue;
        }
        const Prior prior = read_prior_file(word, spec, session.messages);
        runs += prior.runs.size();
        bytes += to_json_lines(prior).size();
        if (bytes > kBytesMax) {
            throw CliError(kError,
                           "'" + printable(word) + "' has " + std::to_string(prior.runs.size()) +
                               " runs" +
                               (runs > prior.runs.size()
                                    ? ", with the files before it " + std::to_string(runs)
                                    : "") +
                               ", " + std::to_string(bytes / kMiB) +
                               " MiB; a launch takes 15 MiB of them at most",
                           "the best ones and a sample of the others teach as much: a model is "
                           "made of a few hundred");
        }
        asked.emplace_back(runs_of(prior));
    }
    return asked;
}

}  // namespace

ParamValue launch_request(Session& session,
                          const SpecFile& file,
                          const SweepSpec& spec,
                          const LaunchOptions& options,
                          const ServerAddress& server) {
    if (options.parallel && *options.parallel == 0) {
        throw CliError(kUsage, "--parallel takes a number of one or more, not '0'",
                       "--paused starts nothing yet");
    }
    ParamMap body{{"spec", file.text}, {"file_name", file.name}, {"cwd", working_directory()}};
    const auto add = [&](const char* name, const std::optional<std::string>& value) {
        if (value) body.emplace_back(name, *value);
    };
    add("name", options.name);
    add("project", or_variable(options.project, "WANDB_PROJECT"));
    add("entity", or_variable(options.entity, "WANDB_ENTITY"));
    if (options.parallel) body.emplace_back("parallel", json_count(options.parallel));
    if (options.seed) body.emplace_back("seed", json_count(options.seed));
    if (!options.priors.empty()) body.emplace_back("prior", prior_request(session, options.priors, spec));
    if (options.paused) body.emplace_back("paused", true);
    if (options.strict) body.emplace_back("strict", true);
    if (on_this_machine(server)) body.emplace_back("env", environment(session));
    return body;
}

}  // namespace sweepctl::cli
