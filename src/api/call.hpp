#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/store/reader.hpp"

#include "api/fields.hpp"
#include "api/problem.hpp"
#include "api/route.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sweepctl::api {

class Backend;

/// One request on its way to its answer. Answers after the first change nothing.
class Call {
public:
    Call(std::shared_ptr<Backend> backend,
         HttpRequest request,
         std::shared_ptr<Exchange> exchange,
         Match match);

    [[nodiscard]] Backend& backend() const { return *backend_; }
    [[nodiscard]] const HttpRequest& request() const { return request_; }
    /// Its body, for whoever takes it apart; there is none afterwards.
    [[nodiscard]] std::string take_body() { return std::move(request_.body); }
    [[nodiscard]] const Route& route() const { return *match_.route; }
    /// What the pattern's first {name} stands for.
    [[nodiscard]] const std::string& id() const { return match_.arguments.at(0); }
    /// What each of the pattern's {name}s stands for.
    [[nodiscard]] const std::vector<std::string>& arguments() const { return match_.arguments; }
    /// The id with the project and entity that it was typed with.
    [[nodiscard]] IdQuery id_query() const;
    /// Who asks, for the audit log.
    [[nodiscard]] std::string actor() const;

    [[nodiscard]] bool open() const { return exchange_ != nullptr; }
    void answer(int status, std::string json);
    void answer(HttpResponse response);
    void refuse(const Problem& problem);
    /// For what is more than one answer: a stream, a WebSocket. It is the caller's from here on.
    [[nodiscard]] std::shared_ptr<Exchange> take_exchange() { return std::move(exchange_); }

private:
    // Shared by the calls still open: an Api that is gone leaves them to be dropped.
    std::shared_ptr<Backend> backend_;
    HttpRequest request_;
    std::shared_ptr<Exchange> exchange_;
    Match match_;
};

}  // namespace sweepctl::api
