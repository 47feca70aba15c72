#include "api/fields.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

namespace sweepctl::api {

namespace {

std::string quote(std::string_view text) {
    return "'" + shown(text) + "'";
}

std::string list_of(const std::vector<std::string_view>& names) {
    std::string list;
    for (const std::string_view name : names)
        list += (list.empty() ? "" : ", ") + std::string(name);
    return list;
}

std::string unknown(std::string_view what,
                    std::string_view name,
                    const std::vector<std::string_view>& known) {
    std::string message = "unknown " + std::string(what) + " " + quote(name);
    if (const std::string_view meant = did_you_mean(name, known); !meant.empty()) {
        return message + "; did you mean '" + std::string(meant) + "'?";
    }
    return message + "; known: " + (known.empty() ? "none" : list_of(known));
}

std::optional<std::uint64_t> unsigned_from(std::string_view text) {
    std::uint64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (text.empty() || stop != end || error != std::errc{}) return std::nullopt;
    return number;
}

/// An integer; whole floats such as 4.0 are taken too, as they mean the same to most JSON writers.
std::optional<std::uint64_t> unsigned_in(const ParamValue& value) {
    if (const auto* integer = value.get_if<std::int64_t>()) {
        if (*integer < 0) return std::nullopt;
        return static_cast<std::uint64_t>(*integer);
    }
    if (const auto* big = value.get_if<BigInt>()) return unsigned_from(big->digits);
    if (const auto* real = value.get_if<double>()) {
        constexpr double kExact = 9007199254740992.0;  // 2^53
        if (*real >= 0 && *real <= kExact &&
            *real == static_cast<double>(static_cast<std::uint64_t>(*real))) {
            return static_cast<std::uint64_t>(*real);
        }
    }
    return std::nullopt;
}

}  // namespace

void Complaints::wrong(std::string_view field, std::string_view must_be, const ParamValue& given) {
    const auto* text = given.get_if<std::string>();
    add(field, "'" + std::string(field) + "' must be " + std::string(must_be) + ", not " +
                   (given.is_null() ? "absent" : quote(text != nullptr ? *text : to_json(given))));
}

void Complaints::add(std::string_view field, std::string message) {
    constexpr std::size_t kEnough = 20;
    if (list_.size() < kEnough) list_.emplace_back(shown(field), std::move(message));
}

Problem Complaints::problem() const {
    Problem problem{422, {}};
    ParamList errors;
    for (const auto& [field, message] : list_) {
        problem.detail += (problem.detail.empty() ? "" : "; ") + message;
        errors.emplace_back(ParamMap{{"field", field}, {"message", message}});
    }
    problem.more.emplace_back("errors", std::move(errors));
    return problem;
}

Result<ParamMap, Problem> read_body(const HttpRequest& request) {
    if (const std::string* coding = request.header("content-encoding");
        coding != nullptr && *coding != "identity") {
        return Failure{Problem{415, "a body with Content-Encoding " + quote(*coding) +
                                        " is not read; send it as it is"}};
    }
    if (request.body.find_first_not_of(" \t\r\n") == std::string::npos) return ParamMap{};
    Result<ParamValue, JsonError> parsed = parse_json(request.body);
    if (!parsed) {
        const JsonError& error = parsed.error();
        return Failure{Problem{
            400,
            "the body is not JSON: byte " + std::to_string(error.offset) + ": " + error.message,
            {{"offset", json_number(error.offset)}}}};
    }
    auto* object = std::get_if<ParamMap>(&parsed.value().content());
    if (object == nullptr) {
        return Failure{Problem{422, "the body must be a JSON object, not " + quote(request.body)}};
    }
    return std::move(*object);
}

const ParamValue* BodyFields::value(std::string_view name) {
    known_.push_back(name);
    const ParamValue* found = find(body_, name);
    return found == nullptr || found->is_null() ? nullptr : found;
}

std::optional<std::string> BodyFields::text(std::string_view name) {
    const ParamValue* found = value(name);
    if (found == nullptr) return std::nullopt;
    if (const auto* text = found->get_if<std::string>()) return *text;
    complaints_.wrong(name, "a string", *found);
    return std::nullopt;
}

std::string BodyFields::required_text(std::string_view name) {
    const ParamValue* found = value(name);
    if (found != nullptr) {
        if (const auto* text = found->get_if<std::string>()) return *text;
    }
    complaints_.wrong(name, "a string", found == nullptr ? ParamValue{} : *found);
    return {};
}

bool BodyFields::flag(std::string_view name) {
    const ParamValue* found = value(name);
    if (found == nullptr) return false;
    if (const auto* truth = found->get_if<bool>()) return *truth;
    complaints_.wrong(name, "true or false", *found);
    return false;
}

std::optional<std::uint64_t> BodyFields::number(std::string_view name,
                                                std::uint64_t min,
                                                std::uint64_t max) {
    const ParamValue* found = value(name);
    if (found == nullptr) return std::nullopt;
    const std::optional<std::uint64_t> number = unsigned_in(*found);
    if (number && *number >= min && *number <= max) return number;
    complaints_.wrong(
        name, "a whole number from " + std::to_string(min) + " to " + std::to_string(max), *found);
    return std::nullopt;
}

const ParamMap* BodyFields::object(std::string_view name) {
    const ParamValue* found = value(name);
    if (found == nullptr) return nullptr;
    if (const auto* object = found->get_if<ParamMap>()) return object;
    complaints_.wrong(name, "an object", *found);
    return nullptr;
}

const ParamList* BodyFields::list(std::string_view name) {
    const ParamValue* found = value(name);
    if (found == nullptr) return nullptr;
    if (const auto* list = found->get_if<ParamList>()) return list;
    complaints_.wrong(name, "a list", *found);
    return nullptr;
}

std::vector<const ParamMap*> BodyFields::objects(std::string_view name) {
    const ParamValue* found = value(name);
    if (found == nullptr) return {};
    std::vector<const ParamMap*> objects;
    const auto* list = found->get_if<ParamList>();
    const std::size_t count = list == nullptr ? 1 : list->size();
    for (std::size_t i = 0; i < count; ++i) {
        const auto* object = (list == nullptr ? *found : (*list)[i]).get_if<ParamMap>();
        if (object == nullptr) {
            complaints_.wrong(name, "an object or a list of objects", *found);
            return {};
        }
        objects.push_back(object);
    }
    return objects;
}

void BodyFields::finish() {
    for (const auto& [name, ignored] : body_) {
        if (std::find(known_.begin(), known_.end(), name) == known_.end())
            complaints_.add(name, unknown("field", name, known_));
    }
}

QueryFields::QueryFields(const HttpRequest& request, const Route& route, Complaints& complaints)
    : request_(request), complaints_(complaints) {
    std::vector<std::string_view> known;
    for (const RouteParameter& parameter : route.query)
        known.push_back(parameter.name);
    for (const auto& [name, ignored] : request.query) {
        if (std::find(known.begin(), known.end(), name) == known.end())
            complaints_.add(name, unknown("parameter", name, known));
    }
}

std::string QueryFields::text(std::string_view name) const {
    const std::string* found = request_.query_value(name);
    return found == nullptr ? std::string{} : *found;
}

std::vector<std::string> QueryFields::words(std::string_view name) const {
    std::vector<std::string> words;
    const std::string list = text(name);
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        if (end > at) words.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

std::optional<std::uint64_t> QueryFields::number(std::string_view name) const {
    const std::string* found = request_.query_value(name);
    if (found == nullptr || found->empty()) return std::nullopt;
    const std::optional<std::uint64_t> number = unsigned_from(*found);
    if (!number) {
        complaints_.wrong(name, "a whole number from 0", ParamValue(*found));
        return std::nullopt;
    }
    constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() - 1;
    return std::min(*number, kMost);
}

std::size_t QueryFields::limit(std::size_t otherwise, std::size_t max) const {
    const std::string* found = request_.query_value("limit");
    if (found == nullptr || found->empty()) return otherwise;
    const std::optional<std::uint64_t> number = unsigned_from(*found);
    const bool digits = found->find_first_not_of("0123456789") == std::string::npos;
    if (!number && digits) return max;  // Beyond 64 bits, but a number.
    if (number && *number > 0)
        return static_cast<std::size_t>(std::min<std::uint64_t>(*number, max));
    complaints_.wrong("limit", "a whole number from 1 to " + std::to_string(max),
                      ParamValue(*found));
    return otherwise;
}

bool QueryFields::flag(std::string_view name) const {
    const std::string* found = request_.query_value(name);
    if (found == nullptr || *found == "0" || *found == "false") return false;
    if (*found == "1" || *found == "true" || found->empty()) return true;
    complaints_.wrong(name, "0 or 1", ParamValue(*found));
    return false;
}

bool check_printable(std::string_view field, std::string_view text, Complaints& complaints) {
    const bool fine = std::none_of(text.begin(), text.end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    });
    if (!fine) {
        complaints.wrong(field, "a text without control characters", ParamValue(std::string(text)));
    }
    return fine;
}

ParamValue json_number(std::uint64_t number) {
    if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return static_cast<std::int64_t>(number);
    }
    return BigInt{std::to_string(number)};
}

ParamValue json_number(const std::optional<std::uint64_t>& number) {
    return number ? json_number(*number) : ParamValue{};
}

}  // namespace sweepctl::api
