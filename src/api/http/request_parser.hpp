#pragma once

#include "sweepctl/api/http_server.hpp"

#include <boost/beast/http/basic_parser.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sweepctl {

/// Reads one request from bytes as they come, straight into an HttpRequest. Stricter than the
/// grammar wherever two readers could understand different things.
class RequestParser : private boost::beast::http::basic_parser<true> {
public:
    enum class Progress : std::uint8_t {
        need_more,  ///< Nothing to be done before more bytes are there.
        head,       ///< The headers are complete, now and only now; go on after the checks.
        done,
        failed,  ///< See failure(); the connection cannot be read any further.
    };
    struct Failure {
        int status = 400;
        std::string detail;
    };

    /// `header_limit` bounds the request line and the headers together, and each of the lines
    /// between chunks.
    explicit RequestParser(std::size_t header_limit, bool local);

    /// Reads what it can of `bytes` and says how much that was. What it left must be given again,
    /// followed by more.
    Progress feed(std::string_view bytes, std::size_t& consumed);

    /// Bounds the body; call it at Progress::head. Fails at once when the announced length is more.
    Progress limit_body(std::size_t limit);

    /// Where the body goes from here on; call it at Progress::head.
    void send_body_to(std::shared_ptr<BodySink> sink) { request_.sink = std::move(sink); }

    [[nodiscard]] HttpRequest& request() { return request_; }
    [[nodiscard]] std::size_t body_bytes() const { return body_bytes_; }
    [[nodiscard]] const Failure& failure() const { return failure_; }
    /// Host of an absolute request target; else empty.
    [[nodiscard]] const std::string& authority() const { return authority_; }
    [[nodiscard]] bool head_done() const { return is_header_done(); }
    [[nodiscard]] bool is_http_1_0() const { return version_ == 10; }
    [[nodiscard]] bool keeps_alive() const { return keep_alive(); }
    [[nodiscard]] bool expects_continue() const { return expects_continue_ && version_ == 11; }
    [[nodiscard]] bool wants_websocket() const;

private:
    using BeastView = boost::beast::string_view;
    using ErrorCode = boost::beast::error_code;

    void on_request_impl(boost::beast::http::verb method,
                         BeastView method_name,
                         BeastView target,
                         int version,
                         ErrorCode& error) override;
    void on_response_impl(int, BeastView, int, ErrorCode&) override {}
    void on_field_impl(boost::beast::http::field field,
                       BeastView name,
                       BeastView value,
                       ErrorCode& error) override;
    void on_header_impl(ErrorCode& error) override;
    void on_body_init_impl(const boost::optional<std::uint64_t>& length, ErrorCode& error) override;
    std::size_t on_body_impl(BeastView bytes, ErrorCode& error) override;
    void on_chunk_header_impl(std::uint64_t, BeastView, ErrorCode&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t remain,
                                   BeastView bytes,
                                   ErrorCode& error) override;
    void on_finish_impl(ErrorCode&) override {}

    Progress fail(int status, std::string detail);
    /// Stops the parser from inside one of its callbacks.
    void refuse(int status, std::string detail, ErrorCode& error);

    HttpRequest request_;
    Failure failure_;
    std::string authority_;
    std::size_t header_limit_;
    std::size_t header_bytes_ = 0;
    std::size_t body_left_ = 0;   // Of the limit.
    std::size_t body_bytes_ = 0;  // That have come.
    int version_ = 11;
    bool refused_ = false;
    bool expects_continue_ = false;
    bool has_host_ = false;
    bool has_websocket_key_ = false;
    bool upgrades_to_websocket_ = false;
    bool connection_upgrades_ = false;
};

}  // namespace sweepctl
