#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

enum class Severity : std::uint8_t { note, warning, error };

/// One thing to say about a spec, with its place. Lower case, no full stop, offending value in
/// quotes.
struct Diagnostic {
    Severity severity = Severity::error;
    std::uint32_t line = 0;    ///< 1-based; 0: no place
    std::uint32_t column = 0;  ///< 1-based, in bytes
    std::string message;
    std::string hint;  ///< what would be right; empty: nothing to say
};

/// As a compiler prints it: `file:line:column: error: ...`, the line, a caret, the hint. Ends with
/// a newline.
[[nodiscard]] std::string render(const Diagnostic& diagnostic,
                                 std::string_view file_name,
                                 std::string_view text);
[[nodiscard]] std::string render(const std::vector<Diagnostic>& diagnostics,
                                 std::string_view file_name,
                                 std::string_view text);

[[nodiscard]] std::string_view to_string(Severity severity);

}  // namespace sweepctl
