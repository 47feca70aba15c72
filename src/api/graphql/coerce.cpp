#include "api/graphql/coerce.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <string_view>
#include <utility>

namespace sweepctl::graphql {

namespace {

using syntax::Value;

std::optional<std::int64_t> from_digits(std::string_view digits) {
    std::int64_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, ec] = std::from_chars(digits.data(), end, number);
    if (ec != std::errc{} || stop != end) return std::nullopt;
    return number;
}

/// An integer, also one written as 3.0.
std::optional<std::int64_t> whole(const ParamValue& value) {
    if (const auto* integer = value.get_if<std::int64_t>()) return *integer;
    constexpr double kExact = 9007199254740992.0;  // 2^53
    if (const auto* real = value.get_if<double>();
        real != nullptr && std::trunc(*real) == *real && std::abs(*real) <= kExact) {
        return static_cast<std::int64_t>(*real);
    }
    return std::nullopt;
}

bool fits_int32(std::int64_t number) {
    return number >= std::numeric_limits<std::int32_t>::min() &&
           number <= std::numeric_limits<std::int32_t>::max();
}

Failure<InputError> cannot(const NamedType& type, std::string_view kind, const ParamValue& value) {
    return Failure{
        InputError{type.name + " cannot represent " + std::string(kind) + ": " + shown(value), {}}};
}

Result<ParamValue, InputError> coerce_scalar(const ParamValue& value, const NamedType& type) {
    switch (type.scalar) {
        case Scalar::int32: {
            const auto number = whole(value);
            if (!number) {
                double scratch = 0;
                const bool outside = value.get_if<BigInt>() != nullptr ||
                                     (value.number(scratch) != nullptr && std::isfinite(scratch) &&
                                      std::trunc(scratch) == scratch);
                return cannot(
                    type, outside ? "non 32-bit signed integer value" : "non-integer value", value);
            }
            if (!fits_int32(*number)) return cannot(type, "non 32-bit signed integer value", value);
            return ParamValue(*number);
        }
        case Scalar::int64: {
            if (const auto number = whole(value)) return ParamValue(*number);
            if (const auto* digits = value.get_if<std::string>()) {
                if (const auto number = from_digits(*digits)) return ParamValue(*number);
            }
            return cannot(type, "non 64-bit signed integer value", value);
        }
        case Scalar::real: {
            double scratch = 0;
            const double* const number = value.number(scratch);
            if (number == nullptr || !std::isfinite(*number))
                return cannot(type, "non numeric value", value);
            return ParamValue(*number);
        }
        case Scalar::text:
        case Scalar::json_string:
            if (value.get_if<std::string>() == nullptr)
                return cannot(type, "a non string value", value);
            return value;
        case Scalar::boolean:
            if (value.get_if<bool>() == nullptr) return cannot(type, "a non boolean value", value);
            return value;
        case Scalar::id:
            if (value.get_if<std::string>() != nullptr) return value;
            if (const auto number = whole(value)) return ParamValue(std::to_string(*number));
            if (const auto* big = value.get_if<BigInt>()) return ParamValue(big->digits);
            return cannot(type, "value", value);
        case Scalar::json: return value;
    }
    return value;
}

Result<ParamValue, InputError> coerce_enumerator(const std::string& word,
                                                 const NamedType& type,
                                                 const ParamValue& value) {
    const auto& known = type.enumerators;
    if (std::find(known.begin(), known.end(), word) != known.end()) return value;
    return Failure{
        InputError{"Value \"" + word + "\" does not exist in \"" + type.name + "\" enum.", {}}};
}

InputError null_refused(const Type& type) {
    return {"Expected non-nullable type \"" + type.text() + "\" not to be null.", {}};
}

InputError inside(InputError error, const std::string& step) {
    error.path = step + error.path;
    return error;
}

std::string step(std::size_t index) {
    return "[" + std::to_string(index) + "]";
}

InputError not_defined(const std::string& field, const NamedType& type) {
    return {"Field \"" + field + "\" is not defined by type \"" + type.name + "\".", {}};
}

InputError not_provided(const InputType& input) {
    return {"Field \"" + input.name + "\" of required type \"" + input.type.text() +
                "\" was not provided.",
            {}};
}

Result<ParamValue, InputError> coerce_object(const ParamMap& map, const NamedType& type) {
    for (const auto& [name, value] : map) {
        if (type.input(name) == nullptr) return Failure{not_defined(name, type)};
    }
    ParamMap result;
    for (const InputType& input : type.inputs) {
        const ParamValue* const given = find(map, input.name);
        if (given == nullptr) {
            if (input.must_be_given()) return Failure{not_provided(input)};
            if (input.otherwise) result.emplace_back(input.name, *input.otherwise);
            continue;
        }
        auto value = coerce_json(*given, input.type);
        if (!value) return Failure{inside(value.error(), "." + input.name)};
        result.emplace_back(input.name, std::move(value).value());
    }
    return ParamValue(std::move(result));
}

}  // namespace

Result<ParamValue, InputError> coerce_json(const ParamValue& value, const Type& type) {
    if (value.is_null()) {
        if (type.required()) return Failure{null_refused(type)};
        return ParamValue();
    }
    if (type.is_list()) {
        ParamList items;
        const auto* const list = value.get_if<ParamList>();
        if (list == nullptr) {
            auto only = coerce_json(value, type.item());
            if (!only) return only;
            items.push_back(std::move(only).value());
            return ParamValue(std::move(items));
        }
        items.reserve(list->size());
        for (std::size_t i = 0; i < list->size(); ++i) {
            auto item = coerce_json((*list)[i], type.item());
            if (!item) return Failure{inside(item.error(), step(i))};
            items.push_back(std::move(item).value());
        }
        return ParamValue(std::move(items));
    }
    const NamedType& named = *type.named;
    if (named.kind == TypeKind::scalar) return coerce_scalar(value, named);
    if (named.kind == TypeKind::enumeration) {
        const auto* const word = value.get_if<std::string>();
        if (word != nullptr) return coerce_enumerator(*word, named, value);
        return Failure{InputError{
            "Enum \"" + named.name + "\" cannot represent non-string value: " + shown(value) + ".",
            {}}};
    }
    const auto* const map = value.get_if<ParamMap>();
    if (map != nullptr) return coerce_object(*map, named);
    return Failure{InputError{"Expected type \"" + named.name + "\" to be an object.", {}}};
}

namespace {

using MaybeValue = Result<std::optional<ParamValue>, InputError>;

MaybeValue maybe(Result<ParamValue, InputError> value) {
    if (!value) return Failure{std::move(value).error()};
    return std::optional(std::move(value).value());
}

/// The number, text, boolean or null that a literal stands for.
ParamValue plain(const Value& literal) {
    switch (literal.kind) {
        case Value::Kind::integer:
        case Value::Kind::real: return parse_json(literal.text).value();  // JSON's notation, too.
        case Value::Kind::text: return literal.text;
        case Value::Kind::boolean: return literal.text == "true";
        case Value::Kind::enumerator: return literal.text;
        case Value::Kind::null:
        case Value::Kind::variable:
        case Value::Kind::list:
        case Value::Kind::object: break;
    }
    return nullptr;
}

std::optional<InputError> repeated_member(const Value& literal) {
    std::set<std::string_view> seen;
    for (const auto& [name, member] : literal.members) {
        if (!seen.insert(name).second)
            return InputError{"There can be only one input field named \"" + name + "\".", {}};
    }
    return std::nullopt;
}

/// A literal of the scalar JSON.
MaybeValue json_literal(const Value& literal, const Type& type, const Variables& variables) {
    if (literal.kind == Value::Kind::enumerator) {
        return Failure{
            InputError{type.named->name + " cannot represent an enumerator: " + literal.text, {}}};
    }
    if (literal.kind == Value::Kind::list) {
        ParamList items;
        for (std::size_t i = 0; i < literal.items.size(); ++i) {
            auto item = coerce_literal(literal.items[i], type.nullable(), variables);
            if (!item) return Failure{inside(item.error(), step(i))};
            items.push_back(item->value_or(ParamValue()));
        }
        return std::optional<ParamValue>(std::move(items));
    }
    if (literal.kind == Value::Kind::object) {
        if (auto error = repeated_member(literal)) return Failure{std::move(*error)};
        ParamMap members;
        for (const auto& [name, member] : literal.members) {
            auto value = coerce_literal(member, type.nullable(), variables);
            if (!value) return Failure{inside(value.error(), "." + name)};
            if (*value) members.emplace_back(name, std::move(**value));
        }
        return std::optional<ParamValue>(std::move(members));
    }
    return std::optional(plain(literal));
}

MaybeValue object_literal(const Value& literal, const Type& type, const Variables& variables) {
    const NamedType& named = *type.named;
    if (literal.kind != Value::Kind::object)
        return Failure{InputError{"Expected type \"" + named.name + "\" to be an object.", {}}};
    if (auto error = repeated_member(literal)) return Failure{std::move(*error)};
    for (const auto& [name, member] : literal.members) {
        if (named.input(name) == nullptr) return Failure{not_defined(name, named)};
    }
    ParamMap result;
    for (const InputType& input : named.inputs) {
        const auto found =
            std::find_if(literal.members.begin(), literal.members.end(),
                         [&](const auto& member) { return member.name == input.name; });
        std::optional<ParamValue> value;
        if (found != literal.members.end()) {
            auto given = coerce_literal(found->value, input.type, variables);
            if (!given) return Failure{inside(given.error(), "." + input.name)};
            value = std::move(given).value();
        }
        if (!value) value = input.otherwise;
        if (value) {
            result.emplace_back(input.name, std::move(*value));
        } else if (input.type.required()) {
            return Failure{not_provided(input)};
        }
    }
    return std::optional<ParamValue>(std::move(result));
}

MaybeValue list_literal(const Value& literal, const Type& type, const Variables& variables) {
    ParamList items;
    if (literal.kind != Value::Kind::list) {
        auto only = coerce_literal(literal, type.item(), variables);
        if (!only) return only;
        items.push_back(only->value_or(ParamValue()));
        return std::optional<ParamValue>(std::move(items));
    }
    for (std::size_t i = 0; i < literal.items.size(); ++i) {
        auto item = coerce_literal(literal.items[i], type.item(), variables);
        if (!item) return Failure{inside(item.error(), step(i))};
        if (!*item && type.item().required())
            return Failure{inside(null_refused(type.item()), step(i))};
        items.push_back(item->value_or(ParamValue()));
    }
    return std::optional<ParamValue>(std::move(items));
}

bool fits_literal(const Value& literal, const NamedType& type) {
    if (literal.kind == Value::Kind::enumerator) return type.kind == TypeKind::enumeration;
    if (type.kind == TypeKind::enumeration) return false;
    if (literal.kind == Value::Kind::list || literal.kind == Value::Kind::object) return false;
    return literal.kind != Value::Kind::real ||
           (type.scalar != Scalar::int32 && type.scalar != Scalar::int64 &&
            type.scalar != Scalar::id);
}

}  // namespace

MaybeValue coerce_literal(const Value& literal, const Type& type, const Variables& variables) {
    if (literal.kind == Value::Kind::variable) {
        const auto found = variables.find(literal.text);
        if (found == variables.end())
            return Failure{InputError{"Variable \"$" + literal.text + "\" is not defined.", {}}};
        if (!found->second) return std::optional<ParamValue>();
        return maybe(coerce_json(*found->second, type));
    }
    if (literal.kind == Value::Kind::null) {
        if (type.required()) return Failure{null_refused(type)};
        return std::optional(ParamValue());
    }
    if (type.is_list()) return list_literal(literal, type, variables);
    const NamedType& named = *type.named;
    if (named.kind == TypeKind::input) return object_literal(literal, type, variables);
    if (named.kind == TypeKind::scalar && named.scalar == Scalar::json)
        return json_literal(literal, type, variables);
    if (!fits_literal(literal, named)) {
        const bool composed =
            literal.kind == Value::Kind::list || literal.kind == Value::Kind::object;
        return Failure{InputError{
            (named.kind == TypeKind::enumeration ? "Enum \"" + named.name + "\"" : named.name) +
                " cannot represent value: " +
                (composed ? literal.kind == Value::Kind::list ? "[...]" : "{...}"
                 : literal.kind == Value::Kind::text ? shown(literal.text)
                                                     : literal.text),
            {}}};
    }
    return maybe(coerce_json(plain(literal), type));
}

Result<ParamMap, ArgumentsError> coerce_arguments(const std::vector<syntax::Argument>& given,
                                                  const std::vector<InputType>& declared,
                                                  const Variables& variables) {
    ParamMap result;
    for (const InputType& input : declared) {
        const auto found =
            std::find_if(given.begin(), given.end(),
                         [&](const syntax::Argument& each) { return each.name == input.name; });
        std::optional<ParamValue> value;
        if (found != given.end()) {
            auto coerced = coerce_literal(found->value, input.type, variables);
            if (!coerced) {
                const std::string where = coerced.error().path.empty()
                                              ? ""
                                              : " at \"" + input.name + coerced.error().path + "\"";
                return Failure{ArgumentsError{"Argument \"" + input.name +
                                                  "\" has an invalid value" + where + ": " +
                                                  coerced.error().message,
                                              found->value.place}};
            }
            value = std::move(coerced).value();
        }
        if (!value) value = input.otherwise;
        if (value) {
            result.emplace_back(input.name, std::move(*value));
        } else if (input.type.required()) {
            const bool by_variable = found != given.end();
            return Failure{ArgumentsError{
                "Argument \"" + input.name + "\" of required type \"" + input.type.text() + "\" " +
                    (by_variable ? "was provided the variable \"$" + found->value.text +
                                       "\" which was not provided a runtime value."
                                 : std::string("was not provided.")),
                by_variable ? found->value.place : Place{}}};
        }
    }
    return result;
}

namespace {

/// Numbers that JSON cannot say are strings, as everywhere in the API.
void append_strict_json(std::string& out, const ParamValue& value) {
    if (const auto* real = value.get_if<double>(); real != nullptr && !std::isfinite(*real)) {
        out += std::isnan(*real) ? "\"NaN\"" : *real < 0 ? "\"-Infinity\"" : "\"Infinity\"";
    } else if (const auto* list = value.get_if<ParamList>()) {
        out.push_back('[');
        for (std::size_t i = 0; i < list->size(); ++i) {
            if (i > 0) out.push_back(',');
            append_strict_json(out, (*list)[i]);
        }
        out.push_back(']');
    } else if (const auto* map = value.get_if<ParamMap>()) {
        out.push_back('{');
        for (std::size_t i = 0; i < map->size(); ++i) {
            if (i > 0) out.push_back(',');
            append_json_string(out, (*map)[i].first);
            out.push_back(':');
            append_strict_json(out, (*map)[i].second);
        }
        out.push_back('}');
    } else {
        append_json(out, value);
    }
}

}  // namespace

std::optional<std::string> append_leaf(std::string& out,
                                       const ParamValue& value,
                                       const NamedType& type) {
    const auto* const text = value.get_if<std::string>();
    if (type.kind == TypeKind::enumeration) {
        const auto& known = type.enumerators;
        if (text == nullptr || std::find(known.begin(), known.end(), *text) == known.end())
            return "Enum \"" + type.name + "\" cannot represent value: " + shown(value);
        append_json_string(out, *text);
        return std::nullopt;
    }
    const bool composed =
        value.get_if<ParamList>() != nullptr || value.get_if<ParamMap>() != nullptr;
    switch (type.scalar) {
        case Scalar::int32:
        case Scalar::int64: {
            const auto number = whole(value);
            if (!number || (type.scalar == Scalar::int32 && !fits_int32(*number))) break;
            out += std::to_string(*number);
            return std::nullopt;
        }
        case Scalar::real: {
            double scratch = 0;
            const double* const number = value.number(scratch);
            if (number == nullptr || !std::isfinite(*number)) break;
            append_json(out, value);
            return std::nullopt;
        }
        case Scalar::boolean:
            if (value.get_if<bool>() == nullptr) break;
            append_json(out, value);
            return std::nullopt;
        case Scalar::text:
        case Scalar::id:
            if (composed || (type.scalar == Scalar::id && text == nullptr && !whole(value) &&
                             value.get_if<BigInt>() == nullptr)) {
                break;
            }
            append_json_string(out, text != nullptr ? *text : to_json(value));
            return std::nullopt;
        case Scalar::json: append_strict_json(out, value); return std::nullopt;
        case Scalar::json_string:
            append_json_string(out, text != nullptr ? *text : to_json(value));
            return std::nullopt;
    }
    return type.name + " cannot represent value: " + shown(value);
}

std::optional<std::string> append_leaf(std::string& out,
                                       const JsonText& text,
                                       const NamedType& type) {
    if (type.kind == TypeKind::scalar && type.scalar == Scalar::json) {
        out += text.text;
        return std::nullopt;
    }
    if (type.kind == TypeKind::scalar && type.scalar == Scalar::json_string) {
        append_json_string(out, text.text);
        return std::nullopt;
    }
    return type.name + " cannot represent JSON text";
}

std::string shown(const ParamValue& value) {
    constexpr std::size_t kMax = 200;
    std::string text = to_json(value);
    if (text.size() > kMax) {
        std::size_t end = kMax;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80)
            --end;
        text.resize(end);
        text += "...";
    }
    return text;
}

}  // namespace sweepctl::graphql
