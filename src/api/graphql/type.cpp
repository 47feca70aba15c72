#include "api/graphql/type.hpp"

#include <algorithm>

namespace sweepctl::graphql {

std::string Type::text() const {
    std::string out(lists, '[');
    out += named->name;
    for (unsigned level = lists + 1; level-- > 0;) {
        if ((required_bits >> level & 1U) != 0) out.push_back('!');
        if (level > 0) out.push_back(']');
    }
    return out;
}

namespace {

template <typename List>
auto* by_name(List& list, std::string_view name) {
    const auto found =
        std::find_if(list.begin(), list.end(), [&](const auto& each) { return each.name == name; });
    return found == list.end() ? nullptr : &*found;
}

}  // namespace

const InputType* FieldType::argument(std::string_view argument_name) const {
    return by_name(arguments, argument_name);
}

bool NamedType::is_input() const {
    return is_leaf() || kind == TypeKind::input;
}

const FieldType* NamedType::field(std::string_view field_name) const {
    const auto found = fields.find(field_name);
    return found == fields.end() ? nullptr : &found->second;
}

const InputType* NamedType::input(std::string_view input_name) const {
    return by_name(inputs, input_name);
}

bool NamedType::covers(const NamedType& object) const {
    return this == &object || std::find(members.begin(), members.end(), &object) != members.end();
}

const NamedType* Schema::find(std::string_view name) const {
    const auto found = types_.find(name);
    return found == types_.end() ? nullptr : found->second.get();
}

}  // namespace sweepctl::graphql
