#include "reply_text.hpp"

#include "sweepctl/wire/http_text.hpp"

#include <charconv>
#include <cstdio>
#include <ctime>

namespace sweepctl {
namespace {

constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

template <typename Number>
void append_number(std::string& out, Number number) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

void append_in_one_line(std::string& out, std::string_view text) {
    const auto begin = out.size();
    out += text;
    for (auto i = begin; i < out.size(); ++i) {
        if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0') out[i] = ' ';
    }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    append_in_one_line(out, name);
    out += ": ";
    append_in_one_line(out, value);
    out += "\r\n";
}

std::string json_string(std::string_view text) {
    std::string quoted_text = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            quoted_text += '\\';
            quoted_text += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) > 0x7e) {
            quoted_text += '?';  // Details quote what a client sent, which may be any bytes.
        } else {
            quoted_text += c;
        }
    }
    return quoted_text + '"';
}

}  // namespace

void append_reply_head(std::string& out,
                       const HttpResponse& response,
                       const ReplyFraming& framing,
                       std::string_view date) {
    out += framing.http_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ";
    append_number(out, response.status);
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\nDate: ";
    out += date;
    out += "\r\n";
    if (!response.content_type.empty()) append_field(out, "Content-Type", response.content_type);
    if (framing.length) {
        out += "Content-Length: ";
        append_number(out, *framing.length);
        out += "\r\n";
    }
    if (framing.chunked) out += "Transfer-Encoding: chunked\r\n";
    if (!framing.keep_alive) {
        out += "Connection: close\r\n";
    } else if (framing.http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    for (const auto& [name, value] : response.headers)
        append_field(out, name, value);
    out += "\r\n";
}

HttpResponse problem_reply(int status, std::string_view detail) {
    HttpResponse response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body = "{\"type\":\"about:blank\",\"title\":" + json_string(reason_phrase(status)) +
                    ",\"status\":" + std::to_string(status) + ",\"detail\":" + json_string(detail);
    // W&B's clients look for these, and show nothing else.
    if (status == 401) response.body += ",\"errors\":[{\"message\":" + json_string(detail) + "}]";
    response.body += "}\n";
    if (status == 401) {
        // Not Basic: that would open the browser's password box over the page's own.
        response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"sweepctl\"");
    }
    if (status == 503) response.headers.emplace_back("Retry-After", "1");
    return response;
}

std::string_view http_date() {
    thread_local std::time_t shown = -1;
    thread_local char text[64];
    const auto now = std::time(nullptr);
    if (now != shown) {
        std::tm utc{};
        ::gmtime_r(&now, &utc);
        static_cast<void>(std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                                        kDays[utc.tm_wday], utc.tm_mday, kMonths[utc.tm_mon],
                                        utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec));
        shown = now;
    }
    return text;
}

}  // namespace sweepctl
