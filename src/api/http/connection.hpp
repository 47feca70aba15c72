#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include "out_queue.hpp"
#include "peer.hpp"
#include "request_parser.hpp"
#include "server_core.hpp"
#include "websocket_peer.hpp"

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// One HTTP connection: reads a request, hands it over, writes the answer, and so on. Requests that
/// come behind one another are answered in their order. The socket is only waited for through Asio;
/// reading and writing are plain calls, so that an idle connection holds no buffer.
class Connection final : public Peer {
public:
    using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                    boost::asio::io_context::executor_type>;

    Connection(HttpServerCore& core, UniqueFd socket, bool local);
    ~Connection() override;

    void start();
    /// Answers 503 whatever is asked.
    void turn_away();

    void close_now() override;
    void begin_stop() override;
    void on_tick(PeerClock::time_point now) override;
    [[nodiscard]] PeerClock::time_point deadline() const override;

    // For the exchange numbered `exchange` and what it opened. Late calls, of an exchange that is
    // over or a connection that is closed, change nothing.
    void respond(std::uint64_t exchange, HttpResponse response);
    bool open_stream(std::uint64_t exchange, std::string_view content_type, HttpFields headers);
    void accept_websocket(std::uint64_t exchange,
                          std::function<void(std::shared_ptr<WebSocket>)> opened);
    [[nodiscard]] bool answers(std::uint64_t exchange) const;
    [[nodiscard]] bool offers_websocket(std::uint64_t exchange) const {
        return answers(exchange) && websocket_;
    }

    bool stream_push(std::string_view bytes);
    void stream_close();
    void stream_on_closed(std::function<void()> callback);
    [[nodiscard]] bool is_streaming() const { return mode_ == Mode::streaming; }
    [[nodiscard]] std::size_t queued() const { return out_.size(); }

    [[nodiscard]] boost::asio::io_context& context() { return context_; }

private:
    enum class Mode : std::uint8_t {
        reading,    // Between requests, or inside one.
        answering,  // The handler has the request.
        streaming,  // The answer has an open end.
        closing,    // The last answer is being written.
        lingering,  // It is written; the peer may still be sending what nobody reads.
        closed,     // Also when the socket went on as a WebSocket.
    };

    void on_readable();
    void on_writable();
    /// Works off what is buffered, sends what is queued, and arranges to be called again.
    void pump();
    void work_off_input();
    std::size_t parse(std::string_view bytes);
    void check_head();
    void dispatch();
    void queue_reply(HttpResponse response, bool keep_alive);
    void refuse(int status, std::string_view detail);
    /// False: the connection was closed meanwhile.
    bool flush();
    void await_readable();
    void await_writable();
    void set_mode(Mode mode);
    void schedule_pump();
    void tell_stream_closed();
    void be_no_stranger();

    HttpServerCore* core_;  // Null exactly when closed.
    boost::asio::io_context& context_;
    PeerList::iterator entry_;
    std::optional<Socket> socket_;  // Empty exactly when closed.
    int fd_ = -1;
    const bool local_;
    bool stranger_ = false;  // Came over TCP and has not shown the token.
    Mode mode_ = Mode::reading;
    bool waiting_to_read_ = false;
    bool waiting_to_write_ = false;
    bool blocked_ = false;  // Since out_since_, out_ holds what the socket does not take.
    bool pumping_ = false;
    bool pump_scheduled_ = false;
    bool peer_eof_ = false;  // The peer sends no more; it may still read.

    std::optional<RequestParser> parser_;  // Set while a request is being read.
    std::string in_;                       // Bytes read ahead.
    std::size_t in_at_ = 0;                // How many of them are used up.
    std::size_t behind_ = 0;               // Bytes behind the request that is being dispatched.

    std::uint64_t exchange_ = 0;  // Of the latest request.
    bool keep_alive_ = true;      // These are of the request being answered.
    bool http_1_0_ = false;
    bool is_head_ = false;
    std::optional<WebSocketOffer> websocket_;

    OutQueue out_;
    bool chunked_stream_ = false;
    bool pinged_stream_ = false;
    std::function<void()> on_stream_closed_;

    PeerClock::time_point since_;      // When the mode, or the part of a request, began.
    std::size_t moved_ = 0;            // Bytes of the body that have come.
    PeerClock::time_point out_since_;  // When the socket last stopped taking what out_ holds.
    std::size_t out_moved_ = 0;        // What it has taken since.
    bool had_request_ = false;
};

}  // namespace sweepctl
