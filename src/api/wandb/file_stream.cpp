// POST /files/{entity}/{project}/{run}/file_stream: what a run logs, as its process sends it.

#include "sweepctl/base/log.hpp"
#include "sweepctl/wire/http_text.hpp"

#include "api/backend.hpp"
#include "api/wandb/door.hpp"
#include "api/wandb/gzip.hpp"
#include "api/wandb/stream_body.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

/// The body, unpacked when it came packed.
Result<std::string, Problem> body_of(Call& call) {
    const std::string* const coding = call.request().header("content-encoding");
    if (coding == nullptr || equal_ignoring_case(*coding, "identity")) return call.take_body();
    if (equal_ignoring_case(*coding, "gzip"))
        return unpack_gzip(call.request().body, call.route().body_limit);
    return Failure{Problem{415, "bodies come plain or as gzip, not as " + quoted(*coding)}};
}

std::string answer_to(const Answer& answer, std::size_t invalid_lines) {
    std::string json = answer.stop ? R"({"stopped":true)" : "{";
    if (invalid_lines > 0) {
        if (answer.stop) json += ',';
        json += R"("invalid_lines":)" + std::to_string(invalid_lines);
    }
    return json + "}";
}

/// A client that is told 4xx, but for 429, never sends anything for the run again.
Problem problem_for_client(const Answer& answer) {
    Problem problem = problem_of(answer);
    // Gone, and not to come back: 404 would say the same in words that also mean "wrong address".
    if (answer.code == AnswerCode::not_found) problem.status = 410;
    return problem;
}

/// Neither is ever sent again.
Problem problem_of(const StreamBodyError& error) {
    const bool too_large = error.kind == StreamBodyError::Kind::too_large;
    return {too_large ? 413 : 400, error.reason};
}

}  // namespace

void take_file_stream(const CallPtr& call) {
    const Result<std::string, Problem> body = body_of(*call);
    if (!body) return call->refuse(body.error());
    Result<StreamBody, StreamBodyError> read = read_stream_body(*body);
    if (!read) return call->refuse(problem_of(read.error()));
    ClientStream& event = read->event;
    event.named.entity = call->arguments().at(0);
    event.named.project = call->arguments().at(1);
    event.named.name = call->arguments().at(2);
    event.request.actor = call->actor();
    const std::size_t invalid = read->invalid_lines;
    if (invalid > 0) {
        log_warn("the client of run ", quoted(event.named.name), " sent ", invalid,
                 " lines that are no JSON objects: they are kept as empty ones");
    }
    call->backend().await_store(call);
    call->backend().controller.request(std::move(event), [call, invalid](const Answer& answer) {
        if (!call->open()) return;
        if (answer.code != AnswerCode::ok) return call->refuse(problem_for_client(answer));
        call->answer(200, answer_to(answer, invalid));
    });
}

}  // namespace sweepctl::api
