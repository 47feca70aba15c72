#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a verb takes on its command line. A verb declares it once; parsing, help and the shell
// completions are all made from that one declaration. (The parser is CLI11, in arguments.cpp.)

namespace sweepctl::cli {

/// What kind of word a value is: decides what a shell offers for it.
enum class ValueKind {
    text,
    number,
    duration,
    file,
    directory,
    url,
    sweep,
    run,
    sweep_or_run,
    file_or_sweep,
    agent,
    assignment,
    choice,  ///< one of `choices`
};

struct ArgumentInfo {
    std::vector<std::string> names;  ///< "-f", "--follow"; empty: positional
    std::string value_name;          ///< "SWEEP"; empty: a flag
    ValueKind kind = ValueKind::text;
    std::vector<std::string> choices;
    std::string description;
    bool required = false;
    bool many = false;

    [[nodiscard]] bool positional() const { return names.empty(); }
    [[nodiscard]] bool flag() const { return value_name.empty(); }
    /// For our own processes, and in no help text: it has no description.
    [[nodiscard]] bool hidden() const { return description.empty(); }
    /// The long name, else the short one; the value's name of a positional.
    [[nodiscard]] const std::string& title() const;
};

class Arguments {
public:
    Arguments();
    ~Arguments();
    Arguments(const Arguments&) = delete;
    Arguments& operator=(const Arguments&) = delete;

    /// `names` like "-f,--follow". The targets must outlive parse().
    void flag(const std::string& names, bool& target, const std::string& description);
    void option(const std::string& names,
                std::optional<std::string>& target,
                ValueKind kind,
                const std::string& value_name,
                const std::string& description);
    /// May be given several times.
    void option(const std::string& names,
                std::vector<std::string>& target,
                ValueKind kind,
                const std::string& value_name,
                const std::string& description);
    void option(const std::string& names,
                std::optional<std::uint64_t>& target,
                const std::string& value_name,
                const std::string& description);
    /// A value out of `choices`.
    void option(const std::string& names,
                std::optional<std::string>& target,
                std::vector<std::string> choices,
                const std::string& value_name,
                const std::string& description);
    void positional(std::string& target,
                    ValueKind kind,
                    const std::string& value_name,
                    const std::string& description);
    /// One or more; with `required` false also none.
    void positional(std::vector<std::string>& target,
                    ValueKind kind,
                    const std::string& value_name,
                    const std::string& description,
                    bool required = true);
    void positional(std::string& target,
                    std::vector<std::string> choices,
                    const std::string& value_name,
                    const std::string& description);

    /// In the order declared.
    [[nodiscard]] const std::vector<ArgumentInfo>& infos() const { return infos_; }

    /// Fills the targets. Throws CliError(kUsage) that names what is wrong and what would be right.
    void parse(const std::vector<std::string>& words);

private:
    struct Parser;

    std::unique_ptr<Parser> parser_;
    std::vector<ArgumentInfo> infos_;
};

}  // namespace sweepctl::cli
