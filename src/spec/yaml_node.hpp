#pragma once

#include "sweepctl/core/value.hpp"

#include "spec/findings.hpp"
#include "spec/yaml_scalar.hpp"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// One node of a YAML document. Aliases share the node they stand for.
struct YamlNode {
    enum class Kind : std::uint8_t { scalar, list, map };
    struct Entry {
        Place key_place;
        std::string key;
        const YamlNode* value = nullptr;
        bool quoted = false;
    };

    Place place;
    Kind kind = Kind::scalar;
    ScalarReading reading;               ///< of a scalar
    std::string text;                    ///< of a scalar, as written (without its quotes)
    std::vector<const YamlNode*> items;  ///< of a list
    std::vector<Entry> entries;          ///< of a map; keys are unique, `<<` is resolved

    /// Itself and all below it, with aliases counted where they stand.
    std::uint64_t nodes = 1;
    /// The levels below it.
    std::uint32_t height = 0;

    [[nodiscard]] bool is_null() const {
        return kind == Kind::scalar && reading.value.is_null() &&
               reading.oddity != Oddity::out_of_range;
    }
    /// The entry of a map with this key, or nullptr.
    [[nodiscard]] const Entry* entry(std::string_view key) const;
    [[nodiscard]] const YamlNode* find(std::string_view key) const;
    /// For messages: "'5'", "the text 'x'", "null", "a list", "a map".
    [[nodiscard]] std::string described() const;
};

/// The one document of a text, and what its nodes live in.
class YamlDocument {
public:
    /// Nullptr where the text is empty or cannot be read; then there is an error among the
    /// findings.
    [[nodiscard]] const YamlNode* root() const { return root_; }

private:
    friend YamlDocument parse_yaml(std::string_view text, Findings& findings);
    std::deque<YamlNode> nodes_;
    const YamlNode* root_ = nullptr;
};

/// At most 4 MiB, 64 levels and a million nodes (with aliases counted where they stand); one
/// document; no duplicate keys. All that is wrong with the YAML as such goes to `findings`.
[[nodiscard]] YamlDocument parse_yaml(std::string_view text, Findings& findings);

/// The node as a value of a parameter; remarks on how its scalars were read.
[[nodiscard]] ParamValue to_value(const YamlNode& node, Findings& findings);

}  // namespace sweepctl
