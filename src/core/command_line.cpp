#include "sweepctl/core/command_line.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"

#include "core/macro_text.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>
#include <utility>

namespace sweepctl {

namespace {

enum class Macro : std::uint8_t {
    env,
    interpreter,
    program,
    args,
    args_no_equals,
    args_no_hyphens,
    args_no_boolean_flags,
    args_dotted,
    args_json,
    args_json_file,
    args_append_hydra,
    args_override_hydra,
};

constexpr std::array<std::pair<std::string_view, Macro>, 12> kMacros{{
    {"env", Macro::env},
    {"interpreter", Macro::interpreter},
    {"program", Macro::program},
    {"args", Macro::args},
    {"args_no_equals", Macro::args_no_equals},
    {"args_no_hyphens", Macro::args_no_hyphens},
    {"args_no_boolean_flags", Macro::args_no_boolean_flags},
    {"args_dotted", Macro::args_dotted},
    {"args_json", Macro::args_json},
    {"args_json_file", Macro::args_json_file},
    {"args_append_hydra", Macro::args_append_hydra},
    {"args_override_hydra", Macro::args_override_hydra},
}};

/// How many defaults of `${envvar:X:-default}` may stand inside each other.
constexpr int kDefaultsMax = 8;

/// So many unknown names of a command are compared with the known ones: each costs their number.
constexpr std::size_t kComparedMax = 200;

constexpr std::string_view kNoProgramHint =
    "add the key 'program', or name the script in 'command' instead of '${program}'";

std::optional<Macro> macro_named(std::string_view name) {
    for (const auto& [known, macro] : kMacros) {
        if (known == name) return macro;
    }
    return std::nullopt;
}

const std::vector<std::string>& chunks_of(const std::vector<std::string>& command) {
    return command.empty() ? default_command() : command;
}

std::string did_you_mean_macro(std::string_view name,
                               const std::vector<std::string_view>& parameters) {
    std::vector<std::string_view> names;
    names.reserve(kMacros.size() + parameters.size());
    for (const auto& known : kMacros)
        names.push_back(known.first);
    names.insert(names.end(), parameters.begin(), parameters.end());
    const std::string_view nearest = did_you_mean(name, names);
    return nearest.empty() ? std::string{} : "did you mean '${" + std::string(nearest) + "}'?";
}

CommandError unknown_macro(std::size_t chunk,
                           std::string_view name,
                           const std::vector<std::string_view>& parameters) {
    std::string hint = did_you_mean_macro(name, parameters);
    if (hint.empty()) {
        hint = "known: ";
        for (const auto& known : kMacros)
            hint.append("${").append(known.first).append("}, ");
        hint += "${envvar:X}, ${NAME} of a parameter";
    }
    return {chunk, "unknown macro '${" + shown(name) + "}'", std::move(hint)};
}

class Expansion {
public:
    explicit Expansion(const CommandInput& input) : input_(input) {}

    Result<std::vector<std::string>, CommandError> run() {
        const std::vector<std::string>& chunks = chunks_of(input_.command);
        for (chunk_ = 0; chunk_ < chunks.size(); ++chunk_) {
            const MacroText text(chunks[chunk_]);
            if (const auto name = text.whole()) {
                whole(*name);
            } else {
                put(expanded(text, 0));
            }
            if (error_) return Failure{std::move(*error_)};
        }
        return std::move(argv_);
    }

private:
    void fail(std::string message, std::string hint) {
        if (!error_) error_ = CommandError{chunk_, std::move(message), std::move(hint)};
    }
    void put(std::string argument) {
        if (argument.find('\0') != std::string::npos) {
            return fail("an argument would hold a NUL byte, which no program can be given",
                        "take '\\0' out of the value");
        }
        argv_.push_back(std::move(argument));
    }

    void whole(std::string_view name) {
        if (const auto macro = macro_named(name)) return expand(*macro);
        if (const auto variable = EnvReference::read(name)) return put(value_of(*variable, 0));
        if (const ParamValue* value = value_named(name)) {
            return put(python_str(*value));
        }
        std::vector<std::string_view> names;
        for (const auto& entry : input_.config)
            names.emplace_back(entry.first);
        error_ = unknown_macro(chunk_, name, names);
    }

    /// The value that a dotted name stands for: of a whole name first, since names may hold dots.
    const ParamValue* value_named(std::string_view name) {
        if (parameters_.empty()) {
            for (const auto& [known, value] : input_.config)
                parameters_.emplace(known, &value);
        }
        const auto top = [&](std::string_view key) {
            const auto found = parameters_.find(key);
            return found == parameters_.end() ? nullptr : found->second;
        };
        if (const ParamValue* value = top(name)) return value;
        for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
             dot = name.find('.', dot + 1)) {
            const ParamValue* group = top(name.substr(0, dot));
            if (group == nullptr) continue;
            if (const ParamValue* value = value_below(*group, name.substr(dot + 1))) return value;
        }
        return nullptr;
    }
    static const ParamValue* value_below(const ParamValue& group, std::string_view name) {
        const auto* map = group.get_if<ParamMap>();
        if (map == nullptr) return nullptr;
        if (const ParamValue* value = find(*map, name)) return value;
        for (std::size_t dot = name.find('.'); dot != std::string_view::npos;
             dot = name.find('.', dot + 1)) {
            const ParamValue* inner = find(*map, name.substr(0, dot));
            if (inner == nullptr) continue;
            if (const ParamValue* value = value_below(*inner, name.substr(dot + 1))) return value;
        }
        return nullptr;
    }

    std::string expanded(const MacroText& text, int depth) {
        std::string out;
        for (const MacroText::Piece& piece : text.pieces()) {
            if (piece.literal) {
                out += piece.text;
            } else if (const auto variable = EnvReference::read(piece.text)) {
                out += value_of(*variable, depth);
            } else if (const ParamValue* value = value_named(piece.text)) {
                out += python_str(*value);
            } else {
                out.append("${").append(piece.text).append("}");
            }
        }
        return out;
    }

    std::string value_of(const EnvReference& variable, int depth) {
        if (!variable.valid) {
            fail(variable.complaint(), std::string(EnvReference::kHint));
            return {};
        }
        auto value = input_.env ? input_.env(variable.name) : std::nullopt;
        if (variable.fallback && (!value || value->empty())) {
            if (depth >= kDefaultsMax) {
                fail("'${envvar:...}' nested too deeply", "use fewer defaults inside defaults");
                return {};
            }
            return expanded(MacroText(*variable.fallback), depth + 1);
        }
        if (!value) {
            const std::string name(variable.name);
            fail("environment variable '" + name + "' is not set",
                 "set it, or give a default: '${envvar:" + name + ":-default}'");
            return {};
        }
        return std::move(*value);
    }

    void expand(Macro macro) {
        switch (macro) {
            case Macro::env: return put("/usr/bin/env");
            case Macro::interpreter: return put(input_.interpreter);
            case Macro::program:
                if (input_.program) return put(*input_.program);
                return fail("'${program}' is used, but there is no program",
                            std::string(kNoProgramHint));
            case Macro::args: return each("--", "=");
            case Macro::args_no_hyphens: return each("", "=");
            case Macro::args_append_hydra: return each("+", "=");
            case Macro::args_override_hydra: return each("++", "=");
            case Macro::args_no_equals:
                for (const auto& [name, value] : input_.config) {
                    put("--" + name);
                    put(python_str(value));
                }
                return;
            case Macro::args_no_boolean_flags:
                for (const auto& [name, value] : input_.config) {
                    if (const bool* flag = value.get_if<bool>()) {
                        if (*flag) put("--" + name);
                    } else {
                        put("--" + name + "=" + python_str(value));
                    }
                }
                return;
            case Macro::args_dotted: return dotted("--", input_.config);
            case Macro::args_json: return put(python_json(input_.config));
            case Macro::args_json_file: return put(input_.json_file);
        }
    }
    void each(std::string_view before, std::string_view between) {
        for (const auto& [name, value] : input_.config) {
            std::string argument(before);
            put(argument.append(name).append(between).append(python_str(value)));
        }
    }
    void dotted(const std::string& before, const ParamMap& map) {
        for (const auto& [name, value] : map) {
            if (const auto* group = value.get_if<ParamMap>(); group != nullptr && !group->empty()) {
                dotted(before + name + ".", *group);
            } else {
                put(before + name + "=" + python_str(value));
            }
        }
    }

    const CommandInput& input_;
    std::unordered_map<std::string_view, const ParamValue*> parameters_;  ///< made when needed
    std::size_t chunk_ = 0;
    std::vector<std::string> argv_;
    std::optional<CommandError> error_;
};

/// The dotted names that `${...}` can be: of every parameter, and of every group above one.
std::vector<std::string> dotted_names(const std::vector<std::vector<std::string>>& paths) {
    std::vector<std::string> names;
    for (const std::vector<std::string>& path : paths) {
        std::string name;
        for (const std::string& level : path) {
            if (!name.empty()) name.push_back('.');
            name += level;
            names.push_back(name);
        }
    }
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

class Inspection {
public:
    explicit Inspection(const CommandShape& shape)
        : shape_(shape), dotted_(dotted_names(shape.parameters)) {
        names_.assign(dotted_.begin(), dotted_.end());
    }

    std::vector<CommandRemark> run() {
        const std::vector<std::string>& chunks = chunks_of(shape_.command);
        for (chunk_ = 0; chunk_ < chunks.size(); ++chunk_) {
            if (chunks[chunk_].find('\0') != std::string::npos) {
                remark(true, "the chunk holds a NUL byte, which no program can be given",
                       "take '\\0' out of it");
                continue;
            }
            const MacroText text(chunks[chunk_]);
            if (const auto name = text.whole()) {
                whole(*name);
                continue;
            }
            for (const MacroText::Piece& piece : text.pieces()) {
                if (!piece.literal) inside(piece.text);
            }
        }
        return std::move(remarks_);
    }

private:
    void remark(bool error, std::string message, std::string hint) {
        remarks_.push_back({error, {chunk_, std::move(message), std::move(hint)}});
    }

    bool may_compare() { return ++compared_ <= kComparedMax; }

    /// A name below a parameter's is taken for a key of its values (a list of maps).
    [[nodiscard]] bool is_parameter(std::string_view name) const {
        for (std::size_t end = name.size();; end = name.rfind('.', end - 1)) {
            if (end == std::string_view::npos) return false;
            if (std::binary_search(names_.begin(), names_.end(), name.substr(0, end))) return true;
            if (end == 0) return false;
        }
    }
    bool is_variable(std::string_view name) {
        const auto variable = EnvReference::read(name);
        if (variable && !variable->valid) {
            remark(true, variable->complaint(), std::string(EnvReference::kHint));
        }
        return variable.has_value();
    }

    void whole(std::string_view name) {
        if (const auto macro = macro_named(name)) {
            if (*macro == Macro::program && !shape_.has_program) {
                remark(true, "'${program}' is used, but there is no program",
                       std::string(kNoProgramHint));
            }
            return;
        }
        if (is_variable(name) || is_parameter(name)) return;
        if (may_compare()) {
            remarks_.push_back({true, unknown_macro(chunk_, name, names_)});
        } else {
            remark(true, "unknown macro '${" + shown(name) + "}'", {});
        }
    }
    void inside(std::string_view name) {
        if (is_variable(name) || is_parameter(name)) return;
        const std::string text = "'${" + shown(name) + "}' inside a longer chunk stays as it is";
        if (macro_named(name)) {
            return remark(false, text,
                          "make it a chunk of its own; only parameters and "
                          "'${envvar:X}' are expanded inside one");
        }
        if (!may_compare()) return;
        if (std::string hint = did_you_mean_macro(name, names_); !hint.empty()) {
            remark(false, text, std::move(hint));
        }
    }

    const CommandShape& shape_;
    std::vector<std::string> dotted_;
    std::vector<std::string_view> names_;
    std::size_t chunk_ = 0;
    std::size_t compared_ = 0;
    std::vector<CommandRemark> remarks_;
};

}  // namespace

Result<std::vector<std::string>, CommandError> expand_command(const CommandInput& input) {
    return Expansion(input).run();
}

std::vector<CommandRemark> check_command(const CommandShape& shape) {
    return Inspection(shape).run();
}

bool uses_json_file(const std::vector<std::string>& command) {
    const std::vector<std::string>& chunks = chunks_of(command);
    return std::find(chunks.begin(), chunks.end(), "${args_json_file}") != chunks.end();
}

const std::vector<std::string>& default_command() {
    static const std::vector<std::string> command{"${env}", "${interpreter}", "${program}",
                                                  "${args}"};
    return command;
}

}  // namespace sweepctl
