#include "cli/assignment.hpp"

#include "sweepctl/core/json_text.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace sweepctl::cli {

namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return out;
}

/// true, null, .inf and their other spellings; false when `text` is none of them.
bool parse_word(std::string_view text, ParamValue& value) {
    // YAML allows these three spellings and no other: "tRuE" is a string.
    const std::string small = lower(text);
    const bool usual = text == small || text == "True" || text == "False" || text == "Null" ||
                       text == "TRUE" || text == "FALSE" || text == "NULL";
    if (usual && small == "true") {
        value = true;
    } else if (usual && small == "false") {
        value = false;
    } else if (usual && (small == "null" || small == "~")) {
        value = nullptr;
    } else if (small == "nan" || small == ".nan") {
        value = std::numeric_limits<double>::quiet_NaN();
    } else if (small == "inf" || small == "+inf" || small == "infinity" || small == ".inf" ||
               small == "+.inf") {
        value = std::numeric_limits<double>::infinity();
    } else if (small == "-inf" || small == "-infinity" || small == "-.inf") {
        value = -std::numeric_limits<double>::infinity();
    } else {
        return false;
    }
    return true;
}

/// Numbers that JSON does not know: +3, .5, 5., 007 (seven, as everywhere but in YAML 1.1).
bool parse_number(std::string_view text, ParamValue& value) {
    std::string_view digits = text;
    if (!digits.empty() && (digits[0] == '+' || digits[0] == '-')) digits.remove_prefix(1);
    if (digits.empty() || digits.find_first_not_of("0123456789.eE+-") != std::string_view::npos ||
        digits.find_first_of("0123456789") == std::string_view::npos) {
        return false;
    }
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    const char* const end = text.data() + text.size();
    std::int64_t integer = 0;
    if (const auto [rest, error] = std::from_chars(text.data(), end, integer);
        error == std::errc{} && rest == end) {
        value = integer;
        return true;
    }
    double number = 0.0;
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || rest != end || !std::isfinite(number)) return false;
    value = number;
    return true;
}

}  // namespace

ParamValue parse_value(std::string_view text) {
    ParamValue value;
    if (text.empty()) return "";
    if (parse_word(text, value)) return value;
    if (auto json = parse_json(text)) return std::move(*json);
    if (parse_number(text, value)) return value;
    const bool quoted = text.size() >= 2 && text.front() == '\'' && text.back() == '\'';
    return std::string(quoted ? text.substr(1, text.size() - 2) : text);
}

Assignment parse_assignment(std::string_view word) {
    const std::size_t at = word.find('=');
    if (at == std::string_view::npos || at == 0) {
        throw CliError(kUsage, "'" + printable(word) + "' is not KEY=VALUE");
    }
    return {std::string(word.substr(0, at)), parse_value(word.substr(at + 1))};
}

}  // namespace sweepctl::cli
