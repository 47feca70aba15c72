#pragma once

#include "sweepctl/core/value.hpp"

#include "api/graphql/resolver.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

// The types of a schema, as the executor sees them. They are made by SchemaBuilder and do not
// change any more.

namespace sweepctl::graphql {

enum class TypeKind : std::uint8_t { scalar, enumeration, input, object, interface, union_of };

/// What a scalar takes and gives.
enum class Scalar : std::uint8_t {
    int32,        // Int
    int64,        // Int64 and Duration: a number; from clients also its digits in a string
    real,         // Float
    text,         // String and DateTime
    boolean,      // Boolean
    id,           // ID: a string; from clients and resolvers also an integer
    json,         // JSON: any value
    json_string,  // JSONString: JSON text in a string
};

struct NamedType;

/// A type as it stands behind a colon: the named one, how many lists are around it, and which of
/// the levels may not be null (bit 0 is the outermost).
struct Type {
    const NamedType* named = nullptr;
    unsigned lists = 0;
    unsigned required_bits = 0;

    [[nodiscard]] bool required() const { return (required_bits & 1U) != 0; }
    [[nodiscard]] bool is_list() const { return lists > 0; }
    /// Of a list's items.
    [[nodiscard]] Type item() const { return {named, lists - 1, required_bits >> 1U}; }
    [[nodiscard]] Type nullable() const { return {named, lists, required_bits & ~1U}; }
    /// As written: "[String!]!".
    [[nodiscard]] std::string text() const;
    bool operator==(const Type&) const = default;
};

/// An argument, or a field of an input object.
struct InputType {
    std::string name;
    Type type;
    std::optional<ParamValue> otherwise;  ///< coerced

    [[nodiscard]] bool must_be_given() const { return type.required() && !otherwise; }
};

struct FieldType {
    std::string name;
    std::vector<InputType> arguments;
    Type type;
    Resolver resolver;  ///< empty in interfaces

    [[nodiscard]] const InputType* argument(std::string_view argument_name) const;
};

struct NamedType {
    std::string name;
    TypeKind kind = TypeKind::scalar;
    Scalar scalar = Scalar::text;
    std::vector<std::string> enumerators;
    std::vector<InputType> inputs;                         ///< of an input object, in order
    std::map<std::string, FieldType, std::less<>> fields;  ///< of an object or interface
    std::vector<const NamedType*> members;                 ///< of an interface or union
    const std::type_info* node = nullptr;                  ///< what an object's nodes hold

    [[nodiscard]] bool is_input() const;
    [[nodiscard]] bool is_leaf() const {
        return kind == TypeKind::scalar || kind == TypeKind::enumeration;
    }
    [[nodiscard]] bool is_abstract() const {
        return kind == TypeKind::interface || kind == TypeKind::union_of;
    }
    [[nodiscard]] const FieldType* field(std::string_view field_name) const;
    [[nodiscard]] const InputType* input(std::string_view input_name) const;
    /// Whether an object of type `object` is one of these.
    [[nodiscard]] bool covers(const NamedType& object) const;
};

class Schema {
public:
    [[nodiscard]] const NamedType* find(std::string_view name) const;
    [[nodiscard]] const NamedType& query() const { return *query_; }
    /// Null when nothing can be changed.
    [[nodiscard]] const NamedType* mutation() const { return mutation_; }

private:
    friend class SchemaBuilder;
    std::map<std::string, std::unique_ptr<NamedType>, std::less<>> types_;
    const NamedType* query_ = nullptr;
    const NamedType* mutation_ = nullptr;
};

}  // namespace sweepctl::graphql
