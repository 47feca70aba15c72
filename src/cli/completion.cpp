#include "cli/completion.hpp"

#include "cli/help.hpp"
#include "cli/session.hpp"
#include "cli/shell_text.hpp"
#include "cli/verb.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepctl::cli {

namespace {

/// A verb and everything it declares, the global options last.
struct Entry {
    const Verb* verb;
    std::vector<ArgumentInfo> infos;
};

std::vector<Entry> entries() {
    std::vector<Entry> out;
    for (const Verb* verb : all_verbs()) {
        if (verb->group.empty()) continue;
        Arguments arguments;
        GlobalOptions globals;
        const Action action = verb->declare(arguments);
        declare_globals(arguments, globals);
        std::vector<ArgumentInfo> infos = arguments.infos();
        std::erase_if(infos, [](const ArgumentInfo& info) { return info.hidden(); });
        out.push_back({verb, std::move(infos)});
    }
    return out;
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
    std::string out;
    for (const std::string& word : words) {
        if (!out.empty()) out += separator;
        out += word;
    }
    return out;
}

/// The word that `sweepctl list-ids` takes; null for what is not an id.
const char* ids_of(ValueKind kind) {
    switch (kind) {
        case ValueKind::sweep:
        case ValueKind::file_or_sweep: return "sweeps";
        case ValueKind::run: return "runs";
        case ValueKind::sweep_or_run: return "sweeps runs";
        case ValueKind::agent: return "agents";
        case ValueKind::text:
        case ValueKind::number:
        case ValueKind::duration:
        case ValueKind::file:
        case ValueKind::directory:
        case ValueKind::url:
        case ValueKind::assignment:
        case ValueKind::choice: return nullptr;
    }
    return nullptr;
}

/// The positional that the next word is, after any number of others.
const ArgumentInfo* first_positional(const Entry& entry) {
    for (const ArgumentInfo& info : entry.infos) {
        if (info.positional()) return &info;
    }
    return nullptr;
}

std::vector<std::string> all_names(const Entry& entry) {
    std::vector<std::string> out;
    for (const ArgumentInfo& info : entry.infos) {
        out.insert(out.end(), info.names.begin(), info.names.end());
    }
    out.emplace_back("--help");
    return out;
}

std::string bash_value(const ArgumentInfo& info) {
    if (info.kind == ValueKind::choice) {
        return "COMPREPLY=($(compgen -W " + shell_text(joined(info.choices, " ")) +
               " -- \"$cur\"))";
    }
    if (info.kind == ValueKind::file) return "_sweepctl_files -f";
    if (info.kind == ValueKind::directory) return "_sweepctl_files -d";
    if (info.kind == ValueKind::file_or_sweep)
        return std::string("_sweepctl_files_or_ids ") + ids_of(info.kind);
    if (const char* ids = ids_of(info.kind)) return std::string("_sweepctl_ids ") + ids;
    return ":";
}

constexpr std::string_view kBashFunctions = R"(# bash completion for sweepctl
_sweepctl_ids() {
    local ids
    ids=$("${COMP_WORDS[0]}" list-ids "$@" 2>/dev/null) || return
    COMPREPLY=($(compgen -W "$ids" -- "$cur"))
}
_sweepctl_files() {
    compopt -o filenames 2>/dev/null
    local IFS=$'\n'
    COMPREPLY=($(compgen "$1" -- "$cur"))
}
_sweepctl_files_or_ids() {
    local ids
    _sweepctl_ids "$@"
    ids=("${COMPREPLY[@]}")
    _sweepctl_files -f
    COMPREPLY+=("${ids[@]}")
}
_sweepctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb="" i
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        case ${COMP_WORDS[i]} in
            --server | --home) ((i++)) ;;
            -*) ;;
            *) verb=${COMP_WORDS[i]}; break ;;
        esac
    done
)";

/// "[" and "]" and ":" mean something to _arguments.
std::string zsh_escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
        out += c;
    }
    return out;
}

std::string zsh_value(const ArgumentInfo& info) {
    const std::string head = ":" + zsh_escaped(info.value_name) + ":";
    if (info.kind == ValueKind::choice) return head + "(" + joined(info.choices, " ") + ")";
    if (info.kind == ValueKind::file) return head + "_files";
    if (info.kind == ValueKind::directory) return head + "_files -/";
    if (info.kind == ValueKind::file_or_sweep)
        return head + " _sweepctl_files_or_ids " + ids_of(info.kind);
    // The blank keeps _arguments from putting options of compadd before the words.
    if (const char* ids = ids_of(info.kind)) return head + " _sweepctl_ids " + ids;
    return head + " ";
}

std::string zsh_spec(const ArgumentInfo& info) {
    if (info.positional()) return shell_text((info.many ? "*" : "") + zsh_value(info));
    const std::string rest =
        "[" + zsh_escaped(info.description) + "]" + (info.flag() ? "" : zsh_value(info));
    if (info.names.size() == 1) return shell_text((info.many ? "*" : "") + info.names[0] + rest);
    return shell_text("(" + joined(info.names, " ") + ")") + "{" + joined(info.names, ",") + "}" +
           shell_text(rest);
}

std::string fish_value(const ArgumentInfo& info) {
    if (info.kind == ValueKind::file) return " -r -F";
    if (info.kind == ValueKind::file_or_sweep) {
        return std::string(" -r -F -a '(sweepctl list-ids ") + ids_of(info.kind) +
               " 2>/dev/null)'";
    }
    // -x: a value follows, and files are not offered for it.
    const std::string value = info.positional() ? "" : " -x";
    if (info.kind == ValueKind::choice) {
        return value + " -a " + shell_text(joined(info.choices, " "));
    }
    if (info.kind == ValueKind::directory) return value + " -a '(__fish_complete_directories)'";
    if (const char* ids = ids_of(info.kind)) {
        return value + " -a '(sweepctl list-ids " + ids + " 2>/dev/null)'";
    }
    return info.flag() ? "" : value;
}

std::string fish_names(const ArgumentInfo& info) {
    std::string out;
    for (const std::string& name : info.names) {
        out += name.size() == 2 ? " -s " + name.substr(1) : " -l " + name.substr(2);
    }
    return out;
}

}  // namespace

std::string bash_completion() {
    const std::vector<Entry> all = entries();
    std::vector<std::string> verbs;
    for (const Entry& entry : all)
        verbs.emplace_back(entry.verb->name);

    std::string out(kBashFunctions);
    out +=
        "    case $prev in\n"
        "        --home) _sweepctl_files -d; return ;;\n"
        "        --server) return ;;\n"
        "    esac\n"
        "    case $verb in\n"
        "        '') COMPREPLY=($(compgen -W " +
        shell_text(joined(verbs, " ") + " help --help --version --server --home") +
        " -- \"$cur\")) ;;\n"
        "        help) COMPREPLY=($(compgen -W " +
        shell_text(joined(verbs, " ")) + " -- \"$cur\")) ;;\n";
    for (const Entry& entry : all) {
        out += "        " + std::string(entry.verb->name) + ")\n            case $prev in\n";
        for (const ArgumentInfo& info : entry.infos) {
            if (info.positional() || info.flag()) continue;
            out += "                " + joined(info.names, " | ") + ") " + bash_value(info) +
                   "; return ;;\n";
        }
        out += "            esac\n            if [[ $cur == -* ]]; then\n";
        out += "                COMPREPLY=($(compgen -W " +
               shell_text(joined(all_names(entry), " ")) + " -- \"$cur\"))\n";
        if (const ArgumentInfo* positional = first_positional(entry)) {
            out += "            else\n                " + bash_value(*positional) + "\n";
        }
        out += "            fi\n            ;;\n";
    }
    return out + "    esac\n}\ncomplete -F _sweepctl sweepctl\n";
}

std::string zsh_completion() {
    const std::vector<Entry> all = entries();
    std::string out =
        "#compdef sweepctl\n"
        "# zsh completion for sweepctl\n"
        "_sweepctl_ids() {\n"
        "    local -a ids\n"
        "    ids=(${(f)\"$(sweepctl list-ids ${(z)*} 2>/dev/null)\"})\n"
        "    compadd -a ids\n"
        "}\n"
        "_sweepctl_files_or_ids() {\n"
        "    _sweepctl_ids \"$@\"\n"
        "    _files\n"
        "}\n"
        "_sweepctl_verbs() {\n"
        "    local -a verbs\n"
        "    verbs=(\n";
    for (const Entry& entry : all) {
        out += "        " +
               shell_text(zsh_escaped(entry.verb->name) + ":" + std::string(entry.verb->summary)) +
               "\n";
    }
    out +=
        "    )\n"
        "    _describe -t verbs verb verbs\n"
        "}\n"
        "_sweepctl() {\n"
        "    local context state state_descr line\n"
        "    typeset -A opt_args\n"
        "    _arguments -C '(- *)'{-h,--help}'[print help]' '(- *)--version[print the version]' "
        "\\\n"
        "        '--server[the controller to talk to]:URL: ' \\\n"
        "        '--home[the state directory]:DIR:_files -/' \\\n"
        "        '1:verb:_sweepctl_verbs' '*::argument:->arguments'\n"
        "    [[ $state == arguments ]] || return\n"
        "    case $words[1] in\n";
    for (const Entry& entry : all) {
        out += "        " + std::string(entry.verb->name) + ")\n            _arguments";
        for (const ArgumentInfo& info : entry.infos) {
            out += " \\\n                " + zsh_spec(info);
        }
        out += " \\\n                '(-h --help)'{-h,--help}'[print help]'\n            ;;\n";
    }
    return out +
           "    esac\n"
           "}\n"
           "if [[ $funcstack[1] == _sweepctl ]]; then\n"
           "    _sweepctl \"$@\"\n"
           "else\n"
           "    compdef _sweepctl sweepctl\n"
           "fi\n";
}

std::string fish_completion() {
    const std::vector<Entry> all = entries();
    std::vector<std::string> verbs;
    for (const Entry& entry : all)
        verbs.emplace_back(entry.verb->name);
    std::string out =
        "# fish completion for sweepctl\n"
        "complete -c sweepctl -f\n"
        "complete -c sweepctl -n __fish_use_subcommand -l version -d 'print the version'\n"
        "complete -c sweepctl -s h -l help -d 'print help'\n";
    for (const Entry& entry : all) {
        const std::string name(entry.verb->name);
        out += "complete -c sweepctl -n __fish_use_subcommand -a " + name + " -d " +
               shell_text(entry.verb->summary) + "\n";
        for (const ArgumentInfo& info : entry.infos) {
            const std::string value = fish_value(info);
            if (info.positional() && value.empty()) continue;
            out += "complete -c sweepctl -n '__fish_seen_subcommand_from " + name + "'" +
                   fish_names(info) + value + " -d " + shell_text(info.description) + "\n";
        }
    }
    return out;
}

}  // namespace sweepctl::cli
