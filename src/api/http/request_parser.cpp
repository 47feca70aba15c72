#include "request_parser.hpp"

#include "sweepctl/wire/http_text.hpp"

#include "target.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <utility>

namespace sweepctl {
namespace http = boost::beast::http;

namespace {

constexpr std::size_t kHeadersMax = 200;
constexpr std::size_t kWebSocketKeyMax = 64;  // A right one has 24.
// Room that is made for an announced body before its bytes are there: a client that only announces
// should cost little.
constexpr std::size_t kReservedMax = std::size_t{1} << 20;

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

RequestParser::RequestParser(std::size_t header_limit, bool local) : header_limit_(header_limit) {
    request_.local = local;
    // Ours are the limits: Beast's would count the request line and each piece of the headers
    // apart.
    this->header_limit(static_cast<std::uint32_t>(header_limit));
    this->body_limit(boost::none);
    this->eager(false);
}

RequestParser::Progress RequestParser::feed(std::string_view bytes, std::size_t& consumed) {
    consumed = 0;
    if (!is_header_done() && request_.method.empty()) {
        // Some clients end a body with an empty line that is part of nothing.
        while (bytes.substr(consumed, 2) == "\r\n")
            consumed += 2;
        header_bytes_ += consumed;
        if (bytes.substr(consumed) == "\r") return Progress::need_more;
    }
    while (!is_done()) {
        const bool in_head = !is_header_done();
        ErrorCode error;
        const auto taken = put({bytes.data() + consumed, bytes.size() - consumed}, error);
        consumed += taken;
        if (in_head) {
            header_bytes_ += taken;
            const auto waiting = is_header_done() ? 0 : bytes.size() - consumed;
            if (header_bytes_ + waiting > header_limit_) error = http::error::header_limit;
        }
        if (refused_) return Progress::failed;
        if (error == http::error::header_limit) {
            return fail(431, "the request line and headers are longer than " +
                                 std::to_string(header_limit_) + " bytes");
        }
        if (error == http::error::need_more) {
            // Between chunks too there are lines that must end somewhere.
            if (bytes.size() - consumed > header_limit_) return fail(400, "a line without an end");
            return Progress::need_more;
        }
        if (error) return fail(400, "not a valid HTTP request: " + error.message());
        if (in_head && is_header_done()) return Progress::head;
        if (consumed == bytes.size() && !is_done()) return Progress::need_more;
    }
    return Progress::done;
}

RequestParser::Progress RequestParser::limit_body(std::size_t limit) {
    body_left_ = limit;
    const auto length = content_length();
    if (length && *length > limit) {
        return fail(413, "a body of " + std::to_string(*length) + " bytes; at most " +
                             std::to_string(limit) + " are taken here");
    }
    if (length && !request_.sink)
        request_.body.reserve(std::min<std::size_t>(*length, kReservedMax));
    return is_done() ? Progress::done : Progress::need_more;
}

bool RequestParser::wants_websocket() const {
    return upgrades_to_websocket_ && connection_upgrades_ && has_websocket_key_ && version_ == 11 &&
           request_.method == "GET";
}

void RequestParser::on_request_impl(
    http::verb, BeastView method_name, BeastView target, int version, ErrorCode& error) {
    version_ = version;
    request_.method = view(method_name);
    request_.raw_target = view(target);
    auto parsed = sweepctl::parse_target(request_.raw_target);
    if (!parsed) {
        refuse(400, "not a valid request target: " + quoted(request_.raw_target), error);
        return;
    }
    request_.path = std::move(parsed->path);
    request_.query = std::move(parsed->query);
    authority_ = std::move(parsed->authority);
}

void RequestParser::on_field_impl(http::field field,
                                  BeastView name,
                                  BeastView value,
                                  ErrorCode& error) {
    // Fields after the last chunk come when the checks are over: they change nothing.
    if (is_header_done()) return;
    if (request_.headers.size() == kHeadersMax) {
        refuse(431, "more than " + std::to_string(kHeadersMax) + " headers", error);
        return;
    }
    const auto text = view(value);
    if (field == http::field::host) {
        if (std::exchange(has_host_, true)) refuse(400, "more than one Host header", error);
    } else if (field == http::field::transfer_encoding) {
        if (!equal_ignoring_case(trimmed(text), "chunked")) {
            refuse(501, "unknown transfer coding " + quoted(text) + ": send 'chunked' or a length",
                   error);
        }
    } else if (field == http::field::expect) {
        expects_continue_ = equal_ignoring_case(trimmed(text), "100-continue");
    } else if (field == http::field::upgrade) {
        upgrades_to_websocket_ = upgrades_to_websocket_ || has_token(text, "websocket");
    } else if (field == http::field::connection) {
        connection_upgrades_ = connection_upgrades_ || has_token(text, "upgrade");
    } else if (field == http::field::sec_websocket_key) {
        has_websocket_key_ = text.size() <= kWebSocketKeyMax;
    }
    request_.headers.emplace_back(view(name), text);
}

void RequestParser::on_header_impl(ErrorCode& error) {
    if (version_ == 11 && !has_host_) refuse(400, "the Host header is missing", error);
    if (version_ == 10 && chunked()) refuse(400, "HTTP/1.0 knows no transfer coding", error);
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>&, ErrorCode&) {}

std::size_t RequestParser::on_body_impl(BeastView bytes, ErrorCode& error) {
    if (bytes.size() > body_left_) {
        refuse(413, "the body is longer than what is taken here", error);
        return 0;
    }
    body_left_ -= bytes.size();
    body_bytes_ += bytes.size();
    if (!request_.sink) {
        request_.body.append(bytes.data(), bytes.size());
    } else if (!request_.sink->take(view(bytes))) {
        BodySink::Refusal why = request_.sink->refusal();
        refuse(why.status, std::move(why.detail), error);
        return 0;
    }
    return bytes.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, BeastView bytes, ErrorCode& error) {
    return on_body_impl(bytes, error);
}

RequestParser::Progress RequestParser::fail(int status, std::string detail) {
    failure_ = {status, std::move(detail)};
    return Progress::failed;
}

void RequestParser::refuse(int status, std::string detail, ErrorCode& error) {
    refused_ = true;
    failure_ = {status, std::move(detail)};
    error = http::error::bad_value;
}

}  // namespace sweepctl
