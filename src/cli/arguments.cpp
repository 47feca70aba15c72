#include "cli/arguments.hpp"

#include "sweepctl/base/did_you_mean.hpp"

#include "cli/cli_error.hpp"
#include "cli/id_word.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace sweepctl::cli {

struct Arguments::Parser {
    CLI::App app;

    Parser() {
        app.set_help_flag();  // "--help" is answered before anything is parsed.
        app.allow_windows_style_options(false);
    }
};

namespace {

std::vector<std::string> split_names(const std::string& names) {
    std::vector<std::string> out;
    std::size_t begin = 0;
    while (begin <= names.size()) {
        const std::size_t end = std::min(names.find(',', begin), names.size());
        out.push_back(names.substr(begin, end - begin));
        begin = end + 1;
    }
    return out;
}

ArgumentInfo info_of(const std::string& names,
                     ValueKind kind,
                     const std::string& value_name,
                     const std::string& description) {
    ArgumentInfo info;
    if (!names.empty()) info.names = split_names(names);
    info.kind = kind;
    info.value_name = value_name;
    info.description = description;
    return info;
}

std::string joined(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
        out += "'" + words[i] + "'";
    }
    return out;
}

/// Each use replaces the one before, so that an alias may hold options that can be overridden.
CLI::Option* last_wins(CLI::Option* option) {
    return option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint = {}) {
    throw CliError(kUsage, message, hint);
}

/// What can be seen to be no id is refused before a controller is asked, or even started.
void check_word(ValueKind kind, const std::string& word) {
    switch (kind) {
        case ValueKind::sweep:
        case ValueKind::run:
        case ValueKind::sweep_or_run:
        case ValueKind::agent: static_cast<void>(parse_id(word)); break;
        case ValueKind::text:
        case ValueKind::number:
        case ValueKind::duration:
        case ValueKind::file:
        case ValueKind::file_or_sweep:
        case ValueKind::directory:
        case ValueKind::url:
        case ValueKind::assignment:
        case ValueKind::choice: break;
    }
}

/// The option called `name`, or null.
const ArgumentInfo* option_called(const std::vector<ArgumentInfo>& infos, const std::string& name) {
    const auto found = std::find_if(infos.begin(), infos.end(), [&](const ArgumentInfo& info) {
        return std::find(info.names.begin(), info.names.end(), name) != info.names.end();
    });
    return found == infos.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_option(const std::vector<ArgumentInfo>& infos, const std::string& word) {
    std::vector<std::string_view> names;
    for (const ArgumentInfo& info : infos)
        names.insert(names.end(), info.names.begin(), info.names.end());
    const std::string_view near = did_you_mean(word, names);
    refuse("there is no option '" + printable(word) + "'",
           near.empty() ? "" : "did you mean '" + std::string(near) + "'?");
}

/// Refuses what the parser would, in words that say what would be right. (A value may begin with a
/// dash: --sort -accuracy.)
void check_options(const std::vector<ArgumentInfo>& infos, const std::vector<std::string>& words) {
    for (std::size_t i = 0; i < words.size() && words[i] != "--"; ++i) {
        const std::string& word = words[i];
        if (word.size() < 2 || word[0] != '-') continue;
        const bool long_form = word[1] == '-';
        const std::string name = long_form ? word.substr(0, word.find('=')) : word.substr(0, 2);
        const ArgumentInfo* info = option_called(infos, name);
        if (info == nullptr) refuse_option(infos, long_form ? name : word);
        const bool joined = word.size() > name.size();  // --name=value, -nvalue
        if (info->flag()) {
            if (joined && long_form) refuse(name + " takes no value");
        } else if (joined ? word == name + "=" : i + 1 == words.size()) {
            refuse(name + " needs a value: " + info->description);
        } else if (!joined) {
            ++i;
        }
    }
}

}  // namespace

const std::string& ArgumentInfo::title() const {
    return names.empty() ? value_name : names.back();
}

Arguments::Arguments() : parser_(std::make_unique<Parser>()) {}
Arguments::~Arguments() = default;

void Arguments::flag(const std::string& names, bool& target, const std::string& description) {
    infos_.push_back(info_of(names, ValueKind::text, {}, description));
    last_wins(parser_->app.add_flag(names, target));
}

void Arguments::option(const std::string& names,
                       std::optional<std::string>& target,
                       ValueKind kind,
                       const std::string& value_name,
                       const std::string& description) {
    infos_.push_back(info_of(names, kind, value_name, description));
    last_wins(parser_->app.add_option_function<std::string>(
        names, [&target](const std::string& text) { target = text; }));
}

void Arguments::option(const std::string& names,
                       std::vector<std::string>& target,
                       ValueKind kind,
                       const std::string& value_name,
                       const std::string& description) {
    infos_.push_back(info_of(names, kind, value_name, description));
    infos_.back().many = true;
    parser_->app
        .add_option_function<std::vector<std::string>>(
            names, [&target](const std::vector<std::string>& words) { target = words; })
        ->allow_extra_args(false);
}

void Arguments::option(const std::string& names,
                       std::optional<std::uint64_t>& target,
                       const std::string& value_name,
                       const std::string& description) {
    infos_.push_back(info_of(names, ValueKind::number, value_name, description));
    const std::string title = infos_.back().title();
    last_wins(parser_->app.add_option_function<std::string>(names, [&target, title](
                                                                       const std::string& text) {
        std::uint64_t number = 0;
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc{} || rest != end) {
            refuse(title + " takes a whole number of zero or more, not '" + printable(text) + "'");
        }
        target = number;
    }));
}

void Arguments::option(const std::string& names,
                       std::optional<std::string>& target,
                       std::vector<std::string> choices,
                       const std::string& value_name,
                       const std::string& description) {
    ArgumentInfo info = info_of(names, ValueKind::choice, value_name, description);
    info.choices = choices;
    infos_.push_back(std::move(info));
    const std::string title = infos_.back().title();
    last_wins(parser_->app.add_option_function<std::string>(
        names, [&target, title, choices = std::move(choices)](const std::string& text) {
            if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
                refuse(title + " takes " + joined(choices) + ", not '" + printable(text) + "'");
            }
            target = text;
        }));
}

void Arguments::positional(std::string& target,
                           ValueKind kind,
                           const std::string& value_name,
                           const std::string& description) {
    infos_.push_back(info_of({}, kind, value_name, description));
    infos_.back().required = true;
    parser_->app.add_option_function<std::string>(value_name,
                                                  [&target, kind](const std::string& word) {
                                                      check_word(kind, word);
                                                      target = word;
                                                  });
}

void Arguments::positional(std::vector<std::string>& target,
                           ValueKind kind,
                           const std::string& value_name,
                           const std::string& description,
                           bool required) {
    infos_.push_back(info_of({}, kind, value_name, description));
    infos_.back().required = required;
    infos_.back().many = true;
    parser_->app.add_option_function<std::vector<std::string>>(
        value_name, [&target, kind](const std::vector<std::string>& words) {
            for (const std::string& word : words)
                check_word(kind, word);
            target = words;
        });
}

void Arguments::positional(std::string& target,
                           std::vector<std::string> choices,
                           const std::string& value_name,
                           const std::string& description) {
    ArgumentInfo info = info_of({}, ValueKind::choice, value_name, description);
    info.choices = choices;
    info.required = true;
    infos_.push_back(std::move(info));
    parser_->app.add_option_function<std::string>(
        value_name, [&target, value_name, choices = std::move(choices)](const std::string& text) {
            if (std::find(choices.begin(), choices.end(), text) == choices.end()) {
                refuse(value_name + " must be " + joined(choices) + ", not '" + printable(text) +
                       "'");
            }
            target = text;
        });
}

void Arguments::parse(const std::vector<std::string>& words) {
    check_options(infos_, words);
    try {
        std::vector<std::string> reversed(words.rbegin(), words.rend());
        parser_->app.parse(std::move(reversed));
    } catch (const CLI::ExtrasError&) {
        const auto extra = parser_->app.remaining();
        refuse("unexpected argument '" + printable(extra.empty() ? "" : extra.front()) + "'");
    } catch (const CLI::ParseError& error) {
        refuse(printable(error.what()));
    }
    for (const ArgumentInfo& info : infos_) {
        if (info.required && parser_->app.count(info.title()) == 0) {
            refuse("missing " + info.value_name + ": " + info.description);
        }
    }
}

}  // namespace sweepctl::cli
