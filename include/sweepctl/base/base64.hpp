#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// RFC 4648, section 4, with padding.
[[nodiscard]] std::string base64_encode(std::string_view bytes);
[[nodiscard]] std::optional<std::string> base64_decode(std::string_view text);

}  // namespace sweepctl
