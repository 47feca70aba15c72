#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// The values that parameters and metrics take: what YAML and JSON can say, with the distinctions
// that W&B programs see on their command line kept (3 is not 3.0, "3" is not 3).

namespace sweepctl {

class ParamValue;

/// An integer outside the range of int64, kept as its decimal digits (with a sign where negative).
struct BigInt {
    std::string digits;
    bool operator==(const BigInt&) const = default;
};

using ParamList = std::vector<ParamValue>;
/// A map in the order written (Python's dict order). Keys are unique.
using ParamMap = std::vector<std::pair<std::string, ParamValue>>;

/// One value: null, bool, integer, float, string, list or map.
class ParamValue {
public:
    using Content = std::variant<std::nullptr_t,
                                 bool,
                                 std::int64_t,
                                 double,
                                 BigInt,
                                 std::string,
                                 ParamList,
                                 ParamMap>;

    ParamValue() : content_(nullptr) {}
    ParamValue(std::nullptr_t) : content_(nullptr) {}         // NOLINT(google-explicit-constructor)
    ParamValue(bool value) : content_(value) {}               // NOLINT(google-explicit-constructor)
    ParamValue(std::int64_t value) : content_(value) {}       // NOLINT(google-explicit-constructor)
    ParamValue(int value) : content_(std::int64_t{value}) {}  // NOLINT(google-explicit-constructor)
    ParamValue(double value) : content_(value) {}             // NOLINT(google-explicit-constructor)
    ParamValue(BigInt value) : content_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    ParamValue(std::string value)
        : content_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    ParamValue(const char* value)
        : content_(std::string(value)) {}  // NOLINT(google-explicit-constructor)
    ParamValue(ParamList value)
        : content_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
    ParamValue(ParamMap value)
        : content_(std::move(value)) {}  // NOLINT(google-explicit-constructor)

    [[nodiscard]] const Content& content() const { return content_; }
    [[nodiscard]] Content& content() { return content_; }

    template <typename T>
    [[nodiscard]] const T* get_if() const {
        return std::get_if<T>(&content_);
    }
    [[nodiscard]] bool is_null() const { return content_.index() == 0; }
    /// The value as a double when it is an integer (any size) or a float; bools are not numbers.
    [[nodiscard]] const double* number(double& scratch) const;

    /// Identical content: 3 and 3.0 differ, and NaN equals NaN. (Equality of grid cells:
    /// choice_key.hpp.)
    bool operator==(const ParamValue& other) const;

private:
    Content content_;
};

/// One point of the search space: values by name, in code-point order of names at this level; a
/// nested group is a map, itself sorted.
using Config = ParamMap;

/// The entry called `name`, or nullptr.
[[nodiscard]] const ParamValue* find(const ParamMap& map, std::string_view name);

}  // namespace sweepctl
