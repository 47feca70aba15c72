#include "sweepctl/core/json_text.hpp"

#include "api/backend.hpp"
#include "api/log_file.hpp"
#include "api/named.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl::api {

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;
constexpr std::chrono::seconds kAgentTimeout{10};

struct LogQuestion {
    std::optional<std::uint32_t> attempt;
    std::uint64_t offset = 0;
    std::size_t limit = kPiece;
};

/// What is to be known of a run to find its output.
struct LoggedRun {
    RunId id;
    SweepId sweep;
    std::uint32_t attempt = 1;  ///< the newest
    RunState state = RunState::pending;
    bool open = false;  ///< more output may come, now or in another attempt
    bool started = false;
    AgentId agent;  ///< that has or had it; empty: none
};

LoggedRun from_world(const Run& run) {
    LoggedRun logged;
    logged.id = run.id;
    logged.sweep = run.sweep;
    logged.attempt = run.attempt;
    logged.state = run.state;
    logged.open = !run.settled();
    logged.started = run.started_at.has_value();
    if (run.agent) logged.agent = *run.agent;
    return logged;
}

Result<LoggedRun, Problem> from_store(ReadSession& session, const IdQuery& named) {
    Result<RunId, Problem> id = match_run(session, named);
    if (!id) return Failure{id.error()};
    const std::optional<std::string> json = run_json(session, id.value(), {});
    if (!json) return Failure{Problem{404, "run " + id.value().text + " is gone"}};
    const Result<ParamValue, JsonError> parsed = parse_json(*json);
    const auto* run = parsed ? parsed.value().get_if<ParamMap>() : nullptr;
    if (run == nullptr) return Failure{Problem{500, "run " + id.value().text + " cannot be read"}};
    const auto text = [run](std::string_view name) {
        const ParamValue* value = find(*run, name);
        const auto* found = value == nullptr ? nullptr : value->get_if<std::string>();
        return found == nullptr ? std::string{} : *found;
    };
    LoggedRun logged;
    logged.id = id.value();
    logged.sweep = SweepId{text("sweep")};
    if (const ParamValue* attempt = find(*run, "attempt")) {
        if (const auto* number = attempt->get_if<std::int64_t>())
            logged.attempt = static_cast<std::uint32_t>(*number);
    }
    logged.state = run_state_from(text("state")).value_or(RunState::pending);
    const ParamValue* claim = find(*run, "claim");
    logged.open = !is_ended(logged.state) || (claim != nullptr && !claim->is_null());
    logged.started = !text("started_at").empty();
    logged.agent = AgentId{text("agent")};
    return logged;
}

void answer_piece(const CallPtr& call,
                  const LoggedRun& run,
                  const LogQuestion& question,
                  LogPiece piece) {
    // A file that became shorter is read on from its end.
    const std::uint64_t begin = std::min(question.offset, piece.size);
    const bool live = run.open && question.attempt.value_or(run.attempt) == run.attempt;
    HttpResponse response;
    response.content_type = "application/octet-stream";
    response.headers = {{"X-Next-Offset", std::to_string(begin + piece.bytes.size())},
                        {"X-Log-Size", std::to_string(piece.size)},
                        {"X-Run-State", std::string(to_string(run.state))},
                        {"X-Run-Live", live ? "1" : "0"},
                        {"X-Content-Type-Options", "nosniff"}};
    response.body = std::move(piece.bytes);
    call->answer(std::move(response));
}

/// The file is not on this host.
void ask_elsewhere(const CallPtr& call, const LoggedRun& run, const LogQuestion& question) {
    AgentSessions& agents = call->backend().agents;
    const bool earlier = question.attempt.value_or(run.attempt) != run.attempt;
    if (!run.started && !earlier) return answer_piece(call, run, question, {});
    if (run.agent.empty() || agents.trusted(run.agent)) {
        // It was started here. Before the first byte there need not be a file.
        if (run.open && !earlier) return answer_piece(call, run, question, {});
        return call->refuse({404, "the output of run " + run.id.text + " is not there any more"});
    }
    if (!agents.linked(run.agent)) {
        return call->refuse({404, "the output of run " + run.id.text + " is with agent " +
                                      run.agent.text + ", which is not connected"});
    }
    TailOrder order;
    order.sweep = run.sweep;
    order.run = run.id;
    order.attempt = question.attempt.value_or(run.attempt);
    order.offset = question.offset;
    order.limit = static_cast<std::uint32_t>(question.limit);
    agents.tail(
        run.agent, std::move(order), kAgentTimeout,
        [call, run, question](Result<LogChunk, std::string> chunk) {
            if (!call->open()) return;
            if (!chunk) return call->refuse({504, chunk.error()});
            if (!chunk->error.empty()) {
                return call->refuse({404, "agent " + run.agent.text + " says: " + chunk->error});
            }
            answer_piece(call, run, question, {true, chunk->size, std::move(chunk->bytes)});
        });
}

void read_output(const CallPtr& call, const LoggedRun& run, const LogQuestion& question) {
    const std::uint32_t attempt = question.attempt.value_or(run.attempt);
    if (attempt < 1 || attempt > run.attempt) {
        return call->refuse({404, "run " + run.id.text + " has no attempt " +
                                      std::to_string(attempt) + "; its newest is " +
                                      std::to_string(run.attempt)});
    }
    const std::string path = log_path(call->backend().about.home, run.sweep, run.id, attempt);
    if (path.empty()) return ask_elsewhere(call, run, question);
    // Off this thread: the file may lie on a slow disk.
    call->backend().read(
        call, Pace::quick,
        [path, question](ReadSession&) { return read_log(path, question.offset, question.limit); },
        [call, run, question](LogPiece piece) {
            if (piece.there) {
                answer_piece(call, run, question, std::move(piece));
            } else {
                ask_elsewhere(call, run, question);
            }
        });
}

}  // namespace

void get_log(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    LogQuestion question;
    if (const auto attempt = query.number("attempt"))
        question.attempt =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(*attempt, UINT32_MAX));
    question.offset = query.number("offset").value_or(0);
    question.limit = query.limit(kPiece, kPiece);
    if (!complaints.empty()) return call->refuse(complaints.problem());

    const IdQuery named = call->id_query();
    const World& world = call->backend().controller.world();
    if (const Run* run = world.find_run(RunId{named.prefix});
        run != nullptr && named.project.empty() && named.entity.empty()) {
        return read_output(call, from_world(*run), question);
    }
    call->backend().read(
        call, Pace::quick, [named](ReadSession& session) { return from_store(session, named); },
        [call, question](const LoggedRun& stored) {
            // What lives is known better here.
            const Run* run = call->backend().controller.world().find_run(stored.id);
            read_output(call, run != nullptr ? from_world(*run) : stored, question);
        });
}

}  // namespace sweepctl::api
