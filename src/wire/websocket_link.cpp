#include "sweepctl/wire/websocket_link.hpp"

#include "sweepctl/aio/timer.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <deque>
#include <utility>

#include <sys/socket.h>

namespace sweepctl {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;

namespace {

constexpr std::size_t kReasonMax = 123;                    // RFC 6455: a control frame's payload.
constexpr std::size_t kMaskBlock = std::size_t{64} << 10;  // What a client masks and sends at once.
constexpr std::size_t kKeptBuffer = std::size_t{256} << 10;  // Longer messages give theirs back.

using Socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

Socket make_socket(asio::io_context& context, UniqueFd descriptor) {
    // The family tells Asio nothing that it would act upon here.
    Socket socket(context.get_executor(), asio::generic::stream_protocol(AF_UNIX, 0),
                  descriptor.get());
    static_cast<void>(descriptor.release());
    return socket;
}

class Link final : public WebSocketLink, public std::enable_shared_from_this<Link> {
public:
    Link(asio::io_context& context,
         UniqueFd socket,
         WebSocketLimits limits,
         WebSocketLinkEvents events)
        : context_(context),
          stream_(make_socket(context, std::move(socket))),
          limits_(limits),
          timer_(context),
          events_(std::make_shared<WebSocketLinkEvents>(std::move(events))) {
        // Beast would arm its idle timer anew for each message; keep_alive() does it once in a
        // while.
        stream_.set_option(websocket::stream_base::timeout{limits.handshake,
                                                           websocket::stream_base::none(), false});
        stream_.read_message_max(limits.message);
        stream_.auto_fragment(false);
        stream_.text(true);
    }

    void accept(std::string_view key, std::string_view version) {
        // What the client asked is told again in a few lines, since Beast reads a request of its
        // own form or bytes.
        request_ =
            "GET / HTTP/1.1\r\nHost: sweepctl\r\nConnection: upgrade\r\nUpgrade: websocket\r\n";
        request_.append("Sec-WebSocket-Key: ").append(key).append("\r\n");
        request_.append("Sec-WebSocket-Version: ").append(version).append("\r\n\r\n");
        stream_.async_accept(asio::buffer(request_),
                             [self = shared_from_this()](const beast::error_code& error) {
                                 if (error) {
                                     self->finish("the handshake failed: " + error.message());
                                 } else {
                                     self->on_open();
                                 }
                             });
    }

    void connect(const Handshake& handshake) {
        // Masks protect proxies from scripts in browsers; there is neither here, and the good
        // random numbers cost more than everything else.
        stream_.secure_prng(false);
        stream_.write_buffer_bytes(kMaskBlock);
        stream_.set_option(websocket::stream_base::decorator(
            [token = handshake.token](websocket::request_type& request) {
                request.set(beast::http::field::user_agent, "sweepctl");
                if (!token.empty()) {
                    request.set(beast::http::field::authorization, "Bearer " + token);
                }
            }));
        stream_.async_handshake(response_, handshake.host, handshake.target,
                                [self = shared_from_this()](const beast::error_code& error) {
                                    if (error == websocket::error::upgrade_declined) {
                                        self->finish(self->describe_refusal());
                                    } else if (error) {
                                        self->finish("the handshake failed: " + describe(error));
                                    } else {
                                        self->on_open();
                                    }
                                });
    }

    bool send(std::string message) override {
        if (state_ == State::closing || state_ == State::closed) return false;
        if (!queue_.empty() && queued_ + message.size() > limits_.queue) {
            abort("the peer is too slow: " + std::to_string(queued_) + " bytes were waiting");
            return false;
        }
        queued_ += message.size();
        queue_.push_back(std::move(message));
        if (state_ == State::open && queue_.size() == 1) write_next();
        return true;
    }

    void close(WebSocketCloseCode code, std::string_view reason) override {
        if (state_ == State::opening) {
            abort(std::string(reason));
            return;
        }
        if (state_ != State::open) return;
        state_ = State::closing;
        close_code_ = code;
        close_reason_ = reason.substr(0, kReasonMax);
        if (queue_.empty()) write_close();
    }

    void abort(std::string reason) override {
        if (state_ == State::closed) return;
        state_ = State::closed;
        shut();
        // Whoever called is not to be called from in here. The task owns the events, so that they
        // are let go of also when the loop never runs again.
        asio::post(context_, [events = std::move(events_), why = std::move(reason)]() mutable {
            if (events && events->closed) events->closed(std::move(why));
        });
    }

    [[nodiscard]] bool is_open() const override {
        return state_ == State::opening || state_ == State::open;
    }

private:
    enum class State : std::uint8_t { opening, open, closing, closed };

    void on_open() {
        if (state_ != State::opening) return;
        response_ = {};
        request_ = {};
        state_ = State::open;
        // Pings and pongs count as signs of life.
        stream_.control_callback(
            [this](websocket::frame_type, beast::string_view) { ++signs_of_life_; });
        keep_alive();
        if (const auto events = events_; events->opened) events->opened();
        if (state_ == State::closed) return;
        read_next();
        if (state_ == State::open && !queue_.empty() && !writing_) write_next();
    }

    /// Looks twice in the idle time: at a peer that said nothing since the last look it sends a
    /// ping, and one that did not answer that either is gone.
    void keep_alive() {
        timer_.after(limits_.idle / 2, [weak = weak_from_this()] {
            const auto self = weak.lock();
            if (!self || self->state_ == State::closed) return;
            // A long message grows while it comes.
            const auto heard = self->signs_of_life_ + self->in_.size();
            if (heard != std::exchange(self->heard_, heard)) {
                self->pinged_ = false;
            } else if (!std::exchange(self->pinged_, true)) {
                self->stream_.async_ping({}, [self](const beast::error_code&) {});
            } else {
                self->finish("the peer was silent for too long");
                return;
            }
            self->keep_alive();
        });
    }

    void read_next() {
        stream_.async_read(in_, [self = shared_from_this()](const beast::error_code& error,
                                                            std::size_t) { self->on_read(error); });
    }

    void on_read(const beast::error_code& error) {
        if (state_ == State::closed) return;
        if (error) {
            finish(describe_end(error));
            return;
        }
        ++signs_of_life_;
        const auto bytes = in_.cdata();
        std::string message(static_cast<const char*>(bytes.data()), bytes.size());
        in_.clear();
        if (in_.capacity() > kKeptBuffer) in_.shrink_to_fit();
        // Closing means that no more is sent; what the peer had said before still counts.
        if (const auto events = events_; events->message) events->message(std::move(message));
        if (state_ != State::closed) read_next();
    }

    void write_next() {
        writing_ = true;
        stream_.async_write(asio::buffer(queue_.front()),
                            [self = shared_from_this()](const beast::error_code& error,
                                                        std::size_t) { self->on_written(error); });
    }

    void on_written(const beast::error_code& error) {
        writing_ = false;
        if (state_ == State::closed) return;
        if (error) {
            finish(describe_end(error));
            return;
        }
        queued_ -= queue_.front().size();
        queue_.pop_front();
        if (!queue_.empty()) {
            write_next();
        } else if (state_ == State::closing) {
            write_close();
        }
    }

    void write_close() {
        const websocket::close_reason reason(
            static_cast<websocket::close_code>(close_code_),
            beast::string_view(close_reason_.data(), close_reason_.size()));
        stream_.async_close(reason, [self = shared_from_this()](const beast::error_code&) {
            self->finish("closed here: " + self->close_reason_);
        });
    }

    void finish(std::string reason) {
        if (state_ == State::closed) return;
        state_ = State::closed;
        shut();
        const auto events = std::move(events_);
        if (events->closed) events->closed(std::move(reason));
    }

    void shut() {
        timer_.cancel();
        beast::error_code ignored;
        beast::get_lowest_layer(stream_).close(ignored);
        // An operation under way may still look at the first message.
        while (queue_.size() > 1)
            queue_.pop_back();
        queued_ = 0;
    }

    static std::string describe(const beast::error_code& error) {
        if (error == beast::error::timeout) return "the peer was silent for too long";
        if (error == asio::error::eof) return "the peer closed the connection";
        return error.message();
    }

    std::string describe_end(const beast::error_code& error) {
        if (state_ == State::closing) return "closed here: " + close_reason_;
        if (error == websocket::error::closed) {
            const auto& reason = stream_.reason();
            std::string text = "closed by the peer";
            if (!reason.reason.empty()) text.append(": ").append(reason.reason.c_str());
            return text;
        }
        if (error == websocket::error::message_too_big) {
            return "a message was longer than " + std::to_string(limits_.message) + " bytes";
        }
        return describe(error);
    }

    std::string describe_refusal() const {
        std::string text = "the server answered " + std::to_string(response_.result_int());
        if (!response_.body().empty()) text.append(": ").append(response_.body().substr(0, 500));
        while (!text.empty() && text.back() == '\n')
            text.pop_back();
        return text;
    }

    asio::io_context& context_;
    websocket::stream<Socket, false>
        stream_;  // Without permessage-deflate: it stays on one machine.
    const WebSocketLimits limits_;
    Timer timer_;
    std::uint64_t signs_of_life_ = 0;
    std::uint64_t heard_ = 0;  // signs_of_life_ and the growing message, at the last look.
    bool pinged_ = false;
    // Shared with the call that is under way. Null once closed.
    std::shared_ptr<WebSocketLinkEvents> events_;
    State state_ = State::opening;
    bool writing_ = false;
    std::string request_;  // These two while opening.
    websocket::response_type response_;
    beast::flat_buffer in_;
    std::deque<std::string> queue_;  // The first one is being written once it is open.
    std::size_t queued_ = 0;
    WebSocketCloseCode close_code_ = WebSocketCloseCode::normal;
    std::string close_reason_;
};

}  // namespace

std::shared_ptr<WebSocketLink> WebSocketLink::accept(asio::io_context& context,
                                                     UniqueFd socket,
                                                     std::string_view key,
                                                     std::string_view version,
                                                     WebSocketLimits limits,
                                                     WebSocketLinkEvents events) {
    const auto link = std::make_shared<Link>(context, std::move(socket), limits, std::move(events));
    link->accept(key, version);
    return link;
}

std::shared_ptr<WebSocketLink> WebSocketLink::connect(asio::io_context& context,
                                                      UniqueFd socket,
                                                      const Handshake& handshake,
                                                      WebSocketLimits limits,
                                                      WebSocketLinkEvents events) {
    const auto link = std::make_shared<Link>(context, std::move(socket), limits, std::move(events));
    link->connect(handshake);
    return link;
}

}  // namespace sweepctl
