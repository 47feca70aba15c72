#pragma once

#include "spec/yaml_node.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepctl {

/// The keys of one map of a spec, read by name and type. What is wrong goes to the findings, and is
/// absent then. A key that is null counts as absent, with a note.
class Fields {
public:
    /// What to make of keys that nobody knows.
    enum class Unknown : std::uint8_t {
        refuse,
        warn,
        refuse_near,  ///< refuse what looks like a slip of the pen, warn of the rest
    };

    /// `node` must be a map; `name` is where it stands, dotted, and empty at the top.
    Fields(const YamlNode& node, std::string name, Findings& findings)
        : node_(node), name_(std::move(name)), findings_(findings) {}

    [[nodiscard]] const YamlNode& node() const { return node_; }
    [[nodiscard]] Findings& findings() { return findings_; }
    /// `key` with where it stands before it.
    [[nodiscard]] std::string full_name(std::string_view key) const;

    [[nodiscard]] const YamlNode* get(std::string_view key);
    /// The value of a key that must be a map; an error where it is something else.
    [[nodiscard]] const YamlNode* map(std::string_view key);
    [[nodiscard]] const YamlNode* list(std::string_view key);
    /// A text that is not empty.
    [[nodiscard]] std::optional<std::string> text(std::string_view key);
    /// The same, but a number is taken as the text it is written as, with a note.
    [[nodiscard]] std::optional<std::string> name_text(std::string_view key);
    [[nodiscard]] std::optional<bool> flag(std::string_view key);
    /// A finite number.
    [[nodiscard]] std::optional<double> number(std::string_view key);
    /// A whole number within bounds; 5.0 counts as one.
    [[nodiscard]] std::optional<std::uint64_t> count(std::string_view key,
                                                     std::uint64_t min,
                                                     std::uint64_t max);
    /// The index into `words` of the one that is written.
    [[nodiscard]] std::optional<std::size_t> word(std::string_view key,
                                                  const std::vector<std::string_view>& words);

    /// Says what keys there are that are not in `known`, but for those in `said`.
    void refuse_unknown(const std::vector<std::string_view>& known,
                        Unknown policy,
                        const std::vector<std::string_view>& said = {});

    void error(const YamlNode& at, std::string message, std::string hint = {});

private:
    const YamlNode& node_;
    std::string name_;
    Findings& findings_;
};

/// Reads a node as a finite number, or says why not; `what` names it.
[[nodiscard]] std::optional<double> read_number(const YamlNode& node,
                                                const std::string& what,
                                                Findings& findings);
[[nodiscard]] std::optional<std::uint64_t> read_count(const YamlNode& node,
                                                      const std::string& what,
                                                      std::uint64_t min,
                                                      std::uint64_t max,
                                                      Findings& findings);

}  // namespace sweepctl
