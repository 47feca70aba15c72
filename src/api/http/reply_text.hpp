#pragma once

#include "sweepctl/api/http_server.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// How an answer's end is told, and what becomes of the connection.
struct ReplyFraming {
    std::optional<std::size_t> length;  ///< Content-Length; empty for an open end.
    bool chunked = false;
    bool keep_alive = true;
    bool http_1_0 = false;
};

/// Appends status line and headers, with the empty line. Line breaks inside header values become
/// spaces, so that no value can smuggle in a header.
void append_reply_head(std::string& out,
                       const HttpResponse& response,
                       const ReplyFraming& framing,
                       std::string_view date);

/// An RFC 9457 problem document about HTTP itself.
[[nodiscard]] HttpResponse problem_reply(int status, std::string_view detail);

/// "Sun, 22 Nov 2026 15:00:00 GMT" for the present second.
[[nodiscard]] std::string_view http_date();

}  // namespace sweepctl
