#include "json_schema.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <set>

namespace sweepctl::test {

namespace {

const ParamValue* member(const ParamValue& value, std::string_view name) {
    const auto* map = value.get_if<ParamMap>();
    return map == nullptr ? nullptr : find(*map, name);
}

bool has_type(const ParamValue& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.get_if<bool>() != nullptr;
    if (type == "integer")
        return value.get_if<std::int64_t>() != nullptr || value.get_if<BigInt>() != nullptr;
    if (type == "number") {
        double scratch = 0;
        return value.number(scratch) != nullptr;
    }
    if (type == "string") return value.get_if<std::string>() != nullptr;
    if (type == "array") return value.get_if<ParamList>() != nullptr;
    if (type == "object") return value.get_if<ParamMap>() != nullptr;
    return false;
}

class Check {
public:
    Check(const ParamValue& document, std::vector<std::string>& faults)
        : document_(document), faults_(faults) {}

    void run(const ParamValue& value, const ParamValue& schema, const std::string& path) {
        std::set<std::string> named;
        bool closed = false;
        collect(value, schema, path, named, closed);
        const auto* map = value.get_if<ParamMap>();
        if (map == nullptr || !closed) return;
        for (const auto& [name, ignored] : *map) {
            if (!named.contains(name)) faults_.push_back(path + "/" + name + ": not in the schema");
        }
    }

private:
    /// `named`: the members that the schemas for this very value know; `closed`: they are all.
    void collect(const ParamValue& value,
                 const ParamValue& schema,
                 const std::string& path,
                 std::set<std::string>& named,
                 bool& closed) {
        if (const ParamValue* reference = member(schema, "$ref")) {
            const ParamValue* target =
                resolve_pointer(document_, *reference->get_if<std::string>());
            if (target == nullptr) {
                faults_.push_back(path + ": " + to_json(*reference) + " points nowhere");
            } else {
                collect(value, *target, path, named, closed);
            }
        }
        if (const ParamValue* all = member(schema, "allOf")) {
            for (const ParamValue& each : *all->get_if<ParamList>())
                collect(value, each, path, named, closed);
        }
        if (const ParamValue* any = member(schema, "anyOf")) {
            const auto& options = *any->get_if<ParamList>();
            const bool fits = std::any_of(options.begin(), options.end(), [&](const auto& option) {
                return schema_faults(value, option, document_).empty();
            });
            if (!fits) faults_.push_back(path + ": " + to_json(value) + " fits none");
        }
        check_type(value, schema, path);
        if (const ParamValue* words = member(schema, "enum")) {
            const auto& list = *words->get_if<ParamList>();
            if (std::find(list.begin(), list.end(), value) == list.end())
                faults_.push_back(path + ": " + to_json(value) + " is none of " + to_json(*words));
        }
        if (const ParamValue* constant = member(schema, "const");
            constant != nullptr && !(*constant == value))
            faults_.push_back(path + ": " + to_json(value) + " is not " + to_json(*constant));
        if (const auto* list = value.get_if<ParamList>()) {
            const ParamValue* items = member(schema, "items");
            for (std::size_t i = 0; items != nullptr && i < list->size(); ++i)
                run((*list)[i], *items, path + "/" + std::to_string(i));
        }
        if (const auto* map = value.get_if<ParamMap>())
            check_members(*map, schema, path, named, closed);
    }

    void check_type(const ParamValue& value, const ParamValue& schema, const std::string& path) {
        const ParamValue* type = member(schema, "type");
        if (type == nullptr) return;
        std::vector<std::string> types;
        if (const auto* one = type->get_if<std::string>()) types.push_back(*one);
        if (const auto* several = type->get_if<ParamList>()) {
            for (const ParamValue& each : *several)
                types.push_back(*each.get_if<std::string>());
        }
        const bool fits = std::any_of(types.begin(), types.end(),
                                      [&](const auto& word) { return has_type(value, word); });
        if (!fits) faults_.push_back(path + ": " + to_json(value) + " is no " + to_json(*type));
    }

    void check_members(const ParamMap& map,
                       const ParamValue& schema,
                       const std::string& path,
                       std::set<std::string>& named,
                       bool& closed) {
        if (const ParamValue* required = member(schema, "required")) {
            for (const ParamValue& name : *required->get_if<ParamList>()) {
                if (find(map, *name.get_if<std::string>()) == nullptr)
                    faults_.push_back(path + ": has no " + to_json(name));
            }
        }
        const ParamValue* properties = member(schema, "properties");
        if (properties == nullptr) return;
        closed = member(schema, "additionalProperties") == nullptr;
        for (const auto& [name, property] : *properties->get_if<ParamMap>()) {
            named.insert(name);
            if (const ParamValue* found = find(map, name)) run(*found, property, path + "/" + name);
        }
    }

    const ParamValue& document_;
    std::vector<std::string>& faults_;
};

}  // namespace

std::vector<std::string> schema_faults(const ParamValue& value,
                                       const ParamValue& schema,
                                       const ParamValue& document) {
    std::vector<std::string> faults;
    Check(document, faults).run(value, schema, "");
    return faults;
}

const ParamValue* resolve_pointer(const ParamValue& document, std::string_view reference) {
    if (!reference.starts_with("#/")) return nullptr;
    reference.remove_prefix(2);
    const ParamValue* at = &document;
    while (at != nullptr && !reference.empty()) {
        const std::string_view name = reference.substr(0, reference.find('/'));
        reference.remove_prefix(std::min(reference.size(), name.size() + 1));
        at = member(*at, name);
    }
    return at;
}

}  // namespace sweepctl::test
