#include "cli/help.hpp"

#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace sweepctl::cli {

namespace {

constexpr std::size_t kWidth = 80;

using Rows = std::vector<std::pair<std::string, std::string>>;

/// `text` in lines of at most kWidth columns, each after `indent` spaces; the first goes on a line
/// that has begun.
std::string wrapped(std::string_view text, std::size_t indent) {
    std::string out;
    std::size_t column = indent;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        const std::string_view word = text.substr(at, end - at);
        if (column > indent && column + 1 + word.size() > kWidth) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += word.size();
        at = end + 1;
    }
    return out;
}

/// The width of the longest name, of those that are not too long to stand beside their text.
std::size_t names_width(const Rows& rows) {
    constexpr std::size_t kMost = 26;
    std::size_t width = 0;
    for (const auto& row : rows) {
        if (row.first.size() <= kMost) width = std::max(width, row.first.size());
    }
    return width;
}

std::string two_columns(const Rows& rows, std::size_t left) {
    std::string out;
    for (const auto& [name, text] : rows) {
        out += "  " + name;
        const std::size_t begin = left + 4;
        if (name.size() > left) {
            out += "\n" + std::string(begin, ' ');
        } else {
            out += std::string(begin - 2 - name.size(), ' ');
        }
        out += wrapped(text, begin) + "\n";
    }
    return out;
}

std::string option_names(const ArgumentInfo& info) {
    std::string out;
    for (const std::string& name : info.names) {
        // Those with a long name only stand in the same column as the others' long names.
        if (out.empty() && name.size() > 2) out += "    ";
        if (!out.empty() && out.back() != ' ') out += ", ";
        out += name;
    }
    return info.flag() ? out : out + " " + info.value_name;
}

}  // namespace

void declare_globals(Arguments& arguments, GlobalOptions& globals) {
    arguments.option("--server", globals.server, ValueKind::url, "URL",
                     "the controller to talk to, instead of SWEEPCTL_SERVER (its token: "
                     "SWEEPCTL_TOKEN)");
    arguments.option("--home", globals.home, ValueKind::directory, "DIR",
                     "the state directory, instead of SWEEPCTL_HOME");
}

std::string overview_text() {
    std::string out =
        "usage: sweepctl VERB [ARGUMENT...]\n"
        "\n"
        "Launches hyperparameter sweeps from W&B sweep files, runs them on this machine,\n"
        "and tells the truth about every run. The controller starts by itself.\n";
    std::string_view group;
    Rows rows;
    std::size_t width = 0;
    for (const Verb* verb : all_verbs())
        width = std::max(width, verb->name.size());
    const auto end_group = [&] {
        if (!rows.empty()) out += "\n" + std::string(group) + "\n" + two_columns(rows, width);
        rows.clear();
    };
    for (const Verb* verb : all_verbs()) {
        if (verb->group.empty()) continue;
        if (verb->group != group) end_group();
        group = verb->group;
        rows.emplace_back(verb->name, verb->summary);
    }
    end_group();
    out +=
        "\n"
        "'sweepctl VERB --help' says more about each. Ids: ID, PROJECT/ID or\n"
        "ENTITY/PROJECT/ID, where ID may be cut to what is unique.\n"
        "\n"
        "SWEEPCTL_HOME is the state directory (~/.local/state/sweepctl); SWEEPCTL_SERVER\n"
        "and SWEEPCTL_TOKEN name a controller elsewhere.\n"
        "\n"
        "Exit codes: 0 ok, 1 error, 2 usage, 3 not found, 4 wrong state, 5 gave up or sweep\n"
        "failed, 6 sweep ended but a run did not finish, 124 timed out, 130 detached.\n";
    return out;
}

std::string usage_line(const Verb& verb, const Arguments& arguments) {
    std::string out = "usage: sweepctl " + std::string(verb.name);
    for (const ArgumentInfo& info : arguments.infos()) {
        if (!info.positional()) continue;
        const std::string word = info.value_name + (info.many ? "..." : "");
        out += info.required ? " " + word : " [" + word + "]";
    }
    return out + " [OPTION...]";
}

std::string verb_text(const Verb& verb, const Arguments& arguments) {
    std::string out = usage_line(verb, arguments) + "\n\n" + wrapped(verb.summary, 0) + "\n";
    if (!verb.details.empty()) {
        out += "\n";
        std::string_view rest = verb.details;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            out += wrapped(rest.substr(0, end), 0) + "\n";
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    Rows positionals;
    Rows options;
    for (const ArgumentInfo& info : arguments.infos()) {
        if (info.hidden()) continue;
        if (info.positional()) {
            positionals.emplace_back(info.value_name, info.description);
        } else {
            options.emplace_back(option_names(info), info.description);
        }
    }
    options.emplace_back("-h, --help", "print this");
    if (!positionals.empty())
        out += "\narguments\n" + two_columns(positionals, names_width(positionals));
    out += "\noptions\n" + two_columns(options, names_width(options));
    if (!verb.examples.empty()) {
        out += "\nexamples\n";
        std::string_view rest = verb.examples;
        while (!rest.empty()) {
            const std::size_t end = std::min(rest.find('\n'), rest.size());
            out += "  " + std::string(rest.substr(0, end)) + "\n";
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return out;
}

}  // namespace sweepctl::cli
