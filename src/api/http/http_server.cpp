#include "sweepctl/api/http_server.hpp"

#include "sweepctl/wire/http_text.hpp"

#include "server_core.hpp"

#include <utility>

namespace sweepctl {

const std::string* HttpRequest::header(std::string_view name) const {
    for (const auto& [field, value] : headers) {
        if (equal_ignoring_case(field, name)) return &value;
    }
    return nullptr;
}

const std::string* HttpRequest::query_value(std::string_view name) const {
    for (const auto& [field, value] : query) {
        if (field == name) return &value;
    }
    return nullptr;
}

Result<std::unique_ptr<HttpServer>, std::string> HttpServer::start(boost::asio::io_context& context,
                                                                   HttpServerOptions options,
                                                                   HttpHandler handler) {
    auto core = std::make_shared<HttpServerCore>(context, std::move(options), std::move(handler));
    if (auto opened = core->open(); !opened) return Failure{opened.error()};
    return std::unique_ptr<HttpServer>(new HttpServer(std::move(core)));
}

HttpServer::HttpServer(std::shared_ptr<HttpServerCore> core) : core_(std::move(core)) {}

HttpServer::~HttpServer() {
    core_->abandon();
}

std::uint16_t HttpServer::port() const {
    return core_->port();
}

HttpServerCounts HttpServer::counts() const {
    return core_->counts;
}

void HttpServer::stop(std::chrono::milliseconds grace, std::function<void()> stopped) {
    core_->stop(grace, std::move(stopped));
}

}  // namespace sweepctl
