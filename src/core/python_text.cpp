#include "sweepctl/base/utf8.hpp"
#include "sweepctl/core/command_line.hpp"

#include "core/python_printable.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <type_traits>

// What Python writes for a value: programs parse these texts, so every character counts.

namespace sweepctl {

namespace {

/// Bytes that are not UTF-8 reach Python as lone surrogates (PEP 383).
constexpr std::uint32_t kEscapedByte = 0xdc00;

void append_hex(std::string& out, std::uint32_t value, int digits) {
    constexpr std::string_view hex = "0123456789abcdef";
    for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
        out.push_back(hex[(value >> static_cast<unsigned>(shift)) & 0xfU]);
}

/// repr() of a str: single quotes unless the text has a single and no double one.
void append_quoted(std::string& out, std::string_view text) {
    const bool has_single = text.find('\'') != std::string_view::npos;
    const char quote = has_single && text.find('"') == std::string_view::npos ? '"' : '\'';
    out.push_back(quote);
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decode_utf8(text, i);
        const std::uint32_t code = point.valid ? point.value : kEscapedByte + point.value;
        if (code == static_cast<unsigned char>(quote) || code == '\\') {
            out.push_back('\\');
            out.push_back(static_cast<char>(code));
        } else if (code == '\n') {
            out += "\\n";
        } else if (code == '\r') {
            out += "\\r";
        } else if (code == '\t') {
            out += "\\t";
        } else if (point.valid && python_printable(code)) {
            out += text.substr(i, point.length);
        } else if (code < 0x100) {
            out += "\\x";
            append_hex(out, code, 2);
        } else if (code < 0x10000) {
            out += "\\u";
            append_hex(out, code, 4);
        } else {
            out += "\\U";
            append_hex(out, code, 8);
        }
        i += point.length;
    }
    out.push_back(quote);
}

void append_repr(std::string& out, const ParamValue& value);

struct Repr {
    std::string& out;

    void operator()(std::nullptr_t) const { out += "None"; }
    void operator()(bool value) const { out += value ? "True" : "False"; }
    void operator()(std::int64_t value) const { out += std::to_string(value); }
    void operator()(double value) const { out += python_float(value); }
    void operator()(const BigInt& value) const { out += value.digits; }
    void operator()(const std::string& value) const { append_quoted(out, value); }
    void operator()(const ParamList& list) const {
        out.push_back('[');
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (i > 0) out += ", ";
            append_repr(out, list[i]);
        }
        out.push_back(']');
    }
    void operator()(const ParamMap& map) const {
        out.push_back('{');
        for (std::size_t i = 0; i < map.size(); ++i) {
            if (i > 0) out += ", ";
            append_quoted(out, map[i].first);
            out += ": ";
            append_repr(out, map[i].second);
        }
        out.push_back('}');
    }
};

void append_repr(std::string& out, const ParamValue& value) {
    std::visit(Repr{out}, value.content());
}

/// json.dumps() of a str with ensure_ascii.
void append_json_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decode_utf8(text, i);
        const std::uint32_t code = point.valid ? point.value : kEscapedByte + point.value;
        switch (code) {
            case '"': out += "\\\""; break;
            case '\\': out += "\\\\"; break;
            case '\n': out += "\\n"; break;
            case '\r': out += "\\r"; break;
            case '\t': out += "\\t"; break;
            case '\f': out += "\\f"; break;
            case '\b': out += "\\b"; break;
            default:
                if (code >= ' ' && code <= '~') {
                    out.push_back(static_cast<char>(code));
                } else if (code < 0x10000) {
                    out += "\\u";
                    append_hex(out, code, 4);
                } else {
                    out += "\\u";
                    append_hex(out, 0xd7c0U + (code >> 10U), 4);
                    out += "\\u";
                    append_hex(out, 0xdc00U + (code & 0x3ffU), 4);
                }
        }
        i += point.length;
    }
    out.push_back('"');
}

void append_json_dump(std::string& out, const ParamValue& value);

struct JsonDump {
    std::string& out;

    void operator()(std::nullptr_t) const { out += "null"; }
    void operator()(bool value) const { out += value ? "true" : "false"; }
    void operator()(std::int64_t value) const { out += std::to_string(value); }
    void operator()(double value) const {
        if (std::isnan(value)) {
            out += "NaN";
        } else if (std::isinf(value)) {
            out += value > 0 ? "Infinity" : "-Infinity";
        } else {
            out += python_float(value);
        }
    }
    void operator()(const BigInt& value) const { out += value.digits; }
    void operator()(const std::string& value) const { append_json_quoted(out, value); }
    void operator()(const ParamList& list) const {
        out.push_back('[');
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (i > 0) out += ", ";
            append_json_dump(out, list[i]);
        }
        out.push_back(']');
    }
    void operator()(const ParamMap& map) const {
        out.push_back('{');
        for (std::size_t i = 0; i < map.size(); ++i) {
            if (i > 0) out += ", ";
            append_json_quoted(out, map[i].first);
            out += ": ";
            append_json_dump(out, map[i].second);
        }
        out.push_back('}');
    }
};

void append_json_dump(std::string& out, const ParamValue& value) {
    std::visit(JsonDump{out}, value.content());
}

}  // namespace

std::string python_float(double value) {
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value > 0 ? "inf" : "-inf";

    // The shortest digits that read back to the same double, as d.ddde[+-]xx, then Python's layout.
    std::array<char, 32> buffer{};
    const auto written = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                       std::chars_format::scientific);
    const std::string_view text(buffer.data(),
                                static_cast<std::size_t>(written.ptr - buffer.data()));
    const std::size_t mark = text.find('e');
    int exponent = 0;
    const std::size_t number = mark + (text[mark + 1] == '+' ? 2 : 1);
    std::from_chars(text.data() + number, text.data() + text.size(), exponent);

    std::string out;
    std::string digits;
    for (const char c : text.substr(0, mark)) {
        if (c == '-') {
            out.push_back('-');
        } else if (c != '.') {
            digits.push_back(c);
        }
    }
    if (exponent < -4 || exponent >= 16) {
        out.push_back(digits[0]);
        if (digits.size() > 1) out.append(".").append(digits, 1);
        out += exponent < 0 ? "e-" : "e+";
        const std::string magnitude = std::to_string(std::abs(exponent));
        if (magnitude.size() < 2) out.push_back('0');
        return out + magnitude;
    }
    if (exponent < 0) {
        return out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
    }
    const auto whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) return out.append(digits).append(whole - digits.size(), '0') + ".0";
    return out.append(digits, 0, whole).append(".").append(digits, whole);
}

std::string python_str(const ParamValue& value) {
    if (const auto* text = value.get_if<std::string>()) return *text;
    std::string out;
    append_repr(out, value);
    return out;
}

std::string python_json(const ParamValue& value) {
    std::string out;
    append_json_dump(out, value);
    return out;
}

}  // namespace sweepctl
