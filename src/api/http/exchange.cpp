#include "exchange.hpp"

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/base/log.hpp"

#include "connection.hpp"
#include "reply_text.hpp"

#include <utility>

namespace sweepctl {
namespace {

class ConnectionStream final : public EventStream {
public:
    /// Null when the stream is born closed.
    explicit ConnectionStream(std::shared_ptr<Connection> connection)
        : connection_(std::move(connection)) {}
    ~ConnectionStream() override {
        if (connection_) connection_->stream_close();
    }
    ConnectionStream(const ConnectionStream&) = delete;
    ConnectionStream& operator=(const ConnectionStream&) = delete;

    bool push(std::string_view bytes) override {
        return connection_ && connection_->stream_push(bytes);
    }
    void close() override {
        if (connection_) connection_->stream_close();
    }
    void on_closed(std::function<void()> callback) override {
        if (connection_) connection_->stream_on_closed(std::move(callback));
    }
    [[nodiscard]] bool is_open() const override {
        return connection_ && connection_->is_streaming();
    }
    [[nodiscard]] std::size_t queued() const override {
        return connection_ ? connection_->queued() : 0;
    }

private:
    std::shared_ptr<Connection> connection_;
};

}  // namespace

HttpExchange::HttpExchange(std::shared_ptr<Connection> connection, std::uint64_t number)
    : connection_(std::move(connection)), number_(number) {}

HttpExchange::~HttpExchange() {
    if (!connection_->answers(number_)) return;
    log_error("a request was dropped without an answer");
    // Later: whoever drops it should not find himself inside the next request.
    post(connection_->context(), [connection = connection_, number = number_] {
        connection->respond(
            number, problem_reply(500, "the server dropped this request; its log says more"));
    });
}

void HttpExchange::respond(HttpResponse response) {
    connection_->respond(number_, std::move(response));
}

std::shared_ptr<EventStream> HttpExchange::open_stream(std::string_view content_type,
                                                       HttpFields headers) {
    const bool open = connection_->open_stream(number_, content_type, std::move(headers));
    return std::make_shared<ConnectionStream>(open ? connection_ : nullptr);
}

bool HttpExchange::wants_websocket() const {
    return connection_->offers_websocket(number_);
}

void HttpExchange::accept_websocket(std::function<void(std::shared_ptr<WebSocket>)> opened) {
    connection_->accept_websocket(number_, std::move(opened));
}

}  // namespace sweepctl
