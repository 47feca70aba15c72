#pragma once

#include "sweepctl/base/result.hpp"

#include "api/graphql/document.hpp"
#include "api/graphql/resolver.hpp"
#include "api/graphql/type.hpp"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

// Declares a schema in code, in GraphQL's own notation for what is declared; see graphql.hpp.
// Types may be used before they are declared. What is wrong is collected and told by build().

namespace sweepctl::graphql {

/// A resolver from whatever fits: a data member of the parent, or a function of (parent),
/// (parent, field), (field), (parent, field, later) or (field, later).
template <typename T, typename F>
[[nodiscard]] Resolver resolver_of(F f) {
    if constexpr (std::is_member_object_pointer_v<F>) {
        return {[f](const Field& field) { return Resolved(field.parent().as<T>().*f); }, {}};
    } else if constexpr (std::is_invocable_v<const F&, const T&, const Field&, Later>) {
        return {{}, [f = std::move(f)](const Field& field, Later later) {
                    f(field.parent().as<T>(), field, std::move(later));
                }};
    } else if constexpr (std::is_invocable_v<const F&, const Field&, Later>) {
        return {{}, [f = std::move(f)](const Field& field, Later later) {
                    f(field, std::move(later));
                }};
    } else if constexpr (std::is_invocable_v<const F&, const T&, const Field&>) {
        return {[f = std::move(f)](const Field& field) {
                    return Resolved(f(field.parent().as<T>(), field));
                },
                {}};
    } else if constexpr (std::is_invocable_v<const F&, const Field&>) {
        return {[f = std::move(f)](const Field& field) { return Resolved(f(field)); }, {}};
    } else {
        return {
            [f = std::move(f)](const Field& field) { return Resolved(f(field.parent().as<T>())); },
            {}};
    }
}

class SchemaBuilder;

/// An object type whose nodes hold a T.
template <typename T>
class ObjectBuilder {
public:
    ObjectBuilder(SchemaBuilder& schema, std::string name)
        : schema_(schema), name_(std::move(name)) {}

    /// `declaration`: "runs(first: Int = 50, after: String): RunConnection!".
    template <typename F>
    ObjectBuilder& field(std::string_view declaration, F resolver);
    ObjectBuilder& implements(std::string_view interface);

private:
    SchemaBuilder& schema_;
    std::string name_;
};

class SchemaBuilder {
public:
    SchemaBuilder();

    template <typename T>
    ObjectBuilder<T> object(std::string_view name) {
        add_object(name, typeid(T));
        return ObjectBuilder<T>(*this, std::string(name));
    }
    /// The roots. The same one may be asked for several times, to declare fields in several places.
    ObjectBuilder<Root> query() { return root("Query"); }
    ObjectBuilder<Root> mutation() { return root("Mutation"); }

    /// `fields`: "name: String!, tags: [String!], first: Int = 50".
    void input(std::string_view name, std::string_view fields);
    /// `enumerators`: "PENDING RUNNING".
    void enumeration(std::string_view name, std::string_view enumerators);
    /// `fields`: "id: ID!, runs(first: Int): [Run]".
    void interface(std::string_view name, std::string_view fields);
    /// `members`: "Run Sweep". A node of an interface or union has the type of the member whose
    /// C++ type it holds.
    void union_of(std::string_view name, std::string_view members);

    /// The schema, or all that is wrong with it, a line each. Call once.
    [[nodiscard]] Result<std::shared_ptr<const Schema>, std::string> build();

    void add_field(std::string_view type, std::string_view declaration, Resolver resolver);
    void add_interface(std::string_view type, std::string_view interface);

private:
    struct Declared {
        std::string type;
        syntax::FieldDeclaration field;
        Resolver resolver;
    };
    struct DeclaredInput {
        std::string type;
        std::vector<syntax::Input> fields;
    };

    ObjectBuilder<Root> root(std::string_view name);
    void add_object(std::string_view name, const std::type_info& node);
    NamedType* add(std::string_view name, TypeKind kind);
    void problem(std::string text);
    [[nodiscard]] Type resolve(const syntax::TypeName& name, const std::string& where);
    [[nodiscard]] std::vector<InputType> resolve(const std::vector<syntax::Input>& inputs,
                                                 const std::string& where);
    void resolve_defaults(std::vector<InputType>& inputs,
                          const std::vector<syntax::Input>& declared,
                          const std::string& where);
    void resolve_members();
    void check_inputs();

    std::shared_ptr<Schema> schema_;
    std::vector<Declared> fields_;
    std::vector<DeclaredInput> inputs_;
    std::vector<std::pair<std::string, std::string>> members_;  // (interface or union, object)
    std::string problems_;
};

template <typename T>
template <typename F>
ObjectBuilder<T>& ObjectBuilder<T>::field(std::string_view declaration, F resolver) {
    schema_.add_field(name_, declaration, resolver_of<T>(std::move(resolver)));
    return *this;
}

template <typename T>
ObjectBuilder<T>& ObjectBuilder<T>::implements(std::string_view interface) {
    schema_.add_interface(name_, interface);
    return *this;
}

}  // namespace sweepctl::graphql
