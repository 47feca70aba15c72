#include "sweepctl/api/api.hpp"

#include "sweepctl/base/check.hpp"

#include "api/backend.hpp"
#include "api/wandb/door.hpp"
#include "api/wandb/upload.hpp"

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

void Api::complete(HttpServerOptions& options) {
    options.needs_no_token = [weak = std::weak_ptr(backend_)](const HttpRequest& request) {
        const auto found = api::find_route(request.method, request.raw_target);
        if (!found) return false;
        if (!found->route->needs_token) return true;
        const auto backend = weak.lock();
        return found->route->takes_file && backend != nullptr &&
               api::is_signed_upload(request, *found, backend->about);
    };
    options.body_limit = [](const HttpRequest& request) {
        constexpr std::size_t kOther = std::size_t{64} << 10;
        const auto found = api::find_route(request.method, request.raw_target);
        return found ? found->route->body_limit : kOther;
    };
    options.body_sink =
        [weak = std::weak_ptr(backend_)](const HttpRequest& request) -> std::shared_ptr<BodySink> {
        if (request.method != "PUT") return nullptr;
        const auto found = api::find_route(request.method, request.raw_target);
        const auto backend = weak.lock();
        if (!found || !found->route->takes_file || backend == nullptr) return nullptr;
        return std::make_shared<api::Upload>(backend->about.home);
    };
}

void Api::listens_at(std::string url) {
    backend_->url = std::move(url);
}

void Api::begin_shutdown() {
    backend_->leaving = true;
}

}  // namespace sweepctl
