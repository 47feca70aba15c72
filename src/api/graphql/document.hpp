#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a GraphQL document says, as parsed (October 2021, executable documents).

namespace sweepctl::graphql {

/// Where in the document; both count from 1, columns in characters.
struct Place {
    std::uint32_t line = 0;
    std::uint32_t column = 0;
};

}  // namespace sweepctl::graphql

namespace sweepctl::graphql::syntax {

/// A literal, or a variable.
struct Value {
    enum class Kind : std::uint8_t {
        variable,
        integer,
        real,
        text,
        boolean,
        null,
        enumerator,
        list,
        object,
    };
    Kind kind = Kind::null;
    /// A variable's or enumerator's name, a number as written, a text without quotes and escapes,
    /// "true" or "false".
    std::string text;
    struct Member;
    std::vector<Value> items;     ///< of a list
    std::vector<Member> members;  ///< of an object
    Place place;

    /// The same but for places.
    bool operator==(const Value& other) const;
};

struct Value::Member {
    std::string name;
    Value value;

    bool operator==(const Member& other) const {
        return name == other.name && value == other.value;
    }
};

/// `[Name!]!`: the name, how many lists stand around it, and which of those levels are required
/// (bit 0 is the outermost one).
struct TypeName {
    std::string name;
    unsigned lists = 0;
    unsigned required = 0;
    Place place;

    [[nodiscard]] std::string text() const;
};

struct Argument {
    std::string name;
    Value value;
    Place place;
};

struct Directive {
    std::string name;
    std::vector<Argument> arguments;
    Place place;
};

/// A field, `...Fragment`, or `... on Type { }`.
struct Selection {
    enum class Kind : std::uint8_t { field, spread, inline_fragment };
    Kind kind = Kind::field;
    std::string key;   ///< of a field in the response: its alias or its name
    std::string name;  ///< of the field or the fragment
    std::string on;    ///< an inline fragment's type; may be empty
    std::vector<Argument> arguments;
    std::vector<Directive> directives;
    std::vector<Selection> selections;
    Place place;
};

/// Declared input: a variable, an argument, an input object's field.
struct Input {
    std::string name;
    TypeName type;
    std::optional<Value> otherwise;
    Place place;
};

enum class OperationKind : std::uint8_t { query, mutation, subscription };

struct Operation {
    OperationKind kind = OperationKind::query;
    std::string name;  ///< Empty: `{ ... }`, or a query without a name.
    std::vector<Input> variables;
    std::vector<Directive> directives;
    std::vector<Selection> selections;
    Place place;
};

struct Fragment {
    std::string name;
    std::string on;
    std::vector<Directive> directives;
    std::vector<Selection> selections;
    Place place;
};

struct Document {
    std::vector<Operation> operations;
    std::vector<Fragment> fragments;
    std::map<std::string, std::size_t, std::less<>> fragment_places;  ///< by name
    std::size_t tokens = 0;

    /// The first one of that name; null when there is none.
    [[nodiscard]] const Fragment* fragment(std::string_view name) const;
};

/// `name(argument: Type = default, ...): Type`, as a schema declares a field.
struct FieldDeclaration {
    std::string name;
    std::vector<Input> arguments;
    TypeName type;
};

}  // namespace sweepctl::graphql::syntax
