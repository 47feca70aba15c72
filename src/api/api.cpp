#include "sweepctl/api/api.hpp"

#include "sweepctl/base/check.hpp"

#include "api/backend.hpp"

#include <utility>

namespace sweepctl {

Api::Api(boost::asio::io_context& context,
         Controller& controller,
         Reader& reader,
         AgentSessions& agents,
         ApiContext about) {
    SWEEPCTL_CHECK(about.now && about.draw_seed && about.shut_down);
    backend_ =
        std::make_shared<api::Backend>(context, controller, reader, agents, std::move(about));
}

Api::~Api() {
    backend_->close();
}

HttpHandler Api::handler() {
    return
        [weak = std::weak_ptr(backend_)](HttpRequest request, std::shared_ptr<Exchange> exchange) {
            if (const auto backend = weak.lock()) {
                backend->serve(std::move(request), std::move(exchange));
            } else {
                exchange->respond(api::to_response({503, "the controller is leaving"}));
            }
        };
}

bool Api::needs_no_token(const HttpRequest& request) {
    const auto found = api::find_route(request.method, request.raw_target);
    return found && !found->route->needs_token;
}

std::size_t Api::body_limit(const HttpRequest& request) {
    constexpr std::size_t kOther = std::size_t{64} << 10;
    const auto found = api::find_route(request.method, request.raw_target);
    return found ? found->route->body_limit : kOther;
}

void Api::listens_at(std::string url) {
    backend_->url = std::move(url);
}

void Api::begin_shutdown() {
    backend_->leaving = true;
}

}  // namespace sweepctl
