#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include "api/graphql/document.hpp"
#include "api/graphql/resolver.hpp"
#include "api/graphql/type.hpp"

#include <map>
#include <optional>
#include <string>
#include <vector>

// From what clients write to what resolvers are given, and from what resolvers give to the text of
// the response.

namespace sweepctl::graphql {

/// What is wrong with a value, and where in it: ".tags[2]"; empty when it is all of it.
struct InputError {
    std::string message;
    std::string path;
};

/// The variables that an operation declares, coerced; empty ones were left out.
using Variables = std::map<std::string, std::optional<ParamValue>, std::less<>>;

/// A JSON value.
[[nodiscard]] Result<ParamValue, InputError> coerce_json(const ParamValue& value, const Type& type);

/// A literal. A variable in it is coerced once more, to the type of its place, so that it need not
/// be declared with exactly that. Nothing when it is a variable that was left out.
[[nodiscard]] Result<std::optional<ParamValue>, InputError> coerce_literal(
    const syntax::Value& literal, const Type& type, const Variables& variables);

/// Arguments given for declared ones. Those that are not declared are for the validation to find.
struct ArgumentsError {
    std::string message;
    Place place;
};
[[nodiscard]] Result<ParamMap, ArgumentsError> coerce_arguments(
    const std::vector<syntax::Argument>& given,
    const std::vector<InputType>& declared,
    const Variables& variables);

/// Appends a value that is not null as the JSON text of a scalar or enumeration. Otherwise says why
/// it cannot be.
[[nodiscard]] std::optional<std::string> append_leaf(std::string& out,
                                                     const ParamValue& value,
                                                     const NamedType& type);
[[nodiscard]] std::optional<std::string> append_leaf(std::string& out,
                                                     const JsonText& text,
                                                     const NamedType& type);

/// A value as a message shows it: JSON, cut when it is long.
[[nodiscard]] std::string shown(const ParamValue& value);

}  // namespace sweepctl::graphql
