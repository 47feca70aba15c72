#include "api/graphql/plan.hpp"

#include "api/graphql/coerce.hpp"
#include "api/graphql/validate.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>
#include <utility>

namespace sweepctl::graphql {

namespace {

using syntax::Selection;

/// The fields of one key, which become one.
struct Group {
    std::string_view key;
    std::vector<const Selection*> asked;
};

/// Whether both give the same arguments, in any order.
bool same_arguments(const Selection& a, const Selection& b) {
    return a.arguments.size() == b.arguments.size() &&
           std::all_of(a.arguments.begin(), a.arguments.end(), [&](const syntax::Argument& mine) {
               return std::any_of(b.arguments.begin(), b.arguments.end(),
                                  [&](const syntax::Argument& theirs) {
                                      return mine.name == theirs.name && mine.value == theirs.value;
                                  });
           });
}

class Planner {
public:
    Planner(const syntax::Document& document,
            const Schema& schema,
            const Limits& limits,
            Variables variables)
        : document_(document), schema_(schema), limits_(limits), variables_(std::move(variables)) {}

    [[nodiscard]] const DocumentError& error() const { return error_; }

    /// False once something is wrong.
    bool plan(Plan& plan, const NamedType& object, const std::vector<const Selection*>& parents) {
        std::vector<const std::vector<Selection>*> sets;
        for (const Selection* const parent : parents)
            sets.push_back(&parent->selections);
        return plan_sets(plan, object, sets);
    }
    bool plan_sets(Plan& plan,
                   const NamedType& object,
                   const std::vector<const std::vector<Selection>*>& sets) {
        plan.object = &object;
        Collected collected;
        for (const auto* const set : sets) {
            if (!collect(*set, object, collected)) return false;
        }
        plan.fields.reserve(collected.groups.size());
        for (const Group& group : collected.groups) {
            if (!merge(plan.fields.emplace_back(), group, object)) return false;
        }
        return true;
    }

private:
    struct Collected {
        std::vector<Group> groups;
        std::unordered_map<std::string_view, std::size_t> by_key;
        std::set<const syntax::Fragment*> fragments;
    };

    bool wrong(std::string message, Place place) {
        error_ = {std::move(message), {place}};
        return false;
    }

    bool collect(const std::vector<Selection>& selections,
                 const NamedType& object,
                 Collected& collected) {
        for (const Selection& selection : selections) {
            if (++selections_ > limits_.fields) {
                return wrong("The operation has more than " + std::to_string(limits_.fields) +
                                 " fields when its fragments are put in.",
                             selection.place);
            }
            bool included = true;
            if (!is_included(selection, included)) return false;
            if (!included) continue;
            switch (selection.kind) {
                case Selection::Kind::field: {
                    const auto [found, fresh] =
                        collected.by_key.emplace(selection.key, collected.groups.size());
                    if (fresh) collected.groups.push_back({selection.key, {}});
                    collected.groups[found->second].asked.push_back(&selection);
                    break;
                }
                case Selection::Kind::spread: {
                    const syntax::Fragment& fragment = *document_.fragment(selection.name);
                    if (!collected.fragments.insert(&fragment).second) break;
                    if (applies(fragment.on, object) &&
                        !collect(fragment.selections, object, collected)) {
                        return false;
                    }
                    break;
                }
                case Selection::Kind::inline_fragment:
                    if (applies(selection.on, object) &&
                        !collect(selection.selections, object, collected)) {
                        return false;
                    }
                    break;
            }
        }
        return true;
    }

    [[nodiscard]] bool applies(const std::string& on, const NamedType& object) const {
        return on.empty() || schema_.find(on)->covers(object);
    }

    bool is_included(const Selection& selection, bool& included) {
        for (const syntax::Directive& directive : selection.directives) {
            const Type required_boolean{schema_.find("Boolean"), 0, 1};
            const auto arguments = coerce_arguments(
                directive.arguments, {{"if", required_boolean, std::nullopt}}, variables_);
            if (!arguments)
                return wrong(arguments.error().message,
                             place_of(arguments.error(), directive.place));
            const bool condition = Arguments(*arguments).flag("if").value_or(false);
            included = included && condition == (directive.name == "include");
        }
        return true;
    }

    static Place place_of(const ArgumentsError& error, Place otherwise) {
        return error.place.line == 0 ? otherwise : error.place;
    }

    bool merge(PlannedField& field, const Group& group, const NamedType& object) {
        const Selection& first = *group.asked.front();
        for (const Selection* const other : group.asked) {
            if (other->name != first.name)
                return conflict(
                    first, *other,
                    "\"" + first.name + "\" and \"" + other->name + "\" are different fields");
            if (!same_arguments(*other, first))
                return conflict(first, *other, "they have differing arguments");
        }
        field.key = first.key;
        field.place = first.place;
        if (first.name == "__typename") return true;
        field.type = object.field(first.name);
        auto arguments = coerce_arguments(first.arguments, field.type->arguments, variables_);
        if (!arguments)
            return wrong(arguments.error().message, place_of(arguments.error(), first.place));
        field.arguments = std::move(arguments).value();

        const NamedType& named = *field.type->type.named;
        if (named.is_leaf()) return true;
        if (++depth_ >= limits_.depth) {
            return wrong("The operation is nested deeper than " + std::to_string(limits_.depth) +
                             " levels when its fragments are put in.",
                         first.place);
        }
        const std::vector<const NamedType*> itself{&named};
        for (const NamedType* const type : named.is_abstract() ? named.members : itself) {
            field.below.push_back(std::make_unique<Plan>());
            if (!plan(*field.below.back(), *type, group.asked)) return false;
        }
        --depth_;
        return true;
    }

    bool conflict(const Selection& first, const Selection& other, const std::string& why) {
        wrong("Fields \"" + first.key + "\" conflict because " + why +
                  ". Use different aliases on the fields to fetch both if this was intentional.",
              first.place);
        error_.places.push_back(other.place);
        return false;
    }

    const syntax::Document& document_;
    const Schema& schema_;
    const Limits& limits_;
    const Variables variables_;
    std::size_t selections_ = 0;
    std::size_t depth_ = 0;
    DocumentError error_;
};

Result<const syntax::Operation*, DocumentError> choose(const syntax::Document& document,
                                                       const std::string& name) {
    const auto& all = document.operations;
    if (all.empty()) return Failure{DocumentError{"Must provide an operation.", {}}};
    if (name.empty()) {
        if (all.size() == 1) return &all.front();
        return Failure{DocumentError{
            "Must provide operation name if query contains multiple operations.", {}}};
    }
    const auto found = std::find_if(
        all.begin(), all.end(), [&](const syntax::Operation& each) { return each.name == name; });
    if (found != all.end()) return &*found;
    return Failure{DocumentError{"Unknown operation named \"" + name + "\".", {}}};
}

/// Given variables that are not declared are passed over.
Result<Variables, std::vector<DocumentError>> variables_of(const syntax::Operation& operation,
                                                           const ParamMap& given,
                                                           const Schema& schema) {
    Variables variables;
    std::vector<DocumentError> errors;
    for (const syntax::Input& declared : operation.variables) {
        const Type type{schema.find(declared.type.name), declared.type.lists,
                        declared.type.required};
        const std::string name = "Variable \"$" + declared.name + "\"";
        std::optional<ParamValue>& variable = variables[declared.name];
        const ParamValue* const value = find(given, declared.name);
        if (value == nullptr) {
            if (declared.otherwise) {
                variable = coerce_literal(*declared.otherwise, type, {}).value();
            } else if (type.required()) {
                errors.push_back(
                    {name + " of required type \"" + type.text() + "\" was not provided.",
                     {declared.place}});
            }
            continue;
        }
        if (value->is_null() && type.required()) {
            errors.push_back({name + " of non-null type \"" + type.text() + "\" must not be null.",
                              {declared.place}});
            continue;
        }
        auto coerced = coerce_json(*value, type);
        if (coerced) {
            variable = std::move(coerced).value();
            continue;
        }
        const std::string& path = coerced.error().path;
        errors.push_back(
            {name + " got invalid value" +
                 (path.empty() ? " " + shown(*value) : " at \"" + declared.name + path + "\"") +
                 "; " + coerced.error().message,
             {declared.place}});
    }
    if (!errors.empty()) return Failure{std::move(errors)};
    return variables;
}

}  // namespace

const Plan* PlannedField::below_for(const NamedType& object) const {
    const auto found = std::find_if(below.begin(), below.end(),
                                    [&](const auto& each) { return each->object == &object; });
    return found == below.end() ? nullptr : found->get();
}

Result<Prepared, std::vector<DocumentError>> plan(const syntax::Document& document,
                                                  const Request& request,
                                                  std::shared_ptr<const Schema> schema,
                                                  const Limits& limits) {
    const auto chosen = choose(document, request.operation_name);
    if (!chosen) return Failure{std::vector{chosen.error()}};
    const syntax::Operation& operation = **chosen;
    auto variables = variables_of(operation, request.variables, *schema);
    if (!variables) return Failure{std::move(variables).error()};

    auto prepared = std::make_shared<PreparedRequest>();
    Planner planner(document, *schema, limits, std::move(variables).value());
    if (!planner.plan_sets(prepared->root, *root_type(*schema, operation.kind),
                           {&operation.selections})) {
        return Failure{std::vector{planner.error()}};
    }
    prepared->mutation = operation.kind == syntax::OperationKind::mutation;
    prepared->values_max = limits.values;
    prepared->schema = std::move(schema);
    return Prepared(std::move(prepared));
}

namespace {

void add_fields_at(const Plan& plan,
                   std::string_view path,
                   std::vector<const PlannedField*>& found) {
    const std::size_t dot = path.find('.');
    const std::string_view name = path.substr(0, dot);
    for (const PlannedField& field : plan.fields) {
        if (field.type == nullptr || field.type->name != name) continue;
        if (dot == std::string_view::npos) {
            found.push_back(&field);
            continue;
        }
        for (const auto& below : field.below)
            add_fields_at(*below, path.substr(dot + 1), found);
    }
}

}  // namespace

std::vector<const PlannedField*> fields_at(const Plan& plan, std::string_view path) {
    std::vector<const PlannedField*> found;
    add_fields_at(plan, path, found);
    return found;
}

std::vector<const PlannedField*> fields_at(const PlannedField& field, std::string_view path) {
    std::vector<const PlannedField*> found;
    for (const auto& below : field.below)
        add_fields_at(*below, path, found);
    return found;
}

}  // namespace sweepctl::graphql
