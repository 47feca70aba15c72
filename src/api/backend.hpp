#pragma once

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/api/api.hpp"
#include "sweepctl/store/reader.hpp"

#include "api/call.hpp"
#include "api/event_feed.hpp"
#include "api/wandb/door.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace sweepctl::api {

/// What every route works with.
class Backend : public std::enable_shared_from_this<Backend> {
public:
    Backend(boost::asio::io_context& context,
            Controller& controller,
            Reader& reader,
            AgentSessions& agents,
            ApiContext about);

    Controller& controller;
    Reader& reader;
    AgentSessions& agents;
    const ApiContext about;
    EventFeed events;
    std::string url;
    WireDoor wire;
    bool leaving = false;

    void serve(HttpRequest request, std::shared_ptr<Exchange> exchange);
    /// No call is served any more; nothing calls back.
    void close();

    /// Hands a request to the controller. `then` is called with its answer when that is ok;
    /// anything else refuses the call. When nothing can be stored meanwhile, the call is told so.
    template <typename Event>
    void command(const CallPtr& call, Event event, std::function<void(const Answer&)> then) {
        event.request.actor = call->actor();
        await_store(call);
        controller.request(std::move(event), [call, then = std::move(then)](const Answer& answer) {
            if (!call->open()) return;
            if (answer.code == AnswerCode::ok) {
                then(answer);
            } else {
                call->refuse(problem_of(answer));
            }
        });
    }
    /// What ends without the calls knowing, when the store fails: they are answered 507.
    void await_store(const CallPtr& call);
    /// Why nothing can be changed at present.
    [[nodiscard]] std::optional<Problem> obstacle() const;

    /// Runs `query(session)` beside the store, which makes the JSON of the answer or says why there
    /// is none. It must bring along what it needs, by value.
    template <typename Query>
    void answer_with(const CallPtr& call, Pace pace, Query query) {
        read(call, pace, std::move(query),
             [call](std::string json) { call->answer(200, std::move(json)); });
    }
    /// The same for any result: `query` returns Result<T, Problem>, and `then` gets the T.
    template <typename Query, typename Then>
    void read(const CallPtr& call, Pace pace, Query query, Then then) {
        reader.read(pace, std::move(query), [call, then = std::move(then)](auto result) {
            if (!call->open()) return;
            if (!result) {
                call->refuse({500, "the database cannot be read: " + result.error().message});
            } else if (!*result) {
                call->refuse(std::move(*result).error());
            } else {
                then(std::move(*result).value());
            }
        });
    }

private:
    void look_for_trouble();

    bool closed_ = false;
    Timer trouble_check_;
    std::vector<std::weak_ptr<Call>> awaiting_store_;
};

}  // namespace sweepctl::api
