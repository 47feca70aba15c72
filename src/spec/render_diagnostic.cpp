#include "sweepctl/base/utf8.hpp"
#include "sweepctl/spec/diagnostic.hpp"

#include <algorithm>
#include <cstdlib>

namespace sweepctl {

namespace {

/// The bytes of a line that are shown around the place, of lines that are longer.
constexpr std::size_t kBefore = 60;
constexpr std::size_t kAfter = 60;

std::string_view line_of(std::string_view text, std::uint32_t number) {
    for (std::uint32_t line = 1; line < number; ++line) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return {};
        text.remove_prefix(end + 1);
    }
    std::string_view line = text.substr(0, text.find('\n'));
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    return line;
}

bool continues_code_point(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80;
}

/// The line and, below it, a caret under the column. Tabs stay tabs in both, so that they line up;
/// what a terminal would act on becomes a question mark.
std::string excerpt(std::string_view line, std::size_t column) {
    const std::size_t at = std::min(column - 1, line.size());
    std::size_t begin = at > kBefore ? at - kBefore : 0;
    std::size_t end = std::min(line.size(), at + kAfter);
    while (begin > 0 && continues_code_point(line[begin]))
        --begin;
    while (end < line.size() && continues_code_point(line[end]))
        ++end;
    const bool cut_before = begin > 0;
    const bool cut_after = end < line.size();

    std::string shown = cut_before ? "  ..." : "  ";
    std::string caret = cut_before ? "     " : "  ";
    for (std::size_t i = begin; i < end;) {
        const CodePoint point = decode_utf8(line, i);
        const bool control = point.value < 0x20 || (point.value >= 0x7f && point.value < 0xa0);
        if (point.value == '\t') {
            shown.push_back('\t');
        } else if (control || !point.valid) {
            shown.push_back('?');
        } else {
            shown += line.substr(i, point.length);
        }
        if (i < at) caret.push_back(point.value == '\t' ? '\t' : ' ');
        i += point.length;
    }
    if (cut_after) shown += "...";
    return shown + "\n" + caret + "^\n";
}

}  // namespace

std::string_view to_string(Severity severity) {
    switch (severity) {
        case Severity::note: return "note";
        case Severity::warning: return "warning";
        case Severity::error: return "error";
    }
    std::abort();
}

std::string render(const Diagnostic& diagnostic,
                   std::string_view file_name,
                   std::string_view text) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.substr(0, byte_order_mark.size()) == byte_order_mark) {
        text.remove_prefix(byte_order_mark.size());
    }
    std::string out(file_name);
    out.push_back(':');
    if (diagnostic.line > 0) {
        out += std::to_string(diagnostic.line) + ":" + std::to_string(diagnostic.column) + ":";
    }
    out.append(" ").append(to_string(diagnostic.severity)).append(": ");
    out.append(diagnostic.message).append("\n");
    if (diagnostic.line > 0) {
        const std::string_view line = line_of(text, diagnostic.line);
        if (line.find_first_not_of(" \t") != std::string_view::npos) {
            out += excerpt(line, std::max<std::uint32_t>(diagnostic.column, 1));
        }
    }
    if (!diagnostic.hint.empty()) out.append("  ").append(diagnostic.hint).append("\n");
    return out;
}

std::string render(const std::vector<Diagnostic>& diagnostics,
                   std::string_view file_name,
                   std::string_view text) {
    std::string out;
    for (const Diagnostic& diagnostic : diagnostics)
        out += render(diagnostic, file_name, text);
    return out;
}

}  // namespace sweepctl
