#include "sweepctl/core/json_text.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace sweepctl {

namespace {

constexpr int kMaxDepth = 64;

/// Length of the valid UTF-8 sequence at the front of `text`, or 0.
std::size_t utf8_sequence(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0U) != 0x80) return 0;
    }
    // Overlong forms, surrogates, and beyond U+10FFFF (RFC 3629, section 4).
    if ((lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
        (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f)) {
        return 0;
    }
    return length;
}

void append_utf8(std::string& out, std::uint32_t point) {
    const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xc0U | (point >> 6U));
        put(0x80U | (point & 0x3fU));
    } else if (point < 0x10000) {
        put(0xe0U | (point >> 12U));
        put(0x80U | ((point >> 6U) & 0x3fU));
        put(0x80U | (point & 0x3fU));
    } else {
        put(0xf0U | (point >> 18U));
        put(0x80U | ((point >> 12U) & 0x3fU));
        put(0x80U | ((point >> 6U) & 0x3fU));
        put(0x80U | (point & 0x3fU));
    }
}

/// How much of the front stands for itself inside a JSON string, and is ASCII.
std::size_t plain_length(std::string_view text) {
    std::size_t length = 0;
    while (length < text.size()) {
        const char c = text[length];
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte >= 0x80 || c == '"' || c == '\\') break;
        ++length;
    }
    return length;
}

constexpr std::string_view kReplacement = "\xef\xbf\xbd";

class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    Result<ParamValue, JsonError> document() {
        ParamValue value;
        skip_space();
        if (!read(value, 0)) return Failure{error_};
        skip_space();
        if (at_ != text_.size()) {
            fail("unexpected text after the value");
            return Failure{error_};
        }
        return value;
    }

private:
    [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool fail(const char* message) {
        if (error_.message.empty()) error_ = {at_, message};
        return false;
    }
    void skip_space() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' ||
                                      text_[at_] == '\n' || text_[at_] == '\r')) {
            ++at_;
        }
    }
    bool take(std::string_view word) {
        if (text_.substr(at_, word.size()) != word) return false;
        at_ += word.size();
        return true;
    }

    bool read(ParamValue& value, int depth) {
        if (depth > kMaxDepth) return fail("nested too deeply");
        switch (peek()) {
            case '{': return read_map(value, depth);
            case '[': return read_list(value, depth);
            case '"': {
                std::string text;
                if (!read_string(text)) return false;
                value = std::move(text);
                return true;
            }
            case 't': return word("true", true, value);
            case 'f': return word("false", false, value);
            case 'n': return word("null", nullptr, value);
            case 'N': return word("NaN", std::numeric_limits<double>::quiet_NaN(), value);
            case 'I': return word("Infinity", std::numeric_limits<double>::infinity(), value);
            case '-':
                if (text_.substr(at_, 2) == "-I") {
                    return word("-Infinity", -std::numeric_limits<double>::infinity(), value);
                }
                return read_number(value);
            default: return read_number(value);
        }
    }
    template <typename T>
    bool word(std::string_view text, T content, ParamValue& value) {
        if (!take(text)) return fail("expected a value");
        value = ParamValue(content);
        return true;
    }

    bool read_number(ParamValue& value) {
        const std::size_t start = at_;
        const auto digits = [&] {
            const std::size_t from = at_;
            while (peek() >= '0' && peek() <= '9')
                ++at_;
            return at_ - from;
        };
        if (peek() == '-') ++at_;
        const std::size_t first = at_;
        const std::size_t whole = digits();
        if (whole == 0) return fail("expected a value");
        if (whole > 1 && text_[first] == '0') return fail("a number may not begin with 0");
        bool integer = true;
        if (peek() == '.') {
            integer = false;
            ++at_;
            if (digits() == 0) return fail("expected digits after the decimal point");
        }
        if (peek() == 'e' || peek() == 'E') {
            integer = false;
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (digits() == 0) return fail("expected digits in the exponent");
        }
        const std::string_view token = text_.substr(start, at_ - start);
        const char* const end = token.data() + token.size();
        if (integer) {
            std::int64_t number = 0;
            if (std::from_chars(token.data(), end, number).ec == std::errc{}) {
                value = number;
            } else {
                value = BigInt{std::string(token)};
            }
            return true;
        }
        double number = 0.0;
        if (std::from_chars(token.data(), end, number).ec == std::errc::result_out_of_range) {
            // Too large is infinite, too small is zero, as Python reads them.
            const bool tiny = token.find("e-") != std::string_view::npos ||
                              token.find("E-") != std::string_view::npos;
            number = tiny ? 0.0 : std::numeric_limits<double>::infinity();
            if (token.front() == '-') number = -number;
        }
        value = number;
        return true;
    }

    bool hex4(std::uint32_t& point) {
        if (text_.size() - at_ < 4) return fail("expected four hexadecimal digits");
        const char* const from = text_.data() + at_;
        const auto [end, ec] = std::from_chars(from, from + 4, point, 16);
        if (ec != std::errc{} || end != from + 4) return fail("expected four hexadecimal digits");
        at_ += 4;
        return true;
    }
    bool read_escape(std::string& out) {
        const char kind = peek();
        ++at_;
        switch (kind) {
            case '"': out.push_back('"'); return true;
            case '\\': out.push_back('\\'); return true;
            case '/': out.push_back('/'); return true;
            case 'b': out.push_back('\b'); return true;
            case 'f': out.push_back('\f'); return true;
            case 'n': out.push_back('\n'); return true;
            case 'r': out.push_back('\r'); return true;
            case 't': out.push_back('\t'); return true;
            case 'u': break;
            default: --at_; return fail("unknown escape in a string");
        }
        std::uint32_t point = 0;
        if (!hex4(point)) return false;
        if (point >= 0xd800 && point < 0xdc00 && text_.substr(at_, 2) == "\\u") {
            const std::size_t back = at_;
            at_ += 2;
            std::uint32_t low = 0;
            if (!hex4(low)) return false;
            if (low >= 0xdc00 && low < 0xe000) {
                point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
            } else {
                at_ = back;
            }
        }
        if (point >= 0xd800 && point < 0xe000) {
            out += kReplacement;  // Half a surrogate pair is no character.
        } else {
            append_utf8(out, point);
        }
        return true;
    }
    bool read_string(std::string& out) {
        ++at_;
        while (at_ < text_.size()) {
            const std::size_t plain = plain_length(text_.substr(at_));
            out.append(text_, at_, plain);
            at_ += plain;
            if (at_ == text_.size()) break;
            const char c = text_[at_];
            if (c == '"') {
                ++at_;
                return true;
            }
            if (static_cast<unsigned char>(c) < 0x20) return fail("control character in a string");
            if (c == '\\') {
                ++at_;
                if (!read_escape(out)) return false;
                continue;
            }
            const std::size_t length = utf8_sequence(text_.substr(at_));
            if (length == 0) {
                out += kReplacement;
                ++at_;
            } else {
                out.append(text_, at_, length);
                at_ += length;
            }
        }
        return fail("the string does not end");
    }

    bool read_list(ParamValue& value, int depth) {
        ++at_;
        ParamList list;
        skip_space();
        if (peek() == ']') {
            ++at_;
            value = std::move(list);
            return true;
        }
        for (;;) {
            skip_space();
            if (!read(list.emplace_back(), depth + 1)) return false;
            skip_space();
            if (peek() == ',') {
                ++at_;
                continue;
            }
            if (peek() != ']') return fail("expected ',' or ']'");
            ++at_;
            value = std::move(list);
            return true;
        }
    }
    bool read_map(ParamValue& value, int depth) {
        ++at_;
        ParamMap map;
        skip_space();
        if (peek() == '}') {
            ++at_;
            value = std::move(map);
            return true;
        }
        for (;;) {
            skip_space();
            if (peek() != '"') return fail("expected a key in quotes");
            std::string key;
            if (!read_string(key)) return false;
            skip_space();
            if (peek() != ':') return fail("expected ':'");
            ++at_;
            skip_space();
            ParamValue entry;
            if (!read(entry, depth + 1)) return false;
            map.emplace_back(std::move(key), std::move(entry));
            skip_space();
            if (peek() == ',') {
                ++at_;
                continue;
            }
            if (peek() != '}') return fail("expected ',' or '}'");
            ++at_;
            drop_duplicates(map);
            value = std::move(map);
            return true;
        }
    }
    static void drop_duplicates(ParamMap& map);

    std::string_view text_;
    std::size_t at_ = 0;
    JsonError error_;
};

void append_number(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "NaN";
        return;
    }
    if (std::isinf(value)) {
        out += value < 0 ? "-Infinity" : "Infinity";
        return;
    }
    std::array<char, 32> text{};
    const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), value);
    const std::string_view written(text.data(), static_cast<std::size_t>(end - text.data()));
    out += written;
    if (written.find_first_of(".e") == std::string_view::npos) out += ".0";  // A float stays one.
}

bool has_duplicates(const ParamMap& map) {
    constexpr std::size_t kFew = 16;  // Comparing them all takes less than a table.
    if (map.size() <= kFew) {
        for (std::size_t i = 1; i < map.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j)
                if (map[i].first == map[j].first) return true;
        }
        return false;
    }
    std::unordered_set<std::string_view> names;
    names.reserve(map.size());
    for (const auto& [name, value] : map)
        if (!names.insert(name).second) return true;
    return false;
}

/// The last of equal keys wins, at the place of the first, as in Python.
void Reader::drop_duplicates(ParamMap& map) {
    if (!has_duplicates(map)) return;
    ParamMap unique;
    std::unordered_map<std::string, std::size_t> place;
    for (auto& [key, value] : map) {
        const auto [found, fresh] = place.emplace(key, unique.size());
        if (fresh) {
            unique.emplace_back(std::move(key), std::move(value));
        } else {
            unique[found->second].second = std::move(value);
        }
    }
    map = std::move(unique);
}

}  // namespace

Result<ParamValue, JsonError> parse_json(std::string_view text) {
    return Reader(text).document();
}

void append_json_string(std::string& out, std::string_view text) {
    out.push_back('"');
    while (!text.empty()) {
        const char c = text.front();
        std::size_t length = 1;
        switch (c) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            default:
                if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
                    constexpr std::string_view kHex = "0123456789abcdef";
                    out += "\\u00";
                    out.push_back(kHex[static_cast<std::size_t>(c) >> 4U]);
                    out.push_back(kHex[static_cast<std::size_t>(c) & 0xfU]);
                    break;
                }
                length = utf8_sequence(text);
                if (length == 0) {
                    out += kReplacement;
                    length = 1;
                } else {
                    out.append(text, 0, length);
                }
        }
        text.remove_prefix(length);
    }
    out.push_back('"');
}

void append_json(std::string& out, const ParamValue& value) {
    struct Writer {
        std::string& out;
        void operator()(std::nullptr_t) const { out += "null"; }
        void operator()(bool truth) const { out += truth ? "true" : "false"; }
        void operator()(std::int64_t number) const {
            std::array<char, 24> text{};
            const auto [end, ec] = std::to_chars(text.data(), text.data() + text.size(), number);
            out.append(text.data(), end);
        }
        void operator()(double number) const { append_number(out, number); }
        void operator()(const BigInt& number) const { out += number.digits; }
        void operator()(const std::string& text) const { append_json_string(out, text); }
        void operator()(const ParamList& list) const {
            out.push_back('[');
            for (std::size_t i = 0; i < list.size(); ++i) {
                if (i != 0) out.push_back(',');
                append_json(out, list[i]);
            }
            out.push_back(']');
        }
        void operator()(const ParamMap& map) const {
            out.push_back('{');
            for (std::size_t i = 0; i < map.size(); ++i) {
                if (i != 0) out.push_back(',');
                append_json_string(out, map[i].first);
                out.push_back(':');
                append_json(out, map[i].second);
            }
            out.push_back('}');
        }
    };
    std::visit(Writer{out}, value.content());
}

std::string to_json(const ParamValue& value) {
    std::string out;
    append_json(out, value);
    return out;
}

}  // namespace sweepctl
