#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/cli/cli.hpp"

#include "cli/cli_error.hpp"
#include "cli/help.hpp"
#include "cli/output.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"
#include "cli/verb.hpp"

#include <algorithm>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include <signal.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

constexpr std::string_view kVersionLine = "sweepctl " SWEEPCTL_VERSION "\n";

bool is_help(std::string_view word) {
    return word == "--help" || word == "-h";
}

/// Whether --help stands where an option may stand.
bool asks_for_help(const std::vector<std::string>& words) {
    const auto end = std::find(words.begin(), words.end(), "--");
    return std::any_of(words.begin(), end, is_help);
}

[[noreturn]] void refuse_verb(const std::string& word) {
    std::vector<std::string_view> names;
    for (const Verb* verb : all_verbs()) {
        if (!verb->group.empty()) names.push_back(verb->name);
    }
    const std::string_view near = did_you_mean(word, names);
    throw CliError(
        kUsage, "there is no verb '" + printable(word) + "'",
        near.empty() ? "see 'sweepctl --help'" : "did you mean '" + std::string(near) + "'?");
}

/// Takes the global options in front of the verb off `words` and returns them, to be parsed with
/// the verb's own.
std::vector<std::string> take_leading_options(std::vector<std::string>& words) {
    std::vector<std::string> taken;
    while (!words.empty() && words.front().size() > 1 && words.front()[0] == '-') {
        const std::string word = words.front();
        if (word != "--server" && word != "--home" && word.rfind("--server=", 0) != 0 &&
            word.rfind("--home=", 0) != 0) {
            throw CliError(kUsage, "there is no option '" + printable(word) + "' before the verb",
                           "see 'sweepctl --help'");
        }
        const std::size_t count = word.find('=') == std::string::npos ? 2 : 1;
        if (words.size() < count) throw CliError(kUsage, word + " needs a value");
        const auto end = words.begin() + static_cast<std::ptrdiff_t>(count);
        taken.insert(taken.end(), words.begin(), end);
        words.erase(words.begin(), end);
    }
    return taken;
}

int run_verb(Session& session, const Verb& verb, const std::vector<std::string>& words) {
    Arguments arguments;
    const Action action = verb.declare(arguments);
    declare_globals(arguments, session.globals);
    if (asks_for_help(words)) {
        session.out.write(verb_text(verb, arguments));
        session.out.flush();
        return kOk;
    }
    try {
        arguments.parse(words);
    } catch (const CliError& error) {
        session.messages.error(error.what(), error.hint());
        session.messages.note(usage_line(verb, arguments) + "; see 'sweepctl " +
                              std::string(verb.name) + " --help'");
        return error.code();
    }
    const int code = action(session);
    session.out.flush();
    return code;
}

int run_words(Session& session, std::vector<std::string> words) {
    if (words.empty()) {
        session.messages.text(overview_text());
        return kUsage;
    }
    if (is_help(words.front()) || (words.front() == "help" && words.size() == 1)) {
        session.out.write(overview_text());
        session.out.flush();
        return kOk;
    }
    if (words.front() == "help") words = {words[1], "--help"};
    std::vector<std::string> leading = take_leading_options(words);
    if (words.empty()) throw CliError(kUsage, "no verb given", "see 'sweepctl --help'");
    const Verb* const verb = find_verb(words.front());
    if (verb == nullptr) refuse_verb(words.front());
    words.erase(words.begin());
    leading.insert(leading.end(), words.begin(), words.end());
    return run_verb(session, *verb, leading);
}

/// What was said before an error is still true. (When this fails too, the error says enough.)
void flush_what_there_is(Session& session) {
    try {
        session.out.flush();
    } catch (const CliError& error) {
        session.messages.error(error.what());
    }
}

}  // namespace

int run(int argc, char** argv) {
    // The version is asked for by scripts and prompts: it costs no more than a process.
    if (argc == 2 && std::string_view(argv[1]) == "--version") {
        return write_all(STDOUT_FILENO, kVersionLine) ? kOk : kError;
    }
    // Whatever was inherited: "sweepctl events | head" ends when head does.
    ::signal(SIGPIPE, SIG_DFL);
    Session session;
    try {
        return run_words(session, {argv + std::min(argc, 1), argv + argc});
    } catch (const CliError& error) {
        flush_what_there_is(session);
        session.messages.error(error.what(), error.hint());
        return error.code();
    } catch (const std::exception& error) {
        flush_what_there_is(session);
        session.messages.error(printable(error.what()));
        return kError;
    }
}

}  // namespace sweepctl::cli
