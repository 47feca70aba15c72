#include "connection.hpp"

#include "sweepctl/base/log.hpp"
#include "sweepctl/wire/http_text.hpp"

#include "access.hpp"
#include "exchange.hpp"
#include "reply_text.hpp"
#include "websocket_peer.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

#include <sys/socket.h>

namespace sweepctl {
namespace {

constexpr std::size_t kReadAheadMax = std::size_t{64} << 10;
constexpr std::size_t kUnsentMax = std::size_t{1} << 20;     // Then further requests have to wait.
constexpr std::size_t kSlowestRate = std::size_t{16} << 10;  // Bytes a second.
constexpr std::chrono::milliseconds kLingerTime{3'000};
constexpr char kHex[] = "0123456789abcdef";
constexpr std::size_t kIdleBufferMax = 4096;

std::chrono::milliseconds time_for(std::chrono::milliseconds base, std::size_t bytes) {
    return base + std::chrono::milliseconds(bytes * 1000 / kSlowestRate);
}

bool has_no_body(int status) {
    return status == 204 || status == 304;
}

void append_chunk(OutQueue& out, std::string_view bytes) {
    char size[20];
    char* at = size + sizeof size;
    *--at = '\n';
    *--at = '\r';
    for (auto rest = bytes.size(); rest > 0; rest >>= 4)
        *--at = kHex[rest & 15];
    out.append(std::string_view(at, static_cast<std::size_t>(size + sizeof size - at)));
    out.append(bytes);
    out.append(std::string_view("\r\n"));
}

}  // namespace

Connection::Connection(HttpServerCore& core, UniqueFd socket, bool local)
    : core_(&core),
      context_(core.context),
      fd_(socket.get()),
      local_(local),
      since_(PeerClock::now()) {
    // The family tells Asio nothing that it would act upon; the descriptor is all it waits for.
    const boost::asio::generic::stream_protocol protocol(AF_UNIX, 0);
    socket_.emplace(context_.get_executor(), protocol, socket.get());
    static_cast<void>(socket.release());
    entry_ = core.enlist(this);  // Last: what is listed is whole.
    stranger_ = !local;
    if (stranger_) core.stranger_came();
}

Connection::~Connection() {
    if (!core_) return;
    be_no_stranger();
    core_->strike(entry_);
}

void Connection::be_no_stranger() {
    if (std::exchange(stranger_, false)) core_->stranger_left();
}

void Connection::start() {
    pump();
}

void Connection::turn_away() {
    refuse(503, "too many connections: try again later");
    pump();
}

void Connection::close_now() {
    if (mode_ == Mode::closed) return;
    const bool was_streaming = mode_ == Mode::streaming;
    mode_ = Mode::closed;
    socket_.reset();
    fd_ = -1;
    parser_.reset();
    in_ = {};
    in_at_ = 0;
    out_.clear();
    be_no_stranger();
    std::exchange(core_, nullptr)->strike(entry_);
    if (was_streaming) tell_stream_closed();
}

void Connection::begin_stop() {
    switch (mode_) {
        case Mode::reading:
            if (parser_ || in_at_ < in_.size()) break;  // Answered with "Connection: close".
            if (out_.empty()) {
                close_now();
            } else {
                set_mode(Mode::closing);
            }
            break;
        case Mode::streaming: stream_close(); break;
        case Mode::answering:
        case Mode::closing:
        case Mode::lingering:
        case Mode::closed: break;
    }
}

PeerClock::time_point Connection::deadline() const {
    if (mode_ == Mode::closed) return PeerClock::time_point::max();
    const auto& options = core_->options;
    if (blocked_) return out_since_ + time_for(options.transfer_timeout, out_moved_);
    switch (mode_) {
        case Mode::reading:
            if (!parser_)
                return since_ + (had_request_ ? options.idle_timeout : options.header_timeout);
            if (!parser_->head_done()) return since_ + options.header_timeout;
            return since_ + time_for(options.transfer_timeout, moved_);
        case Mode::streaming:
            return pinged_stream_ ? since_ + options.stream_ping_interval
                                  : PeerClock::time_point::max();
        case Mode::closing:
        case Mode::lingering: return since_ + kLingerTime;
        case Mode::answering:
        case Mode::closed: break;
    }
    return PeerClock::time_point::max();
}

void Connection::on_tick(PeerClock::time_point now) {
    if (now < deadline()) return;
    if (!blocked_ && mode_ == Mode::streaming) {
        stream_push(":\n\n");
    } else if (!blocked_ && mode_ == Mode::reading && parser_) {
        refuse(408, "the request did not arrive in time");
        pump();
    } else {
        close_now();
    }
}

// --- input

void Connection::on_readable() {
    const auto got = ::recv(fd_, core_->scratch.data(), core_->scratch.size(), MSG_DONTWAIT);
    if (got < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
            await_readable();
        } else {
            close_now();
        }
        return;
    }
    std::string_view bytes(core_->scratch.data(), static_cast<std::size_t>(got));
    if (bytes.empty()) {
        peer_eof_ = true;
        // Who follows a stream or is done with everything has nothing to wait for any more.
        if (mode_ == Mode::streaming || mode_ == Mode::lingering) {
            close_now();
            return;
        }
    } else if (mode_ == Mode::reading && in_.empty()) {
        pumping_ = true;
        bytes.remove_prefix(parse(bytes));
        pumping_ = false;
    }
    if (mode_ == Mode::reading || mode_ == Mode::answering) in_.append(bytes);
    pump();
}

void Connection::work_off_input() {
    if (in_.empty()) return;
    in_at_ += parse(std::string_view(in_).substr(in_at_));
    if (in_at_ >= in_.size()) {
        in_.clear();
        in_at_ = 0;
        if (in_.capacity() > kIdleBufferMax) in_.shrink_to_fit();
    } else if (in_at_ > kReadAheadMax / 2) {
        in_.erase(0, in_at_);
        in_at_ = 0;
    }
}

std::size_t Connection::parse(std::string_view bytes) {
    std::size_t used = 0;
    while (mode_ == Mode::reading && out_.size() < kUnsentMax) {
        if (!parser_) {
            if (used == bytes.size()) break;
            parser_.emplace(core_->options.header_limit, local_);
            since_ = PeerClock::now();
        }
        std::size_t consumed = 0;
        switch (parser_->feed(bytes.substr(used), consumed)) {
            case RequestParser::Progress::need_more:
                moved_ = parser_->body_bytes();
                return used + consumed;
            case RequestParser::Progress::head:
                used += consumed;
                check_head();
                break;
            case RequestParser::Progress::done:
                used += consumed;
                behind_ = bytes.size() - used;
                dispatch();
                break;
            case RequestParser::Progress::failed: {
                const auto failure = parser_->failure();
                refuse(failure.status, failure.detail);
                break;
            }
        }
    }
    return mode_ == Mode::closing ? bytes.size() : used;
}

void Connection::check_head() {
    const auto& options = core_->options;
    const auto& request = parser_->request();
    std::optional<Refusal> refusal;
    if (!local_) {
        refusal = check_host_and_origin(request, parser_->authority());
        if (!refusal && !(options.needs_no_token && options.needs_no_token(request))) {
            refusal = check_token(request, options.tcp->token);
            if (!refusal) be_no_stranger();
        }
    }
    if (refusal) {
        refuse(refusal->status, refusal->detail);
        return;
    }
    if (options.body_sink) parser_->send_body_to(options.body_sink(request));
    const auto limit =
        options.body_limit ? options.body_limit(request) : options.default_body_limit;
    switch (parser_->limit_body(limit)) {
        case RequestParser::Progress::failed: {
            const auto failure = parser_->failure();
            refuse(failure.status, failure.detail);
            return;
        }
        case RequestParser::Progress::need_more:
            since_ = PeerClock::now();
            moved_ = 0;
            if (parser_->expects_continue()) {
                out_.append(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"));
            }
            break;
        case RequestParser::Progress::head:
        case RequestParser::Progress::done: break;
    }
}

// --- requests and answers

void Connection::dispatch() {
    const bool wants_websocket = parser_->wants_websocket();
    auto request = std::move(parser_->request());
    keep_alive_ = parser_->keeps_alive();
    http_1_0_ = parser_->is_http_1_0();
    is_head_ = request.method == "HEAD";
    websocket_.reset();
    if (wants_websocket) {
        const auto* version = request.header("sec-websocket-version");
        websocket_ = WebSocketOffer{*request.header("sec-websocket-key"), version ? *version : ""};
    }
    parser_.reset();
    had_request_ = true;
    set_mode(Mode::answering);
    ++exchange_;
    ++core_->counts.requests;

    // The handler may destroy the server, and itself with it.
    const auto core = core_->shared_from_this();
    const auto exchange = std::make_shared<HttpExchange>(
        std::static_pointer_cast<Connection>(shared_from_this()), exchange_);
    try {
        core->handler(std::move(request), exchange);
    } catch (const std::exception& error) {
        log_error("answering a request failed: ", error.what());
        exchange->respond(
            problem_reply(500, "the server failed at this request; its log says more"));
    }
}

bool Connection::answers(std::uint64_t exchange) const {
    return mode_ == Mode::answering && exchange == exchange_;
}

void Connection::respond(std::uint64_t exchange, HttpResponse response) {
    if (!answers(exchange)) return;
    const bool keep_alive = keep_alive_ && !core_->stopping();
    queue_reply(std::move(response), keep_alive);
    set_mode(keep_alive ? Mode::reading : Mode::closing);
    pump();
}

void Connection::queue_reply(HttpResponse response, bool keep_alive) {
    if (response.status < 200 || response.status > 599) {
        log_error("a request was answered with the impossible status ", response.status);
        response = problem_reply(500, "the server failed at this request; its log says more");
    }
    ReplyFraming framing;
    framing.keep_alive = keep_alive;
    framing.http_1_0 = http_1_0_;
    if (!has_no_body(response.status)) {
        framing.length = response.body.size() + response.file.length;
    }
    thread_local std::string head;
    head.clear();
    append_reply_head(head, response, framing, http_date());
    out_.append(std::string_view(head));
    if (framing.length && !is_head_) {
        out_.append(std::move(response.body));
        out_.append(std::move(response.file));
    }
}

void Connection::refuse(int status, std::string_view detail) {
    log_debug("refused a request: ", status, " ", detail);
    ++core_->counts.refused;
    if (parser_) {
        is_head_ = parser_->request().method == "HEAD";
        http_1_0_ = parser_->is_http_1_0();
        parser_.reset();
    }
    queue_reply(problem_reply(status, detail), false);
    set_mode(Mode::closing);
}

void Connection::accept_websocket(std::uint64_t exchange,
                                  std::function<void(std::shared_ptr<WebSocket>)> opened) {
    if (!answers(exchange)) return;
    if (!websocket_) {
        auto response = problem_reply(426, "only a WebSocket can be opened here");
        response.headers.emplace_back("Upgrade", "websocket");
        keep_alive_ = false;
        respond(exchange, std::move(response));
        return;
    }
    // While parsing, what came behind the request is not in in_, or not counted there.
    if (pumping_ ? behind_ > 0 : in_at_ < in_.size()) {
        refuse(400, "bytes came before the WebSocket was accepted");
        pump();
        return;
    }
    if (!flush()) return;
    if (!out_.empty() || peer_eof_ || core_->stopping()) {
        close_now();
        return;
    }
    // The waiting, if any, ends with the release; the socket goes on in other hands.
    UniqueFd socket(socket_->release());
    const auto core = core_->shared_from_this();
    const auto offer = *std::exchange(websocket_, std::nullopt);
    close_now();
    try {
        WebSocketPeer::accept(*core, std::move(socket), offer, std::move(opened));
    } catch (const std::exception& error) {
        log_warn("dropped a WebSocket that could not be served: ", error.what());
    }
}

// --- streams

bool Connection::open_stream(std::uint64_t exchange,
                             std::string_view content_type,
                             HttpFields headers) {
    if (!answers(exchange)) return false;
    HttpResponse response;
    response.content_type = content_type;
    response.headers = std::move(headers);
    ReplyFraming framing;
    framing.chunked = !http_1_0_;
    framing.keep_alive = false;
    framing.http_1_0 = http_1_0_;
    std::string head;
    append_reply_head(head, response, framing, http_date());
    out_.append(std::string_view(head));
    const bool open = !is_head_ && !peer_eof_ && !core_->stopping();
    if (!open && !is_head_ && !http_1_0_) out_.append(std::string_view("0\r\n\r\n"));
    chunked_stream_ = framing.chunked;
    pinged_stream_ = content_type.starts_with("text/event-stream");
    set_mode(open ? Mode::streaming : Mode::closing);
    schedule_pump();
    return open;
}

bool Connection::stream_push(std::string_view bytes) {
    if (mode_ != Mode::streaming) return false;
    if (bytes.empty()) return true;
    if (!out_.empty() && out_.size() + bytes.size() > core_->options.stream_queue_limit) {
        log_debug("closed a stream whose reader is too slow: ", out_.size(), " bytes were waiting");
        close_now();
        return false;
    }
    if (chunked_stream_) {
        append_chunk(out_, bytes);
    } else {
        out_.append(bytes);
    }
    schedule_pump();
    return true;
}

void Connection::stream_close() {
    if (mode_ != Mode::streaming) return;
    if (chunked_stream_) out_.append(std::string_view("0\r\n\r\n"));
    set_mode(Mode::closing);
    schedule_pump();
    tell_stream_closed();
}

void Connection::stream_on_closed(std::function<void()> callback) {
    on_stream_closed_ = std::move(callback);
    if (mode_ != Mode::streaming) tell_stream_closed();
}

void Connection::tell_stream_closed() {
    if (on_stream_closed_) boost::asio::post(context_, std::exchange(on_stream_closed_, nullptr));
}

// --- the loop

void Connection::pump() {
    if (pumping_ || mode_ == Mode::closed) return;
    pumping_ = true;
    bool held_back = false;
    do {
        work_off_input();
        held_back = mode_ == Mode::reading && out_.size() >= kUnsentMax;
        if (!flush()) break;
    } while (held_back && out_.empty());
    pumping_ = false;
    if (mode_ == Mode::closed) return;

    if (out_.empty()) {
        if (mode_ == Mode::closing) {
            ::shutdown(fd_, SHUT_WR);
            set_mode(Mode::lingering);
        }
        // Either no request is there, or half of one that will never be whole.
        if (peer_eof_ && (mode_ == Mode::lingering || mode_ == Mode::reading)) {
            close_now();
            return;
        }
    } else {
        await_writable();
    }
    if (!peer_eof_ && !held_back &&
        !(mode_ == Mode::answering && in_.size() - in_at_ >= kReadAheadMax)) {
        await_readable();
    }
    core_->watch(deadline());
}

bool Connection::flush() {
    if (mode_ == Mode::closed) return false;
    if (out_.empty()) return true;
    const auto before = out_.size();
    const auto sent = out_.send_to(fd_);
    if (sent == OutQueue::Sent::failed) {
        close_now();
        return false;
    }
    if (sent == OutQueue::Sent::some) {
        if (std::exchange(blocked_, true)) {
            out_moved_ += before - out_.size();
        } else {
            out_since_ = PeerClock::now();
            out_moved_ = 0;  // What the kernel buffers at once is no merit of the reader.
        }
    } else {
        blocked_ = false;
    }
    return true;
}

void Connection::on_writable() {
    pump();
}

void Connection::await_readable() {
    if (std::exchange(waiting_to_read_, true)) return;
    socket_->async_wait(Socket::wait_read,
                        [self = std::static_pointer_cast<Connection>(shared_from_this())](
                            const boost::system::error_code&) {
                            self->waiting_to_read_ = false;
                            if (self->mode_ != Mode::closed) self->on_readable();
                        });
}

void Connection::await_writable() {
    if (std::exchange(waiting_to_write_, true)) return;
    socket_->async_wait(Socket::wait_write,
                        [self = std::static_pointer_cast<Connection>(shared_from_this())](
                            const boost::system::error_code&) {
                            self->waiting_to_write_ = false;
                            if (self->mode_ != Mode::closed) self->on_writable();
                        });
}

void Connection::set_mode(Mode mode) {
    mode_ = mode;
    since_ = PeerClock::now();
}

void Connection::schedule_pump() {
    since_ = PeerClock::now();
    if (waiting_to_write_ || std::exchange(pump_scheduled_, true)) return;
    boost::asio::post(context_, [self = std::static_pointer_cast<Connection>(shared_from_this())] {
        self->pump_scheduled_ = false;
        self->pump();
    });
}

}  // namespace sweepctl
