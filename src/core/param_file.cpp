#include "sweepctl/base/utf8.hpp"
#include "sweepctl/core/command_line.hpp"

#include "core/python_printable.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

// The parameter file, in block style as W&B writes it. Its readers speak YAML 1.1, where `no` is
// false, 1e5 is a text and 010 is eight; so a text goes without quotes only where no reader can
// take it for anything else.

namespace sweepctl {

namespace {

bool is_word_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
}

bool plain_is_safe(std::string_view text) {
    if (text.empty() || text.size() > 128 || !std::all_of(text.begin(), text.end(), is_word_char)) {
        return false;
    }
    // Numbers begin with a digit, a sign or a dot.
    const char first = text[0];
    if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '_')) {
        return false;
    }
    constexpr std::array<std::string_view, 9> words{"y",   "n",    "yes",   "no",  "on",
                                                    "off", "true", "false", "null"};
    std::string lower(text);
    for (char& c : lower)
        c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    return std::find(words.begin(), words.end(), lower) == words.end();
}

void append_text(std::string& out, std::string_view text) {
    if (plain_is_safe(text)) {
        out += text;
        return;
    }
    constexpr std::string_view hex = "0123456789ABCDEF";
    const auto escape = [&](char kind, std::uint32_t code, int digits) {
        out.push_back('\\');
        out.push_back(kind);
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4)
            out.push_back(hex[(code >> static_cast<unsigned>(shift)) & 0xfU]);
    };
    out.push_back('"');
    for (std::size_t i = 0; i < text.size();) {
        const CodePoint point = decode_utf8(text, i);
        // A byte that is not UTF-8 cannot be written in YAML; the escape of its number at least
        // keeps the file readable.
        const std::uint32_t code = point.value;
        if (code == '"' || code == '\\') {
            out.push_back('\\');
            out.push_back(static_cast<char>(code));
        } else if (code == '\n') {
            out += "\\n";
        } else if (code == '\t') {
            out += "\\t";
        } else if (point.valid && code != 0xfeff && python_printable(code)) {
            out += text.substr(i, point.length);
        } else if (code < 0x100) {
            escape('x', code, 2);
        } else if (code < 0x10000) {
            escape('u', code, 4);
        } else {
            escape('U', code, 8);
        }
        i += point.length;
    }
    out.push_back('"');
}

/// A float that YAML 1.1 reads as one: with a dot also before an exponent.
std::string yaml_float(double value) {
    if (std::isnan(value)) return ".nan";
    if (std::isinf(value)) return value > 0 ? ".inf" : "-.inf";
    std::string text = python_float(value);
    if (text.find('.') == std::string::npos) {
        if (const std::size_t mark = text.find('e'); mark != std::string::npos) {
            text.insert(mark, ".0");
        }
    }
    return text;
}

void append_value(std::string& out, const ParamValue& value, std::size_t indent);

/// Writes `key:`, or the long form of it: readers take no simple key above 1024 characters.
void append_key(std::string& out, std::string_view key, std::size_t indent) {
    constexpr std::size_t long_key = 128;
    out.append(indent, ' ');
    if (key.size() > long_key) out += "? ";
    append_text(out, key);
    if (key.size() > long_key) out.append("\n").append(indent, ' ');
    out.push_back(':');
}

/// Writes what follows `key:` or `-`, with the line break.
struct BlockWriter {
    std::string& out;
    std::size_t indent;

    void line(std::string_view text) const { out.append(" ").append(text).append("\n"); }

    void operator()(std::nullptr_t) const { line("null"); }
    void operator()(bool value) const { line(value ? "true" : "false"); }
    void operator()(std::int64_t value) const { line(std::to_string(value)); }
    void operator()(double value) const { line(yaml_float(value)); }
    void operator()(const BigInt& value) const { line(value.digits); }
    void operator()(const std::string& value) const {
        out.push_back(' ');
        append_text(out, value);
        out.push_back('\n');
    }
    void operator()(const ParamList& list) const {
        if (list.empty()) return line("[]");
        out.push_back('\n');
        for (const ParamValue& item : list) {
            out.append(indent, ' ').append("-");
            append_value(out, item, indent + 2);
        }
    }
    void operator()(const ParamMap& map) const {
        if (map.empty()) return line("{}");
        out.push_back('\n');
        for (const auto& [name, item] : map) {
            append_key(out, name, indent);
            append_value(out, item, indent + 2);
        }
    }
};

void append_value(std::string& out, const ParamValue& value, std::size_t indent) {
    std::visit(BlockWriter{out, indent}, value.content());
}

}  // namespace

std::string param_file(const Config& config) {
    std::string out = "wandb_version: 1\n\n";
    for (const auto& [name, value] : config) {
        append_key(out, name, 0);
        out += "\n  value:";
        append_value(out, value, 4);
    }
    return out;
}

}  // namespace sweepctl
