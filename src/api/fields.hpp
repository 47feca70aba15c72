#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include "api/problem.hpp"
#include "api/route.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What came with a request, read field by field. All that is wrong is collected, so that one answer
// names it all.

namespace sweepctl::api {

class Complaints {
public:
    /// "'parallel' must be a number from 1, not 'x'"
    void wrong(std::string_view field, std::string_view must_be, const ParamValue& given);
    void add(std::string_view field, std::string message);
    [[nodiscard]] bool empty() const { return list_.empty(); }
    /// 422 with all of them; not for an empty list.
    [[nodiscard]] Problem problem() const;

private:
    std::vector<std::pair<std::string, std::string>> list_;
};

/// The body as a JSON object; an empty body is an empty one. 400 when it is not JSON, 415 when it
/// is compressed.
[[nodiscard]] Result<ParamMap, Problem> read_body(const HttpRequest& request);

/// A body's members. An absent member and null are the same.
class BodyFields {
public:
    BodyFields(const ParamMap& body, Complaints& complaints)
        : body_(body), complaints_(complaints) {}

    [[nodiscard]] std::optional<std::string> text(std::string_view name);
    [[nodiscard]] std::string required_text(std::string_view name);
    [[nodiscard]] bool flag(std::string_view name);
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name,
                                                      std::uint64_t min,
                                                      std::uint64_t max);
    /// The member itself; nullptr when absent.
    [[nodiscard]] const ParamValue* value(std::string_view name);
    /// nullptr when absent or of another kind.
    [[nodiscard]] const ParamMap* object(std::string_view name);
    [[nodiscard]] const ParamList* list(std::string_view name);
    /// Of an object or a list of objects; none when absent or of another kind.
    [[nodiscard]] std::vector<const ParamMap*> objects(std::string_view name);
    /// Call last: complains of members that nobody asked for.
    void finish();

private:
    const ParamMap& body_;
    Complaints& complaints_;
    std::vector<std::string_view> known_;
};

/// The parameters behind the question mark. Those that the route does not have are complained of.
class QueryFields {
public:
    QueryFields(const HttpRequest& request, const Route& route, Complaints& complaints);

    [[nodiscard]] std::string text(std::string_view name) const;
    /// "a,b" as words; empty ones left out.
    [[nodiscard]] std::vector<std::string> words(std::string_view name) const;
    /// At most what the store can hold, which is more than there will be.
    [[nodiscard]] std::optional<std::uint64_t> number(std::string_view name) const;
    /// From 1; more than `max` counts as `max`.
    [[nodiscard]] std::size_t limit(std::size_t otherwise, std::size_t max) const;
    [[nodiscard]] bool flag(std::string_view name) const;

private:
    const HttpRequest& request_;
    Complaints& complaints_;
};

/// Whether a text may be shown in a line: no control characters. Complains otherwise.
bool check_printable(std::string_view field, std::string_view text, Complaints& complaints);

/// A number that JSON readers take whole, whatever its size.
[[nodiscard]] ParamValue json_number(std::uint64_t number);
[[nodiscard]] ParamValue json_number(const std::optional<std::uint64_t>& number);

}  // namespace sweepctl::api
