#pragma once

#include "sweepctl/controller/controller.hpp"

#include "api/backend.hpp"
#include "api/graphql/graphql.hpp"
#include "api/wandb/wire_context.hpp"

#include <functional>
#include <optional>
#include <string>
#include <utility>

// How a mutation is carried out: an event for the controller, and, when what it changed is durable, a read for
// the payload.

namespace sweepctl::api {

/// What a payload holds beside the thing itself.
struct Echo {
    std::optional<std::string> client_mutation_id;
};
/// Of what has nothing to tell: it was done.
struct DonePayload : Echo {};
[[nodiscard]] inline Echo echo(const graphql::Arguments& input) {
    const std::string* const id = input.text("clientMutationId");
    return {id == nullptr ? std::nullopt : std::optional(*id)};
}

/// What the World's refusal means to a client. Not for ok.
[[nodiscard]] inline graphql::Error error_of(const Answer& answer) {
    return {answer.message, answer.code == AnswerCode::not_found ? 404 : 400};
}

/// Hands `event` to the controller; `then` is called with its answer when that is ok, anything else ends the
/// field. While nothing can be stored the whole request is told so.
template <typename Event>
void ask(const graphql::Field& field,
         const graphql::Later& later,
         Event event,
         std::function<void(const Answer&)> then) {
    const CallPtr& call = wire(field).call;
    event.request.actor = call->actor();
    call->backend().await_store(call);
    call->backend().controller.request(
        std::move(event), [later, then = std::move(then)](const Answer& answer) {
            if (!later.wanted()) return;
            if (answer.code != AnswerCode::ok) return later.answer(error_of(answer));
            then(answer);
        });
}

/// Runs `query(session)`, which gives an optional, and hands what is in it to `then`.
template <typename Query, typename Then>
void read_then(const graphql::Field& field, const graphql::Later& later, Query query, Then then) {
    wire(field).call->backend().reader.read(
        Pace::quick, std::move(query), [later, then = std::move(then)](auto result) {
            if (!later.wanted()) return;
            if (!result) {
                later.answer(
                    graphql::Error{"the database cannot be read: " + result.error().message, 500});
            } else if (!*result) {
                later.answer(graphql::Error{"it was deleted meanwhile", 404});
            } else {
                later.answer(then(std::move(**result)));
            }
        });
}

}  // namespace sweepctl::api
