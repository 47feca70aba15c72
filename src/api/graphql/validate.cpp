#include "api/graphql/validate.hpp"

#include "api/graphql/coerce.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace sweepctl::graphql {

namespace {

constexpr std::size_t kErrorsMax = 50;

std::string_view location_of(syntax::OperationKind kind) {
    switch (kind) {
        case syntax::OperationKind::query: return "QUERY";
        case syntax::OperationKind::mutation: return "MUTATION";
        case syntax::OperationKind::subscription: return "SUBSCRIPTION";
    }
    return {};
}

std::string quoted(std::string_view name) {
    return "\"" + std::string(name) + "\"";
}

class Validation {
public:
    Validation(const syntax::Document& document, const Schema& schema)
        : document_(document), schema_(schema) {}

    std::vector<DocumentError> run() {
        check_names();
        for (const syntax::Operation& operation : document_.operations)
            check(operation);
        for (const syntax::Fragment& fragment : document_.fragments)
            check(fragment);
        check_cycles();
        return std::move(errors_);
    }

private:
    void wrong(std::string message, Place place) {
        if (errors_.size() < kErrorsMax) errors_.push_back({std::move(message), {place}});
    }

    void check_names() {
        std::set<std::string_view> names;
        for (const syntax::Operation& operation : document_.operations) {
            if (operation.name.empty()) {
                if (document_.operations.size() > 1)
                    wrong("This anonymous operation must be the only defined operation.",
                          operation.place);
            } else if (!names.insert(operation.name).second) {
                wrong("There can be only one operation named " + quoted(operation.name) + ".",
                      operation.place);
            }
        }
        names.clear();
        for (const syntax::Fragment& fragment : document_.fragments) {
            if (!names.insert(fragment.name).second)
                wrong("There can be only one fragment named " + quoted(fragment.name) + ".",
                      fragment.place);
        }
    }

    void check(const syntax::Operation& operation) {
        check_variables(operation.variables);
        check_directives(operation.directives, location_of(operation.kind));
        const NamedType* const root = root_type(schema_, operation.kind);
        if (root == nullptr) {
            std::string kind(location_of(operation.kind));
            std::transform(kind.begin(), kind.end(), kind.begin(),
                           [](char c) { return static_cast<char>(c - 'A' + 'a'); });
            wrong("Schema is not configured to execute " + kind + " operation.", operation.place);
        } else {
            check_selections(operation.selections, *root);
        }
    }

    void check(const syntax::Fragment& fragment) {
        check_directives(fragment.directives, "FRAGMENT_DEFINITION");
        const NamedType* const type =
            composite(fragment.on, fragment.place, "Fragment " + quoted(fragment.name) + " cannot");
        if (type != nullptr) check_selections(fragment.selections, *type);
    }

    /// What a fragment is on; null, and said so, when it can be on no such type.
    const NamedType* composite(const std::string& name, Place place, const std::string& cannot) {
        const NamedType* const type = schema_.find(name);
        if (type == nullptr) {
            wrong("Unknown type " + quoted(name) + ".", place);
        } else if (type->is_input()) {
            wrong(cannot + " condition on non composite type " + quoted(name) + ".", place);
        } else {
            return type;
        }
        return nullptr;
    }

    void check_variables(const std::vector<syntax::Input>& variables) {
        std::set<std::string_view> names;
        for (const syntax::Input& variable : variables) {
            if (!names.insert(variable.name).second)
                wrong("There can be only one variable named \"$" + variable.name + "\".",
                      variable.place);
            const NamedType* const named = schema_.find(variable.type.name);
            if (named == nullptr) {
                wrong("Unknown type " + quoted(variable.type.name) + ".", variable.type.place);
            } else if (!named->is_input()) {
                wrong("Variable \"$" + variable.name + "\" cannot be non-input type " +
                          quoted(variable.type.text()) + ".",
                      variable.type.place);
            } else if (variable.otherwise) {
                const Type type{named, variable.type.lists, variable.type.required};
                if (const auto value = coerce_literal(*variable.otherwise, type, {}); !value)
                    wrong("Variable \"$" + variable.name +
                              "\" has an invalid default value: " + value.error().message,
                          variable.otherwise->place);
            }
        }
    }

    void check_directives(const std::vector<syntax::Directive>& directives,
                          std::string_view location) {
        std::set<std::string_view> names;
        for (const syntax::Directive& directive : directives) {
            const std::string name = "\"@" + directive.name + "\"";
            if (directive.name != "include" && directive.name != "skip") {
                wrong("Unknown directive " + name + ".", directive.place);
                continue;
            }
            if (!location.empty()) {
                wrong("Directive " + name + " may not be used on " + std::string(location) + ".",
                      directive.place);
            }
            if (!names.insert(directive.name).second)
                wrong("The directive " + name + " can only be used once at this location.",
                      directive.place);
            bool condition = false;
            for (const syntax::Argument& argument : directive.arguments) {
                condition = condition || argument.name == "if";
                if (argument.name != "if")
                    wrong(
                        "Unknown argument " + quoted(argument.name) + " on directive " + name + ".",
                        argument.place);
            }
            check_repeated(directive.arguments);
            if (!condition) {
                wrong("Directive " + name +
                          " argument \"if\" of type \"Boolean!\" is required, but it was not "
                          "provided.",
                      directive.place);
            }
        }
    }

    void check_repeated(const std::vector<syntax::Argument>& arguments) {
        std::set<std::string_view> names;
        for (const syntax::Argument& argument : arguments) {
            if (!names.insert(argument.name).second)
                wrong("There can be only one argument named " + quoted(argument.name) + ".",
                      argument.place);
        }
    }

    void check_selections(const std::vector<syntax::Selection>& selections,
                          const NamedType& parent) {
        for (const syntax::Selection& selection : selections) {
            check_directives(selection.directives, {});
            switch (selection.kind) {
                case syntax::Selection::Kind::field: check_field(selection, parent); break;
                case syntax::Selection::Kind::spread:
                    if (document_.fragment(selection.name) == nullptr)
                        wrong("Unknown fragment " + quoted(selection.name) + ".", selection.place);
                    break;
                case syntax::Selection::Kind::inline_fragment: {
                    const NamedType* const on =
                        selection.on.empty()
                            ? &parent
                            : composite(selection.on, selection.place, "Fragment cannot");
                    if (on != nullptr) check_selections(selection.selections, *on);
                    break;
                }
            }
        }
    }

    void check_field(const syntax::Selection& selection, const NamedType& parent) {
        static const FieldType typename_field{"__typename", {}, {}, {}};
        const bool is_typename = selection.name == typename_field.name;
        const FieldType* const field = is_typename ? &typename_field : parent.field(selection.name);
        if (field == nullptr) {
            wrong("Cannot query field " + quoted(selection.name) + " on type " +
                      quoted(parent.name) + ".",
                  selection.place);
            return;
        }
        check_arguments(selection, *field, parent);
        const std::string type = is_typename ? "String!" : field->type.text();
        if (is_typename || field->type.named->is_leaf()) {
            if (!selection.selections.empty())
                wrong("Field " + quoted(selection.name) + " must not have a selection since type " +
                          quoted(type) + " has no subfields.",
                      selection.place);
        } else if (selection.selections.empty()) {
            wrong("Field " + quoted(selection.name) + " of type " + quoted(type) +
                      " must have a selection of subfields.",
                  selection.place);
        } else {
            check_selections(selection.selections, *field->type.named);
        }
    }

    void check_arguments(const syntax::Selection& selection,
                         const FieldType& field,
                         const NamedType& parent) {
        for (const syntax::Argument& argument : selection.arguments) {
            if (field.argument(argument.name) == nullptr)
                wrong("Unknown argument " + quoted(argument.name) + " on field " +
                          quoted(parent.name + "." + field.name) + ".",
                      argument.place);
        }
        check_repeated(selection.arguments);
        for (const InputType& argument : field.arguments) {
            if (!argument.must_be_given()) continue;
            const auto& given = selection.arguments;
            if (std::none_of(given.begin(), given.end(), [&](const syntax::Argument& each) {
                    return each.name == argument.name;
                })) {
                wrong("Field " + quoted(field.name) + " argument " + quoted(argument.name) +
                          " of type " + quoted(argument.type.text()) +
                          " is required, but it was not provided.",
                      selection.place);
            }
        }
    }

    // --- Fragments that contain themselves.

    enum class Visit : std::uint8_t { open, closed };

    void check_cycles() {
        for (const syntax::Fragment& fragment : document_.fragments)
            visit(fragment);
    }

    void visit(const syntax::Fragment& fragment) {
        if (!visits_.emplace(&fragment, Visit::open).second) return;
        visit_spreads(fragment.selections);
        visits_[&fragment] = Visit::closed;
    }

    void visit_spreads(const std::vector<syntax::Selection>& selections) {
        for (const syntax::Selection& selection : selections) {
            visit_spreads(selection.selections);
            if (selection.kind != syntax::Selection::Kind::spread) continue;
            const syntax::Fragment* const fragment = document_.fragment(selection.name);
            if (fragment == nullptr) continue;
            const auto found = visits_.find(fragment);
            if (found == visits_.end()) {
                visit(*fragment);
            } else if (found->second == Visit::open) {
                wrong("Cannot spread fragment " + quoted(selection.name) + " within itself.",
                      selection.place);
            }
        }
    }

    const syntax::Document& document_;
    const Schema& schema_;
    std::vector<DocumentError> errors_;
    std::map<const syntax::Fragment*, Visit> visits_;
};

}  // namespace

std::vector<DocumentError> validate(const syntax::Document& document, const Schema& schema) {
    return Validation(document, schema).run();
}

const NamedType* root_type(const Schema& schema, syntax::OperationKind kind) {
    switch (kind) {
        case syntax::OperationKind::query: return &schema.query();
        case syntax::OperationKind::mutation: return schema.mutation();
        case syntax::OperationKind::subscription: break;
    }
    return nullptr;
}

}  // namespace sweepctl::graphql
