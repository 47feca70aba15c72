#include "api/call.hpp"

#include "api/backend.hpp"

namespace sweepctl::api {

Call::Call(std::shared_ptr<Backend> backend,
           HttpRequest request,
           std::shared_ptr<Exchange> exchange,
           Match match)
    : backend_(std::move(backend)),
      request_(std::move(request)),
      exchange_(std::move(exchange)),
      match_(std::move(match)) {}

IdQuery Call::id_query() const {
    const auto value = [this](std::string_view name) {
        const std::string* found = request_.query_value(name);
        return found == nullptr ? std::string{} : *found;
    };
    return {id(), value("project"), value("entity")};
}

std::string Call::actor() const {
    return "user " + backend_->about.user + (request_.local ? "" : " (by token)");
}

void Call::answer(int status, std::string json) {
    HttpResponse response;
    response.status = status;
    response.body = std::move(json);
    answer(std::move(response));
}

void Call::answer(HttpResponse response) {
    // What was asked for is as fresh as the answer, never what some cache kept.
    response.headers.emplace_back("Cache-Control", "no-store");
    if (const auto exchange = std::move(exchange_)) exchange->respond(std::move(response));
}

void Call::refuse(const Problem& problem) {
    answer(to_response(problem));
}

}  // namespace sweepctl::api
