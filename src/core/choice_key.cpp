#include "sweepctl/core/choice_key.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <vector>

namespace sweepctl {

namespace {

void append_key(std::string& out, const ParamValue& value);

/// One text for each kind and content; order of keys does not count in maps.
struct KeyWriter {
    std::string& out;

    void operator()(std::nullptr_t) const { out.push_back('~'); }
    void operator()(bool value) const { out += value ? "yes" : "no"; }
    void operator()(std::int64_t value) const { out += std::to_string(value); }
    void operator()(double value) const {
        // Marked, so that 3.0 inside a list is not 3; every NaN is one.
        out.push_back('f');
        append_json(out, value);
    }
    void operator()(const BigInt& value) const { out += value.digits; }
    void operator()(const std::string& value) const { append_json_string(out, value); }
    void operator()(const ParamList& list) const {
        out.push_back('[');
        for (const ParamValue& item : list) {
            append_key(out, item);
            out.push_back(',');
        }
        out.push_back(']');
    }
    void operator()(const ParamMap& map) const {
        std::vector<const ParamMap::value_type*> entries;
        entries.reserve(map.size());
        for (const auto& entry : map)
            entries.push_back(&entry);
        std::sort(entries.begin(), entries.end(),
                  [](const auto* left, const auto* right) { return left->first < right->first; });
        out.push_back('{');
        for (const auto* entry : entries) {
            append_json_string(out, entry->first);
            out.push_back(':');
            append_key(out, entry->second);
            out.push_back(',');
        }
        out.push_back('}');
    }
};

void append_key(std::string& out, const ParamValue& value) {
    std::visit(KeyWriter{out}, value.content());
}

}  // namespace

std::string choice_key(const ParamValue& value) {
    std::string out;
    if (const double* number = value.get_if<double>();
        number != nullptr && std::isfinite(*number) && *number == std::trunc(*number)) {
        // 3.0 is 3 at the top; a whole number has up to 309 digits, and zero no sign.
        std::array<char, 320> buffer{};
        const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), *number + 0.0,
                                       std::chars_format::fixed, 0);
        out.assign(buffer.data(), end.ptr);
    } else {
        append_key(out, value);
    }
    return out;
}

bool same_choice(const ParamValue& left, const ParamValue& right) {
    return choice_key(left) == choice_key(right);
}

}  // namespace sweepctl
