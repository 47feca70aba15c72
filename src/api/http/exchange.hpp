#pragma once

#include "sweepctl/api/http_server.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace sweepctl {

class Connection;

/// The handler's end of one request on a connection.
class HttpExchange final : public Exchange {
public:
    // Shared: the connection stays while somebody may still answer on it.
    HttpExchange(std::shared_ptr<Connection> connection, std::uint64_t number);
    ~HttpExchange() override;
    HttpExchange(const HttpExchange&) = delete;
    HttpExchange& operator=(const HttpExchange&) = delete;

    void respond(HttpResponse response) override;
    std::shared_ptr<EventStream> open_stream(std::string_view content_type,
                                             HttpFields headers) override;
    [[nodiscard]] bool wants_websocket() const override;
    void accept_websocket(std::function<void(std::shared_ptr<WebSocket>)> opened) override;

private:
    std::shared_ptr<Connection> connection_;
    std::uint64_t number_;
};

}  // namespace sweepctl
