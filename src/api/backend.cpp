#include "api/backend.hpp"

#include "sweepctl/base/log.hpp"

#include "api/wandb/upload.hpp"

#include <algorithm>
#include <exception>
#include <utility>

namespace sweepctl::api {

namespace {
// How soon a person who waits for a change hears that nothing can be stored.
constexpr std::chrono::milliseconds kTroubleCheck{250};
}  // namespace

Backend::Backend(boost::asio::io_context& context,
                 Controller& served,
                 Reader& read_from,
                 AgentSessions& linked,
                 ApiContext told)
    : controller(served),
      reader(read_from),
      agents(linked),
      about(std::move(told)),
      events(context, served, read_from),
      trouble_check_(context) {
    clear_uploads(about.home);
}

void Backend::serve(HttpRequest request, std::shared_ptr<Exchange> exchange) {
    if (closed_) {
        exchange->respond(to_response({503, "the controller is leaving"}));
        return;
    }
    Result<Match, NoMatch> found = find_route(request.method, request.raw_target);
    if (!found) {
        HttpResponse response = to_response(found.error().problem);
        if (!found.error().allow.empty())
            response.headers.emplace_back("Allow", found.error().allow);
        exchange->respond(std::move(response));
        return;
    }
    const auto call = std::make_shared<Call>(shared_from_this(), std::move(request),
                                             std::move(exchange), std::move(found).value());
    if (call->route().changes) {
        if (const std::optional<Problem> problem = obstacle()) {
            call->refuse(*problem);
            return;
        }
    }
    try {
        call->route().serve(call);
    } catch (const std::exception& error) {
        log_error("serving ", call->route().name, " failed: ", error.what());
        if (call->open()) call->refuse({500, "the controller failed at this; its log says more"});
    }
}

void Backend::close() {
    closed_ = true;
    events.close();
    trouble_check_.cancel();
    for (const std::weak_ptr<Call>& waiting : std::exchange(awaiting_store_, {})) {
        const CallPtr call = waiting.lock();
        if (call == nullptr || !call->open()) continue;
        call->refuse(
            {503, "the controller left before it could confirm this; it may have happened"});
    }
}

std::optional<Problem> Backend::obstacle() const {
    if (leaving) return Problem{503, "the controller is leaving; ask the next one"};
    if (const auto& trouble = controller.store_trouble()) {
        return Problem{507, "nothing can be stored at present: " + trouble->message};
    }
    return std::nullopt;
}

void Backend::await_store(const CallPtr& call) {
    awaiting_store_.emplace_back(call);
    if (!trouble_check_.armed())
        trouble_check_.after(kTroubleCheck, [this] { look_for_trouble(); });
}

void Backend::look_for_trouble() {
    std::erase_if(awaiting_store_, [](const std::weak_ptr<Call>& waiting) {
        const CallPtr call = waiting.lock();
        return call == nullptr || !call->open();
    });
    if (const auto& trouble = controller.store_trouble()) {
        for (const std::weak_ptr<Call>& waiting : std::exchange(awaiting_store_, {})) {
            const CallPtr call = waiting.lock();
            call->refuse({507, "nothing can be stored at present: " + trouble->message +
                                   "; what was asked takes effect as soon as it can be"});
        }
        return;
    }
    if (!awaiting_store_.empty()) {
        trouble_check_.after(kTroubleCheck, [this] { look_for_trouble(); });
    }
}

}  // namespace sweepctl::api
