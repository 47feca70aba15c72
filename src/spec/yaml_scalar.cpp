#include "spec/yaml_scalar.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <string>

namespace sweepctl {

namespace {

/// Longer integers are refused: to make digits of them costs the square of their length.
constexpr std::size_t kIntegerLengthMax = 1000;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Walks over a text; each take() eats what it can.
class Cursor {
public:
    explicit Cursor(std::string_view text) : text_(text) {}

    [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
    [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
    [[nodiscard]] std::size_t position() const { return at_; }
    bool take(char c) {
        if (peek() != c || at_end()) return false;
        ++at_;
        return true;
    }
    bool take_any(std::string_view set) {
        if (at_end() || set.find(peek()) == std::string_view::npos) return false;
        ++at_;
        return true;
    }
    std::size_t take_all(std::string_view set) {
        const std::size_t start = at_;
        while (take_any(set)) {
        }
        return at_ - start;
    }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kDigitsAndLine = "0123456789_";

std::string without_underscores(std::string_view text) {
    std::string out(text);
    out.erase(std::remove(out.begin(), out.end(), '_'), out.end());
    return out;
}

/// Digits of any base below 17 as decimal ones.
std::string decimal_digits(std::string_view digits, unsigned base) {
    std::string decimal = "0";  // lowest digit first
    for (const char c : digits) {
        unsigned carry = is_digit(c) ? static_cast<unsigned>(c - '0')
                                     : static_cast<unsigned>((c | 0x20) - 'a') + 10;
        for (char& d : decimal) {
            carry += static_cast<unsigned>(d - '0') * base;
            d = static_cast<char>('0' + carry % 10);
            carry /= 10;
        }
        for (; carry > 0; carry /= 10)
            decimal.push_back(static_cast<char>('0' + carry % 10));
    }
    while (decimal.size() > 1 && decimal.back() == '0')
        decimal.pop_back();
    std::reverse(decimal.begin(), decimal.end());
    return decimal;
}

ScalarReading integer_of(bool negative, std::string_view digits, unsigned base) {
    if (digits.size() > kIntegerLengthMax) return {ParamValue{}, Oddity::out_of_range};
    std::string text = base == 10 ? std::string(digits) : decimal_digits(digits, base);
    text.erase(0, std::min(text.find_first_not_of('0'), text.size() - 1));
    if (negative && text != "0") text.insert(0, 1, '-');
    std::int64_t number = 0;
    const auto end = text.data() + text.size();
    if (std::from_chars(text.data(), end, number).ec == std::errc{}) return {number, Oddity::none};
    return {BigInt{std::move(text)}, Oddity::none};
}

/// `-010` and the like, without sign and with underscores gone; nullopt where it is no integer.
std::optional<ScalarReading> read_integer(std::string_view text) {
    Cursor cursor(text);
    const bool negative = cursor.peek() == '-';
    cursor.take_any("+-");
    const std::size_t start = cursor.position();
    if (cursor.take('0')) {
        if (cursor.take('b')) {
            if (cursor.take_all("01_") == 0 || !cursor.at_end()) return std::nullopt;
            const std::string digits = without_underscores(text.substr(start + 2));
            if (digits.empty()) return std::nullopt;
            return integer_of(negative, digits, 2);
        }
        if (cursor.take('x')) {
            if (cursor.take_all("0123456789abcdefABCDEF_") == 0 || !cursor.at_end()) {
                return std::nullopt;
            }
            const std::string digits = without_underscores(text.substr(start + 2));
            if (digits.empty()) return std::nullopt;
            return integer_of(negative, digits, 16);
        }
        if (cursor.at_end()) return integer_of(negative, "0", 10);
        cursor.take_all("01234567_");
        if (!cursor.at_end()) return std::nullopt;
        ScalarReading reading = integer_of(negative, without_underscores(text.substr(start)), 8);
        if (reading.oddity == Oddity::none) reading.oddity = Oddity::leading_zero;
        return reading;
    }
    if (!is_digit(cursor.peek())) return std::nullopt;
    cursor.take_all(kDigitsAndLine);
    if (!cursor.at_end()) return std::nullopt;
    return integer_of(negative, without_underscores(text.substr(start)), 10);
}

/// 190:20:30 and 190:20:30.5: digits in base 60.
std::optional<ScalarReading> read_sexagesimal(std::string_view text) {
    if (text.find(':') == std::string_view::npos) return std::nullopt;
    Cursor cursor(text);
    const bool negative = cursor.peek() == '-';
    cursor.take_any("+-");
    const std::size_t start = cursor.position();
    if (!is_digit(cursor.peek())) return std::nullopt;
    cursor.take_all(kDigitsAndLine);
    const std::string first = without_underscores(text.substr(start, cursor.position() - start));
    std::int64_t total = 0;
    const bool overflow =
        std::from_chars(first.data(), first.data() + first.size(), total).ec != std::errc{};
    bool large = overflow;
    int groups = 0;
    while (cursor.take(':')) {
        const std::size_t group = cursor.position();
        if (!is_digit(cursor.peek())) return std::nullopt;
        const std::size_t length = cursor.take_all(kDigits);
        if (length > 2 || (length == 2 && text[group] > '5')) return std::nullopt;
        std::int64_t part = 0;
        std::from_chars(text.data() + group, text.data() + group + length, part);
        large = large || __builtin_mul_overflow(total, 60, &total) ||
                __builtin_add_overflow(total, part, &total);
        ++groups;
    }
    if (groups == 0) return std::nullopt;
    double fraction = 0;
    const bool real = cursor.take('.');
    if (real) {
        const std::size_t point = cursor.position();
        cursor.take_all(kDigitsAndLine);
        const std::string digits = "0." + without_underscores(text.substr(point));
        std::from_chars(digits.data(), digits.data() + digits.size(), fraction);
    } else if (first[0] == '0') {
        return std::nullopt;  // 0:30 is a text
    }
    if (!cursor.at_end()) return std::nullopt;
    if (large) return ScalarReading{ParamValue{}, Oddity::out_of_range};
    if (real) {
        const double value = static_cast<double>(total) + fraction;
        return ScalarReading{negative ? -value : value, Oddity::sexagesimal};
    }
    return ScalarReading{negative ? -total : total, Oddity::sexagesimal};
}

std::optional<double> special_float(std::string_view text) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    for (const std::string_view word : {".nan", ".NaN", ".NAN"}) {
        if (text == word) return std::numeric_limits<double>::quiet_NaN();
    }
    const bool negative = !text.empty() && text[0] == '-';
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    for (const std::string_view word : {".inf", ".Inf", ".INF"}) {
        if (text == word) return negative ? -infinity : infinity;
    }
    return std::nullopt;
}

std::optional<ScalarReading> read_float(std::string_view text) {
    if (const auto special = special_float(text)) return ScalarReading{*special, Oddity::none};
    Cursor cursor(text);
    const bool is_signed = cursor.take_any("+-");
    const bool whole = is_digit(cursor.peek());
    if (whole) cursor.take_all(kDigitsAndLine);
    const bool point = cursor.take('.');
    bool fraction = false;
    if (point) {
        // After the point YAML 1.1 takes underscores too, but one cannot come first there without
        // digits before.
        fraction = whole ? cursor.take_all(kDigitsAndLine) > 0
                         : is_digit(cursor.peek()) && cursor.take_all(kDigitsAndLine) > 0;
    }
    if (!whole && !fraction) return std::nullopt;
    bool exponent = false;
    bool exponent_signed = false;
    if (cursor.take_any("eE")) {
        exponent = true;
        exponent_signed = cursor.take_any("+-");
        if (cursor.take_all(kDigits) == 0) return std::nullopt;
    }
    if (!cursor.at_end() || (!point && !exponent)) return std::nullopt;

    std::string digits = without_underscores(text);
    if (digits[0] == '+') digits.erase(0, 1);
    double number = 0;
    const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (parsed.ec != std::errc{}) return ScalarReading{ParamValue{}, Oddity::out_of_range};
    const bool yaml_1_1 = point && (!exponent || exponent_signed) && (whole || !is_signed);
    return ScalarReading{number, yaml_1_1 ? Oddity::none : Oddity::newer_float};
}

std::optional<ScalarReading> read_bool(std::string_view text) {
    if (text.size() < 2 || text.size() > 5) return std::nullopt;
    std::string lower(text);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    std::string capital = lower;
    capital[0] = static_cast<char>(capital[0] - 'a' + 'A');
    std::string upper = lower;
    for (char& c : upper)
        c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    if (text != lower && text != capital && text != upper) return std::nullopt;
    if (lower == "true") return ScalarReading{true, Oddity::none};
    if (lower == "false") return ScalarReading{false, Oddity::none};
    if (lower == "yes" || lower == "on") return ScalarReading{true, Oddity::word_bool};
    if (lower == "no" || lower == "off") return ScalarReading{false, Oddity::word_bool};
    return std::nullopt;
}

bool is_null(std::string_view text) {
    return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

/// 2024-01-01, also with a time behind it.
bool is_date(std::string_view text) {
    Cursor cursor(text);
    if (cursor.take_all(kDigits) != 4 || !cursor.take('-')) return false;
    const std::size_t month = cursor.take_all(kDigits);
    if (month < 1 || month > 2 || !cursor.take('-')) return false;
    const std::size_t day = cursor.take_all(kDigits);
    if (day < 1 || day > 2) return false;
    return cursor.at_end() || cursor.take_any("Tt ");
}

bool has_leading_zero(std::string_view text) {
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
    return text.size() > 1 && text[0] == '0' && std::all_of(text.begin(), text.end(), is_digit);
}

}  // namespace

ScalarReading read_plain_scalar(std::string_view text) {
    if (is_null(text)) return {};
    if (const auto reading = read_bool(text)) return *reading;
    const bool numeric = is_digit(text[0]) || text[0] == '-' || text[0] == '+' || text[0] == '.';
    if (numeric) {
        if (const auto reading = read_integer(text)) return *reading;
        if (const auto reading = read_float(text)) return *reading;
        if (const auto reading = read_sexagesimal(text)) return *reading;
        if (is_date(text)) return {std::string(text), Oddity::date};
        if (has_leading_zero(text)) return {std::string(text), Oddity::leading_zero_text};
    }
    return {std::string(text), Oddity::none};
}

ScalarReading read_tagged_scalar(std::string_view text, ScalarTag tag) {
    ScalarReading cannot{ParamValue{}, Oddity::out_of_range};
    switch (tag) {
        case ScalarTag::null: return is_null(text) ? ScalarReading{} : cannot;
        case ScalarTag::boolean: return read_bool(text).value_or(cannot);
        case ScalarTag::integer:
            if (const auto reading = read_integer(text)) return {reading->value, Oddity::none};
            return read_sexagesimal(text).value_or(cannot);
        case ScalarTag::real: {
            if (const auto reading = read_float(text)) {
                const bool range = reading->oddity == Oddity::out_of_range;
                return {reading->value, range ? Oddity::out_of_range : Oddity::none};
            }
            const auto integer = read_integer(text);
            double scratch = 0;
            const double* number = integer ? integer->value.number(scratch) : nullptr;
            return number != nullptr && std::isfinite(*number)
                       ? ScalarReading{*number, Oddity::none}
                       : cannot;
        }
    }
    return cannot;
}

}  // namespace sweepctl
