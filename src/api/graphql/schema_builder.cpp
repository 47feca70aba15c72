#include "api/graphql/schema_builder.hpp"

#include "api/graphql/coerce.hpp"
#include "api/graphql/introspection.hpp"
#include "api/graphql/parser.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace sweepctl::graphql {

SchemaBuilder::SchemaBuilder() : schema_(std::make_shared<Schema>()) {
    constexpr std::array kScalars{
        std::pair("Int", Scalar::int32),     std::pair("Float", Scalar::real),
        std::pair("String", Scalar::text),   std::pair("Boolean", Scalar::boolean),
        std::pair("ID", Scalar::id),         std::pair("Int64", Scalar::int64),
        std::pair("JSON", Scalar::json),     std::pair("JSONString", Scalar::json_string),
        std::pair("DateTime", Scalar::text), std::pair("Duration", Scalar::int64),
    };
    for (const auto& [name, scalar] : kScalars)
        add(name, TypeKind::scalar)->scalar = scalar;
}

ObjectBuilder<Root> SchemaBuilder::root(std::string_view name) {
    if (schema_->find(name) == nullptr) add_object(name, typeid(Root));
    return {*this, std::string(name)};
}

void SchemaBuilder::add_object(std::string_view name, const std::type_info& node) {
    add(name, TypeKind::object)->node = &node;
}

NamedType* SchemaBuilder::add(std::string_view name, TypeKind kind) {
    auto& type = schema_->types_[std::string(name)];
    if (type != nullptr) {
        problem("type '" + std::string(name) + "' is declared twice");
        return type.get();
    }
    type = std::make_unique<NamedType>();
    type->name = name;
    type->kind = kind;
    return type.get();
}

void SchemaBuilder::input(std::string_view name, std::string_view fields) {
    add(name, TypeKind::input);
    auto parsed = parse_inputs(fields);
    if (!parsed) return problem("input '" + std::string(name) + "': " + parsed.error().message);
    inputs_.push_back({std::string(name), std::move(parsed).value()});
}

void SchemaBuilder::enumeration(std::string_view name, std::string_view enumerators) {
    NamedType* const type = add(name, TypeKind::enumeration);
    auto parsed = parse_names(enumerators);
    if (!parsed) return problem("enum '" + std::string(name) + "': " + parsed.error().message);
    type->enumerators = std::move(parsed).value();
}

void SchemaBuilder::interface(std::string_view name, std::string_view fields) {
    add(name, TypeKind::interface);
    auto parsed = parse_fields(fields);
    if (!parsed) return problem("interface '" + std::string(name) + "': " + parsed.error().message);
    for (syntax::FieldDeclaration& field : parsed.value())
        fields_.push_back({std::string(name), std::move(field), {}});
}

void SchemaBuilder::union_of(std::string_view name, std::string_view members) {
    add(name, TypeKind::union_of);
    auto parsed = parse_names(members);
    if (!parsed) return problem("union '" + std::string(name) + "': " + parsed.error().message);
    for (std::string& member : parsed.value())
        members_.emplace_back(std::string(name), std::move(member));
}

void SchemaBuilder::add_field(std::string_view type,
                              std::string_view declaration,
                              Resolver resolver) {
    auto parsed = parse_fields(declaration);
    if (!parsed || parsed->size() != 1) {
        return problem("field '" + std::string(declaration) + "' of '" + std::string(type) +
                       "': " + (parsed ? "expected one field" : parsed.error().message));
    }
    fields_.push_back({std::string(type), std::move(parsed->front()), std::move(resolver)});
}

void SchemaBuilder::add_interface(std::string_view type, std::string_view interface) {
    members_.emplace_back(interface, type);
}

void SchemaBuilder::problem(std::string text) {
    problems_ += std::move(text);
    problems_.push_back('\n');
}

Type SchemaBuilder::resolve(const syntax::TypeName& name, const std::string& where) {
    const NamedType* const named = schema_->find(name.name);
    if (named == nullptr) problem(where + ": unknown type '" + name.name + "'");
    return {named, name.lists, name.required};
}

std::vector<InputType> SchemaBuilder::resolve(const std::vector<syntax::Input>& inputs,
                                              const std::string& where) {
    std::vector<InputType> resolved;
    std::set<std::string> names;
    for (const syntax::Input& input : inputs) {
        if (!names.insert(input.name).second)
            problem(where + ": '" + input.name + "' stands twice");
        const Type type = resolve(input.type, where);
        if (type.named == nullptr) continue;
        if (!type.named->is_input()) problem(where + ": '" + input.name + "' is of no input type");
        resolved.push_back({input.name, type, std::nullopt});
    }
    return resolved;
}

void SchemaBuilder::resolve_defaults(std::vector<InputType>& inputs,
                                     const std::vector<syntax::Input>& declared,
                                     const std::string& where) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!declared[i].otherwise) continue;
        auto value = coerce_literal(*declared[i].otherwise, inputs[i].type, {});
        if (!value) {
            problem(where + ": default of '" + inputs[i].name + "': " + value.error().message);
        } else {
            inputs[i].otherwise = std::move(value).value();
        }
    }
}

void SchemaBuilder::resolve_members() {
    for (const auto& [whole, part] : members_) {
        const auto found = schema_->types_.find(whole);
        const NamedType* const member = schema_->find(part);
        if (found == schema_->types_.end() || !found->second->is_abstract()) {
            problem("'" + whole + "' is no interface or union");
        } else if (member == nullptr || member->kind != TypeKind::object) {
            problem("'" + part + "', a member of '" + whole + "', is no object type");
        } else {
            for (const NamedType* other : found->second->members) {
                if (*other->node == *member->node) {
                    problem("'" + part + "' and '" + other->name + "' of '" + whole +
                            "' have the same nodes");
                }
            }
            found->second->members.push_back(member);
            for (const auto& [name, field] : found->second->fields) {
                const FieldType* const own = member->field(name);
                // The member's type may be stricter at the outermost level.
                if (own == nullptr ||
                    (own->type != field.type && own->type.nullable() != field.type)) {
                    problem("'" + part + "' lacks '" + name + ": " + field.type.text() + "' of '" +
                            whole + "'");
                }
            }
        }
    }
}

/// An input object that always needs one of its own kind could never be written.
void SchemaBuilder::check_inputs() {
    for (const auto& [name, type] : schema_->types_) {
        std::set<const NamedType*> seen;
        std::vector<const NamedType*> open{type.get()};
        while (!open.empty()) {
            const NamedType* const each = open.back();
            open.pop_back();
            for (const InputType& input : each->inputs) {
                const bool needed = input.type.required() && !input.type.is_list() &&
                                    input.type.named->kind == TypeKind::input;
                if (!needed || !seen.insert(input.type.named).second) continue;
                if (input.type.named == type.get()) problem("input '" + name + "' needs itself");
                open.push_back(input.type.named);
            }
        }
    }
}

Result<std::shared_ptr<const Schema>, std::string> SchemaBuilder::build() {
    if (schema_->find("Query") != nullptr) add_introspection(*this, *schema_);
    for (const DeclaredInput& declared : inputs_)
        schema_->types_[declared.type]->inputs =
            resolve(declared.fields, "input '" + declared.type + "'");
    if (problems_.empty()) {
        for (const DeclaredInput& declared : inputs_)
            resolve_defaults(schema_->types_[declared.type]->inputs, declared.fields,
                             "input '" + declared.type + "'");
    }
    for (Declared& declared : fields_) {
        const std::string where = "field '" + declared.type + "." + declared.field.name + "'";
        FieldType field;
        field.name = declared.field.name;
        field.type = resolve(declared.field.type, where);
        if (field.type.named != nullptr && field.type.named->kind == TypeKind::input)
            problem(where + " is of an input type");
        field.arguments = resolve(declared.field.arguments, where);
        if (field.arguments.size() == declared.field.arguments.size())
            resolve_defaults(field.arguments, declared.field.arguments, where);
        field.resolver = std::move(declared.resolver);
        if (!schema_->types_[declared.type]->fields.emplace(field.name, std::move(field)).second)
            problem(where + " is declared twice");
    }
    if (problems_.empty()) {
        resolve_members();
        check_inputs();
    }
    for (const auto& [name, type] : schema_->types_) {
        const bool composite = type->kind == TypeKind::object || type->kind == TypeKind::interface;
        if (composite && type->fields.empty()) problem("type '" + name + "' has no fields");
    }
    schema_->query_ = schema_->find("Query");
    schema_->mutation_ = schema_->find("Mutation");
    if (schema_->query_ == nullptr) problem("there is no query");
    if (!problems_.empty()) {
        problems_.pop_back();
        return Failure{std::move(problems_)};
    }
    return std::shared_ptr<const Schema>(std::move(schema_));
}

}  // namespace sweepctl::graphql
