#include "agent/kv_line.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sweepctl {

namespace {

/// Longer than anybody prints for people to read.
constexpr std::size_t kLineMax = 4096;

// Not of <cctype>: those ask the locale.
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\r';
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool in_name(char c) {
    return begins_name(c) || is_digit(c) || c == '.' || c == '/' || c == '-';
}

class KvReader {
public:
    explicit KvReader(std::string_view line) : rest_(line) {}

    std::optional<ParamMap> read() {
        ParamMap pairs;
        skip_blanks();
        for (;;) {
            std::string name(take_while(in_name));
            if (name.empty() || !begins_name(name.front()) || !take_sign()) return std::nullopt;
            std::optional<ParamValue> number = take_number();
            if (!number) return std::nullopt;
            const auto known = std::find_if(pairs.begin(), pairs.end(),
                                            [&](const auto& pair) { return pair.first == name; });
            if (known != pairs.end()) {
                known->second = std::move(*number);
            } else {
                pairs.emplace_back(std::move(name), std::move(*number));
            }
            const bool apart = take_gap();
            if (rest_.empty()) return apart ? std::nullopt : std::optional(std::move(pairs));
            if (!apart) return std::nullopt;
        }
    }

private:
    template <typename Is>
    std::string_view take_while(Is is) {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), is);
        const std::string_view taken =
            rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    bool skip_blanks() { return !take_while(is_blank).empty(); }
    bool take(char c) {
        if (rest_.empty() || rest_.front() != c) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// The sign between a name and its number, and the blanks around it.
    bool take_sign() {
        const bool blanks = skip_blanks();
        const bool found = take('=') || (!blanks && take(':'));
        skip_blanks();
        return found;
    }
    /// What is between two pairs; blanks before the line's end are nothing.
    bool take_gap() {
        const bool blanks = skip_blanks();
        if (take(',') || take(';') || take('|')) {
            skip_blanks();
            return true;
        }
        return blanks && !rest_.empty();
    }
    /// The text of a number as JSON has it, so that it means what it would mean in a metrics file.
    std::optional<ParamValue> take_number() {
        std::string text;
        if (take('-')) {
            text = "-";
        } else {
            take('+');
        }
        if (!rest_.empty() && begins_name(rest_.front())) {
            std::string word(take_while(begins_name));
            std::transform(word.begin(), word.end(), word.begin(),
                           [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
            if (word == "nan") return value_of("NaN");
            if (word != "inf" && word != "infinity") return std::nullopt;
            return value_of(text + "Infinity");
        }
        const std::string_view whole = take_while(is_digit);
        const bool point = take('.');
        const std::string_view fraction = point ? take_while(is_digit) : std::string_view{};
        if (whole.empty() && fraction.empty()) return std::nullopt;
        const std::size_t zeros = std::min(whole.find_first_not_of('0'), whole.size());
        text += zeros == whole.size() ? std::string_view("0") : whole.substr(zeros);
        if (point) {
            text += '.';
            text += fraction.empty() ? std::string_view("0") : fraction;
        }
        if (take('e') || take('E')) {
            text += 'e';
            if (take('-')) {
                text += '-';
            } else {
                take('+');
            }
            const std::string_view exponent = take_while(is_digit);
            if (exponent.empty()) return std::nullopt;
            text += exponent;
        }
        return value_of(text);
    }
    static std::optional<ParamValue> value_of(std::string_view number) {
        auto value = parse_json(number);
        if (!value) return std::nullopt;
        return std::move(value).value();
    }

    std::string_view rest_;
};

}  // namespace

std::optional<ParamMap> kv_line(std::string_view line) {
    if (line.size() > kLineMax) return std::nullopt;
    return KvReader(line).read();
}

}  // namespace sweepctl
