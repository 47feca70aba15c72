#include "sweepctl/wire/websocket_client.hpp"

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/wire/websocket_link.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sweepctl {
namespace asio = boost::asio;

namespace {

using Endpoint = asio::generic::stream_protocol::endpoint;
using Resolver = asio::ip::basic_resolver<asio::ip::tcp, asio::io_context::executor_type>;
using Socket =
    asio::basic_stream_socket<asio::generic::stream_protocol, asio::io_context::executor_type>;

}  // namespace

/// Finds the server, connects, then lets the link do the rest.
class WebSocketClient::Session : public std::enable_shared_from_this<Session> {
public:
    Session(asio::io_context& context,
            ServerAddress address,
            std::string target,
            WebSocketEvents events,
            WebSocketOptions options)
        : context_(context),
          address_(std::move(address)),
          target_(std::move(target)),
          events_(std::move(events)),
          options_(options),
          resolver_(context),
          timer_(context) {}

    void open() {
        if (state_ != State::idle) return;
        state_ = State::connecting;
        timer_.after(options_.open_timeout,
                     [self = shared_from_this()] { self->fail("it took too long"); });
        // Later: nobody is called back from inside open().
        asio::post(context_, [self = shared_from_this()] {
            if (self->state_ == State::connecting) self->find_server();
        });
    }

    bool send(std::string message) {
        if (state_ == State::closed) return false;
        if (link_) return link_->send(std::move(message));
        if (!early_.empty() && early_bytes_ + message.size() > options_.queue_limit) {
            fail_later("too much was to be sent before it was open");
            return false;
        }
        early_bytes_ += message.size();
        early_.push_back(std::move(message));
        return true;
    }

    void close(std::string_view reason) {
        if (link_) {
            link_->close(WebSocketCloseCode::normal, reason);
        } else if (state_ == State::connecting) {
            fail_later(std::string(reason));
        }
    }

    /// The owner has gone, perhaps from inside a callback: nobody is called any more.
    void abandon() {
        state_ = State::closed;
        abandoned_ = true;
        drop_connecting();
        if (link_) link_->abort("abandoned");
    }

    [[nodiscard]] bool connected() const { return state_ == State::connected; }

private:
    enum class State { idle, connecting, connected, closed };

    void find_server() {
        if (address_.is_unix()) {
            try {
                endpoints_.emplace_back(asio::local::stream_protocol::endpoint(address_.unix_path));
            } catch (const boost::system::system_error&) {
                fail("the socket path is too long");
                return;
            }
            try_next();
            return;
        }
        boost::system::error_code error;
        const auto number = asio::ip::make_address(address_.host, error);
        if (!error) {
            endpoints_.emplace_back(asio::ip::tcp::endpoint(number, address_.port));
            try_next();
            return;
        }
        resolver_.async_resolve(
            address_.host, std::to_string(address_.port),
            [self = shared_from_this()](const boost::system::error_code& failure,
                                        const Resolver::results_type& results) {
                if (self->state_ != State::connecting) return;
                if (failure) {
                    self->fail("unknown host: " + failure.message());
                    return;
                }
                for (const auto& result : results)
                    self->endpoints_.emplace_back(result.endpoint());
                self->try_next();
            });
    }

    void try_next() {
        if (endpoints_.empty()) {
            fail(last_failure_);
            return;
        }
        const auto endpoint = endpoints_.front();
        endpoints_.pop_front();
        socket_.emplace(context_);
        socket_->async_connect(
            endpoint, [self = shared_from_this()](const boost::system::error_code& failure) {
                if (self->state_ != State::connecting) return;
                if (failure) {
                    self->last_failure_ = failure.message();
                    self->try_next();
                } else {
                    self->start_link();
                }
            });
    }

    void start_link() {
        UniqueFd descriptor(socket_->release());
        socket_.reset();
        timer_.cancel();
        if (!address_.is_unix()) {
            const int on = 1;
            ::setsockopt(descriptor.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        }
        WebSocketLimits limits;
        limits.message = options_.message_limit;
        limits.queue = options_.queue_limit;
        limits.handshake = options_.open_timeout;
        limits.idle = options_.idle_timeout;
        WebSocketLinkEvents events;
        events.opened = [self = shared_from_this()] { self->on_opened(); };
        events.message = [self = shared_from_this()](std::string message) {
            if (self->abandoned_ || !self->events_.message) return;
            self->events_.message(std::move(message));
        };
        events.closed = [self = shared_from_this()](std::string reason) {
            self->link_.reset();
            self->fail(std::move(reason));
        };
        link_ = WebSocketLink::connect(context_, std::move(descriptor),
                                       {address_.host_header(), target_, address_.token}, limits,
                                       std::move(events));
        for (auto& message : early_)
            link_->send(std::move(message));
        early_.clear();
        early_bytes_ = 0;
    }

    void on_opened() {
        if (state_ != State::connecting) return;
        state_ = State::connected;
        if (events_.connected) events_.connected();
    }

    void fail_later(std::string reason) {
        state_ = State::closed;
        drop_connecting();
        asio::post(context_, [self = shared_from_this(), why = std::move(reason)]() mutable {
            self->tell_closed(std::move(why));
        });
    }

    void fail(std::string reason) {
        if (state_ == State::closed) return;
        const bool was_connected = state_ == State::connected;
        state_ = State::closed;
        drop_connecting();
        tell_closed(was_connected ? std::move(reason)
                                  : "cannot connect to " + address_.describe() + ": " + reason);
    }

    void drop_connecting() {
        timer_.cancel();
        resolver_.cancel();
        socket_.reset();
        early_.clear();
    }

    void tell_closed(std::string reason) {
        if (abandoned_) return;
        const auto events = std::exchange(events_, {});
        if (events.closed) events.closed(std::move(reason));
    }

    asio::io_context& context_;
    const ServerAddress address_;
    const std::string target_;
    WebSocketEvents events_;
    const WebSocketOptions options_;
    State state_ = State::idle;
    bool abandoned_ = false;
    Resolver resolver_;
    Timer timer_;
    std::deque<Endpoint> endpoints_;  // Still to be tried.
    std::string last_failure_ = "the host has no address";
    std::optional<Socket> socket_;         // Set while connecting.
    std::shared_ptr<WebSocketLink> link_;  // Set from the handshake on until it is closed.
    std::deque<std::string> early_;        // Sent before there was a link.
    std::size_t early_bytes_ = 0;
};

WebSocketClient::WebSocketClient(asio::io_context& context,
                                 ServerAddress address,
                                 std::string target,
                                 WebSocketEvents events,
                                 WebSocketOptions options)
    : session_(std::make_shared<Session>(
          context, std::move(address), std::move(target), std::move(events), options)) {}

WebSocketClient::~WebSocketClient() {
    session_->abandon();
}

void WebSocketClient::open() {
    session_->open();
}
bool WebSocketClient::send(std::string message) {
    return session_->send(std::move(message));
}
void WebSocketClient::close(std::string_view reason) {
    session_->close(reason);
}
bool WebSocketClient::connected() const {
    return session_->connected();
}

}  // namespace sweepctl
