#include "api/graphql/lexer.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace sweepctl::graphql {

namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool in_name(char c) {
    return begins_name(c) || is_digit(c);
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 && c != '\t' && c != '\n' && c != '\r';
}

std::string quoted(std::string_view text) {
    std::string out;
    append_json_string(out, text);
    return out;
}

/// The character at the front of `text`, whole.
std::string_view character(std::string_view text) {
    std::size_t length = 1;
    while (length < text.size() && (static_cast<unsigned char>(text[length]) & 0xc0U) == 0x80)
        ++length;
    return text.substr(0, length);
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

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    std::size_t start = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\n' && text[i] != '\r') continue;
        lines.push_back(text.substr(start, i - start));
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        start = i + 1;
    }
    lines.push_back(text.substr(start));
    return lines;
}

}  // namespace

Lexer::Lexer(std::string_view text) : text_(text) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

Token Lexer::next() {
    skip_ignored();
    if (at_ >= text_.size()) return token(Token::Kind::end, 0);
    const char c = text_[at_];
    if (begins_name(c)) {
        std::size_t length = 1;
        while (in_name(peek(length)))
            ++length;
        return token(Token::Kind::name, length);
    }
    if (is_digit(c) || c == '-') return number();
    if (c == '"') return text_.substr(at_, 3) == "\"\"\"" ? block_text() : text();
    if (text_.substr(at_, 3) == "...") return token(Token::Kind::punctuator, 3);
    if (std::string_view("!$&():=@[]{|}").find(c) != std::string_view::npos)
        return token(Token::Kind::punctuator, 1);
    return bad("Unexpected character: " + quoted(character(text_.substr(at_))) + ".");
}

void Lexer::skip_ignored() {
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == ' ' || c == '\t' || c == ',' || c == '\n' || c == '\r') {
            ++at_;
        } else if (c == '#') {
            while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != '\r' &&
                   !is_control(text_[at_])) {
                ++at_;
            }
        } else {
            return;
        }
    }
}

char Lexer::peek(std::size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
}

Place Lexer::place() {
    for (; counted_ < at_; ++counted_) {
        const char c = text_[counted_];
        if (c == '\n' || (c == '\r' && text_.substr(counted_ + 1, 1) != "\n")) {
            ++line_;
            column_ = 1;
        } else if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80) {
            ++column_;
        }
    }
    return {line_, column_};
}

Token Lexer::token(Token::Kind kind, std::size_t length) {
    Token result{kind, text_.substr(at_, length), {}, place()};
    at_ += length;
    return result;
}

Token Lexer::bad(std::string why) {
    return {Token::Kind::bad, {}, std::move(why), place()};
}

Token Lexer::number() {
    std::size_t length = peek() == '-' ? 1 : 0;
    const auto digits = [&] {
        const std::size_t from = length;
        while (is_digit(peek(length)))
            ++length;
        return length - from;
    };
    const auto found = [&](std::size_t ahead) {
        return at_ + ahead >= text_.size() ? std::string("<EOF>")
                                           : quoted(character(text_.substr(at_ + ahead)));
    };
    const auto expected_digit = [&] {
        at_ += length;
        return bad("Invalid number, expected digit but got: " + found(0) + ".");
    };
    const std::size_t first = length;
    const std::size_t whole = digits();
    if (whole == 0) return expected_digit();
    if (whole > 1 && peek(first) == '0') {
        at_ += first + 1;
        return bad("Invalid number, unexpected digit after 0: " + found(0) + ".");
    }
    Token::Kind kind = Token::Kind::integer;
    if (peek(length) == '.') {
        kind = Token::Kind::real;
        ++length;
        if (digits() == 0) return expected_digit();
    }
    if (peek(length) == 'e' || peek(length) == 'E') {
        kind = Token::Kind::real;
        ++length;
        if (peek(length) == '+' || peek(length) == '-') ++length;
        if (digits() == 0) return expected_digit();
    }
    if (peek(length) == '.' || begins_name(peek(length))) return expected_digit();
    return token(kind, length);
}

Token Lexer::text() {
    const Place start = place();
    const std::size_t from = at_;
    std::string content;
    ++at_;
    for (;;) {
        if (at_ >= text_.size() || text_[at_] == '\n' || text_[at_] == '\r')
            return bad("Unterminated string.");
        const char c = text_[at_];
        if (c == '"') break;
        if (is_control(c)) return bad("Invalid character within String: " + quoted({&c, 1}) + ".");
        if (c == '\\') {
            std::string why;
            if (!escape(content, why)) return bad(std::move(why));
        } else {
            content.push_back(c);
            ++at_;
        }
    }
    ++at_;
    return {Token::Kind::text, text_.substr(from, at_ - from), std::move(content), start};
}

bool Lexer::code_unit(std::uint32_t& unit) {
    const std::string_view digits = text_.substr(at_, 4);
    const char* const end = digits.data() + digits.size();
    const auto [stop, ec] = std::from_chars(digits.data(), end, unit, 16);
    if (digits.size() != 4 || ec != std::errc{} || stop != end) return false;
    at_ += 4;
    return true;
}

bool Lexer::escape(std::string& out, std::string& why) {
    const char kind = peek(1);
    constexpr std::string_view kFrom = "\"\\/bfnrt";
    constexpr std::string_view kTo = "\"\\/\b\f\n\r\t";
    if (const std::size_t found = kFrom.find(kind);
        found != std::string_view::npos && at_ + 1 < text_.size()) {
        out.push_back(kTo[found]);
        at_ += 2;
        return true;
    }
    const std::size_t start = at_;
    const auto wrong = [&] {
        why = std::string("Invalid ") + (kind == 'u' ? "Unicode" : "character") +
              " escape sequence: " + quoted(text_.substr(start, kind == 'u' ? 6 : 2)) + ".";
        at_ = start;
        return false;
    };
    if (kind != 'u') return wrong();
    at_ += 2;
    std::uint32_t point = 0;
    if (!code_unit(point)) return wrong();
    if (point >= 0xd800 && point < 0xdc00) {
        std::uint32_t low = 0;
        if (text_.substr(at_, 2) != "\\u") return wrong();
        at_ += 2;
        if (!code_unit(low) || low < 0xdc00 || low >= 0xe000) return wrong();
        point = 0x10000 + ((point - 0xd800) << 10U) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point < 0xe000) {
        return wrong();
    }
    append_utf8(out, point);
    return true;
}

Token Lexer::block_text() {
    const Place start = place();
    const std::size_t from = at_;
    std::string raw;
    at_ += 3;
    for (;;) {
        if (at_ >= text_.size()) return bad("Unterminated string.");
        if (text_.substr(at_, 3) == "\"\"\"") break;
        if (text_.substr(at_, 4) == "\\\"\"\"") {
            raw += "\"\"\"";
            at_ += 4;
            continue;
        }
        const char c = text_[at_];
        if (is_control(c)) return bad("Invalid character within String: " + quoted({&c, 1}) + ".");
        raw.push_back(c);
        ++at_;
    }
    at_ += 3;
    return {Token::Kind::text, text_.substr(from, at_ - from), block_string_value(raw), start};
}

std::string block_string_value(std::string_view raw) {
    std::vector<std::string_view> lines = lines_of(raw);
    const auto indentation = [](std::string_view line) {
        return std::min(line.find_first_not_of(" \t"), line.size());
    };
    const auto blank = [&](std::string_view line) { return indentation(line) == line.size(); };

    std::size_t common = std::string_view::npos;
    for (std::size_t i = 1; i < lines.size(); ++i) {
        if (!blank(lines[i])) common = std::min(common, indentation(lines[i]));
    }
    std::size_t first = 0;
    std::size_t end = lines.size();
    while (first < end && blank(lines[first]))
        ++first;
    while (end > first && blank(lines[end - 1]))
        --end;
    std::string value;
    for (std::size_t i = first; i < end; ++i) {
        if (i > first) value.push_back('\n');
        std::string_view line = lines[i];
        if (i > 0) line.remove_prefix(std::min(common, line.size()));
        value += line;
    }
    return value;
}

}  // namespace sweepctl::graphql
