#include "api/graphql/introspection.hpp"

#include <cstdlib>

namespace sweepctl::graphql {

namespace {

/// A type as it stands behind a colon; what is around the named one is told level by level.
struct DescribedType {
    Type type;
};
struct DescribedField {
    const FieldType* field = nullptr;
};
struct DescribedInput {
    const InputType* input = nullptr;
};
struct DescribedEnumerator {
    std::string name;
};

const char* kind_of(const Type& type) {
    if (type.required()) return "NON_NULL";
    if (type.is_list()) return "LIST";
    switch (type.named->kind) {
        case TypeKind::scalar: return "SCALAR";
        case TypeKind::enumeration: return "ENUM";
        case TypeKind::input: return "INPUT_OBJECT";
        case TypeKind::object: return "OBJECT";
        case TypeKind::interface: return "INTERFACE";
        case TypeKind::union_of: return "UNION";
    }
    std::abort();
}

/// The named type itself; null when there is something around it.
const NamedType* bare(const DescribedType& described) {
    const Type& type = described.type;
    return type.required() || type.is_list() ? nullptr : type.named;
}

Resolved inside(const DescribedType& described) {
    const Type& type = described.type;
    if (type.required()) return Node::of(DescribedType{type.nullable()});
    if (type.is_list()) return Node::of(DescribedType{type.item()});
    return nullptr;
}

Resolved name_of(const DescribedType& described) {
    const NamedType* const named = bare(described);
    if (named == nullptr) return nullptr;
    return named->name;
}

Resolved fields_of(const DescribedType& described) {
    const NamedType* const named = bare(described);
    const bool has_fields = named != nullptr && (named->kind == TypeKind::object ||
                                                 named->kind == TypeKind::interface);
    if (!has_fields) return nullptr;
    std::vector<Node> nodes;
    for (const auto& [name, field] : named->fields) {
        if (!name.starts_with("__")) nodes.push_back(Node::of(DescribedField{&field}));
    }
    return nodes;
}

std::vector<Node> inputs(const std::vector<InputType>& all) {
    std::vector<Node> nodes;
    for (const InputType& input : all)
        nodes.push_back(Node::of(DescribedInput{&input}));
    return nodes;
}

Resolved inputs_of(const DescribedType& described) {
    const NamedType* const named = bare(described);
    if (named == nullptr || named->kind != TypeKind::input) return nullptr;
    return inputs(named->inputs);
}

Resolved enumerators_of(const DescribedType& described) {
    const NamedType* const named = bare(described);
    if (named == nullptr || named->kind != TypeKind::enumeration) return nullptr;
    std::vector<Node> nodes;
    for (const std::string& name : named->enumerators)
        nodes.push_back(Node::of(DescribedEnumerator{name}));
    return nodes;
}

Resolved members_of(const DescribedType& described) {
    const NamedType* const named = bare(described);
    if (named == nullptr || !named->is_abstract()) return nullptr;
    std::vector<Node> nodes;
    for (const NamedType* const member : named->members)
        nodes.push_back(Node::of(DescribedType{{member, 0, 0}}));
    return nodes;
}

Node of_type(const Type& type) {
    return Node::of(DescribedType{type});
}

}  // namespace

void add_introspection(SchemaBuilder& builder, const Schema& schema) {
    builder.object<DescribedEnumerator>("__EnumValue")
        .field("name: String!", &DescribedEnumerator::name)
        .field("isDeprecated: Boolean!", [](const DescribedEnumerator&) { return false; });
    builder.object<DescribedInput>("__InputValue")
        .field("name: String!", [](const DescribedInput& each) { return each.input->name; })
        .field("type: __Type!",
               [](const DescribedInput& each) { return of_type(each.input->type); });
    builder.object<DescribedField>("__Field")
        .field("name: String!", [](const DescribedField& each) { return each.field->name; })
        .field("args: [__InputValue!]!",
               [](const DescribedField& each) { return inputs(each.field->arguments); })
        .field("type: __Type!", [](const DescribedField& each) { return of_type(each.field->type); })
        .field("isDeprecated: Boolean!", [](const DescribedField&) { return false; });
    builder.object<DescribedType>("__Type")
        .field("kind: String!", [](const DescribedType& each) { return kind_of(each.type); })
        .field("name: String", name_of)
        .field("fields(includeDeprecated: Boolean): [__Field!]", fields_of)
        .field("inputFields: [__InputValue!]", inputs_of)
        .field("enumValues(includeDeprecated: Boolean): [__EnumValue!]", enumerators_of)
        .field("possibleTypes: [__Type!]", members_of)
        .field("ofType: __Type", inside);
    builder.query().field("__type(name: String!): __Type",
                          // It belongs to the schema, which it does not outlive.
                          [&schema](const Field& field) -> Resolved {
                              const NamedType* const type =
                                  schema.find(*field.arguments().text("name"));
                              if (type == nullptr) return nullptr;
                              return of_type({type, 0, 0});
                          });
}

}  // namespace sweepctl::graphql
