#include "spec/yaml_node.hpp"

#include "sweepctl/base/shown.hpp"

#include <algorithm>

namespace sweepctl {

const YamlNode::Entry* YamlNode::entry(std::string_view key) const {
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Entry& candidate) { return candidate.key == key; });
    return found == entries.end() ? nullptr : &*found;
}

const YamlNode* YamlNode::find(std::string_view key) const {
    const Entry* found = entry(key);
    return found == nullptr ? nullptr : found->value;
}

std::string YamlNode::described() const {
    switch (kind) {
        case Kind::list: return "a list";
        case Kind::map: return "a map";
        case Kind::scalar: break;
    }
    if (is_null()) return "null";
    const std::string quoted = "'" + shown(text) + "'";
    return reading.value.get_if<std::string>() != nullptr ? "the text " + quoted : quoted;
}

ParamValue to_value(const YamlNode& node, Findings& findings) {
    switch (node.kind) {
        case YamlNode::Kind::scalar:
            findings.remark(node.place, node.text, node.reading.oddity);
            return node.reading.value;
        case YamlNode::Kind::list: {
            ParamList list;
            list.reserve(node.items.size());
            for (const YamlNode* item : node.items)
                list.push_back(to_value(*item, findings));
            return list;
        }
        case YamlNode::Kind::map: {
            ParamMap map;
            map.reserve(node.entries.size());
            for (const YamlNode::Entry& entry : node.entries)
                map.emplace_back(entry.key, to_value(*entry.value, findings));
            return map;
        }
    }
    return {};
}

}  // namespace sweepctl
