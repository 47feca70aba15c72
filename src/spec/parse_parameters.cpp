#include "spec/parse_parameters.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"

#include "spec/fields.hpp"
#include "spec/parse_distribution.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>

namespace sweepctl {

namespace {

bool is_name_char(char c, bool first) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_') return true;
    return !first && ((c >= '0' && c <= '9') || c == '.' || c == '-');
}

/// W&B's own rule for names; it only warns of others, and so do we.
bool is_usual_name(const std::string& name) {
    for (std::size_t i = 0; i < name.size(); ++i) {
        if (!is_name_char(name[i], i == 0)) return false;
    }
    return !name.empty();
}

class ParametersReader {
public:
    ParametersReader(std::optional<Method> method, Findings& findings)
        : method_(method), findings_(findings) {}

    ParsedParameters take() {
        warn_of_like_names();
        return std::move(parsed_);
    }

    void group(const YamlNode& node, const std::string& where) {
        if (node.kind != YamlNode::Kind::map) {
            return findings_.error(
                node.place, "'" + where + "' must be a map of parameters, not " + node.described());
        }
        if (node.entries.empty()) {
            return findings_.error(node.place, "'" + where + "' has no parameters",
                                   "a parameter looks like 'lr: {min: 0.001, max: 0.1}'");
        }
        std::vector<const YamlNode::Entry*> sorted;
        sorted.reserve(node.entries.size());
        for (const YamlNode::Entry& entry : node.entries)
            sorted.push_back(&entry);
        std::sort(sorted.begin(), sorted.end(),
                  [](const auto* left, const auto* right) { return left->key < right->key; });
        for (const YamlNode::Entry* entry : sorted) {
            if (!name_is_good(*entry)) continue;
            path_.push_back(entry->key);
            parameter(*entry);
            path_.pop_back();
        }
    }

private:
    static std::string dotted(const std::vector<std::string>& path) {
        std::string name;
        for (const std::string& level : path)
            name.append(name.empty() ? "" : ".").append(level);
        return name;
    }

    /// A name with a dot in it can look like one inside a group.
    void warn_of_like_names() {
        std::unordered_map<std::string, std::size_t> seen;
        for (std::size_t i = 0; i < parsed_.paths.size(); ++i) {
            const std::string name = dotted(parsed_.paths[i]);
            const auto [first, fresh] = seen.try_emplace(name, i);
            if (fresh) continue;
            findings_.warning(places_[i], "a second parameter is called '" + shown(name) + "'",
                              "the other one stands on line " +
                                  std::to_string(places_[first->second].line) +
                                  "; a group's parameters have the group's name before theirs");
        }
    }

    bool name_is_good(const YamlNode::Entry& entry) {
        const std::string& name = entry.key;
        if (name.empty() || name.find('\0') != std::string::npos) {
            // An empty name that stands for a key that is no text was said already.
            if (!name.empty() || entry.quoted) {
                findings_.error(entry.key_place,
                                "'" + shown(name) + "' cannot be a parameter's name",
                                "letters, digits, '_', '.' and '-' make a name");
            }
            return false;
        }
        if (path_.empty() && name == "wandb_version") {
            findings_.error(entry.key_place, "'wandb_version' cannot be a parameter's name",
                            "the parameter file that W&B programs read uses it for itself");
            return false;
        }
        if (!entry.quoted && read_plain_scalar(name).oddity == Oddity::word_bool) {
            findings_.warning(entry.key_place,
                              "parameter '" + name + "' is called as it is written",
                              "W&B's own YAML reader would take the name for true or false; put it "
                              "in quotes");
        } else if (!is_usual_name(name)) {
            findings_.warning(entry.key_place, "'" + shown(name) + "' is an unusual name",
                              "letters, digits, '_', '.' and '-' make a name, and a letter or '_' "
                              "comes first");
        }
        return true;
    }

    void parameter(const YamlNode::Entry& entry) {
        const YamlNode& node = *entry.value;
        const std::string name = shown(dotted(path_));
        if (node.kind != YamlNode::Kind::map) {
            parsed_.paths.push_back(path_);
            places_.push_back(entry.key_place);
            return findings_.error(
                node.place, "parameter '" + name + "' must be a map, not " + node.described(),
                node.kind == YamlNode::Kind::list
                    ? "write '" + shown(entry.key) + ": {values: [...]}'"
                    : "write '" + shown(entry.key) +
                          ": {value: " + (node.is_null() ? "..." : shown(node.text)) + "}'");
        }
        if (const YamlNode* inner = node.find("parameters"); inner != nullptr) {
            for (const YamlNode::Entry& other : node.entries) {
                if (other.key == "parameters") continue;
                findings_.error(other.key_place,
                                "'" + shown(other.key) + "' beside 'parameters' in '" + name + "'",
                                "a group has no other key than 'parameters'; put it inside");
            }
            return group(*inner, name + ".parameters");
        }
        parsed_.paths.push_back(path_);
        places_.push_back(entry.key_place);
        if (auto distribution = parse_distribution(node, name, method_, findings_)) {
            parsed_.space.parameters.push_back({path_, std::move(*distribution)});
        }
    }

    std::optional<Method> method_;
    Findings& findings_;
    ParsedParameters parsed_;
    std::vector<Place> places_;  ///< of each path
    std::vector<std::string> path_;
};

}  // namespace

ParsedParameters parse_parameters(const YamlNode& node,
                                  std::optional<Method> method,
                                  Findings& findings) {
    ParametersReader reader(method, findings);
    reader.group(node, "parameters");
    return reader.take();
}

}  // namespace sweepctl
