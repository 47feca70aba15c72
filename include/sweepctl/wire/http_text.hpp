#pragma once

#include <optional>
#include <string>
#include <string_view>

// Small text work that everything about HTTP shares.

namespace sweepctl {

/// Encodes a path segment or a query value: everything but letters, digits and "-._~".
[[nodiscard]] std::string percent_encode(std::string_view text);

enum class Plus { is_plus, is_space };
/// Empty when a percent sign is not followed by two hexadecimal digits.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text, Plus plus);

/// ASCII letters made small.
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] bool equal_ignoring_case(std::string_view a, std::string_view b);
/// Without spaces and tabs at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);
/// For messages: in single quotes, control characters shown as '?', cut after 100 bytes.
[[nodiscard]] std::string quoted(std::string_view text);
/// Is `token` one of the comma-separated words of `list`, in any case of letters?
[[nodiscard]] bool has_token(std::string_view list, std::string_view token);
/// "Not Found" for 404; "Unknown" for a number without a name.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace sweepctl
