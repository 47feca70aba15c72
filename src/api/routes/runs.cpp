#include "sweepctl/core/json_text.hpp"
#include "sweepctl/spec/config_check.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include "api/backend.hpp"
#include "api/named.hpp"
#include "api/routes/routes.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include <signal.h>

namespace sweepctl::api {

namespace {

constexpr std::size_t kPage = 100;
constexpr std::size_t kPageMax = 1000;
constexpr std::size_t kLines = 1000;
constexpr std::size_t kLinesMax = 10'000;

const std::string& states_in_words() {
    static const std::string words = [] {
        std::string list;
        for (const RunState state : kAllRunStates)
            list += (list.empty() ? "" : ", ") + std::string(to_string(state));
        return list;
    }();
    return words;
}

/// "INT", "SIGINT", "int" or a number; real-time signals by number only.
std::optional<int> signal_from(const ParamValue& value) {
    constexpr std::int64_t kLast = 64;
    if (const auto* number = value.get_if<std::int64_t>()) {
        // 32 and 33 are the C library's own.
        if (*number < 1 || *number > kLast || *number == 32 || *number == 33) return std::nullopt;
        return static_cast<int>(*number);
    }
    const auto* word = value.get_if<std::string>();
    if (word == nullptr) return std::nullopt;
    std::string name = *word;
    std::transform(name.begin(), name.end(), name.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    if (name.starts_with("SIG")) name.erase(0, 3);
    for (int number = 1; number < 32; ++number) {
        const char* const known = ::sigabbrev_np(number);
        if (known != nullptr && name == known) return number;
    }
    return std::nullopt;
}

/// What the sweep searches over; of one whose stored spec cannot be read any more nothing is known.
Result<std::optional<SearchSpace>, Problem> stored_space(ReadSession& session, const SweepId& id) {
    const std::optional<std::string> text = sweep_spec(session, id);
    if (!text) return Failure{Problem{404, "sweep " + id.text + " is gone"}};
    ParsedSpec parsed = parse_spec(*text, {.program_elsewhere = true});
    if (!parsed.spec) return std::optional<SearchSpace>{};
    return std::optional(std::move(parsed.spec->space));
}

/// With the constants. What it lacks beside them the program may know by itself.
Result<Config, Problem> config_in(const SearchSpace& space, Config config) {
    config = with_constants(space, std::move(config));
    Complaints complaints;
    for (const ConfigFault& fault : config_faults(space, config)) {
        if (fault.kind != ConfigFault::Kind::missing)
            complaints.add("config", fault.message);
    }
    if (!complaints.empty()) return Failure{complaints.problem()};
    return config;
}

/// The answer to what changes one run.
std::function<void(const Answer&)> answer_about_run(const CallPtr& call, int status = 200) {
    return [call, status](const Answer& answer) {
        call->answer(status,
                     to_json(ParamMap{{"id", answer.run.text}, {"message", answer.message}}));
    };
}

}  // namespace

void list_runs(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    RunsQuery runs;
    for (const std::string& word : query.words("state")) {
        if (const auto state = run_state_from(word)) {
            runs.states.push_back(*state);
        } else {
            complaints.wrong("state", "made of " + states_in_words(), ParamValue(word));
        }
    }
    runs.filter = query.text("filter");
    runs.sort = query.text("sort");
    runs.cursor = query.text("cursor");
    runs.limit = query.limit(kPage, kPageMax);
    runs.histories = query.flag("histories");
    if (!complaints.empty()) return call->refuse(complaints.problem());
    const Pace pace = pace_of(runs);
    call->backend().answer_with(call, pace,
                                [named = call->id_query(), runs = std::move(runs)](
                                    ReadSession& session) mutable -> Result<std::string, Problem> {
                                    const Result<SweepId, Problem> id = match_sweep(session, named);
                                    if (!id) return Failure{id.error()};
                                    runs.sweep = id.value();
                                    return or_problem(runs_page(session, runs));
                                });
}

void enqueue_run(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields fields(*body, complaints);
    Config config;
    if (const ParamMap* given = fields.object("config")) {
        config = *given;
    } else if (complaints.empty()) {
        complaints.wrong("config", "an object of parameters and their values", ParamValue{});
    }
    const bool front = fields.flag("front");
    fields.finish();
    for (const auto& [name, value] : config) {
        if (name.empty())
            complaints.add("config", "'config': a parameter's name must not be empty");
        check_printable("config", name, complaints);
    }
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_sweep(call, [call, config = std::move(config), front](const SweepId& id) {
        call->backend().read(
            call, Pace::quick,
            [id](ReadSession& session) { return stored_space(session, id); },
            [call, id, config, front](const std::optional<SearchSpace>& space) {
                Result<Config, Problem> whole = space ? config_in(*space, config) : config;
                if (!whole) return call->refuse(whole.error());
                EnqueueRun event;
                event.sweep = id;
                event.config = std::move(whole).value();
                event.front = front;
                call->backend().command(call, std::move(event), answer_about_run(call, 201));
            });
    });
}

void get_run(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    call->backend().answer_with(
        call, Pace::quick,
        [named = call->id_query(),
         home = call->backend().about.home](ReadSession& session) -> Result<std::string, Problem> {
            const Result<RunId, Problem> id = match_run(session, named);
            if (!id) return Failure{id.error()};
            if (std::optional<std::string> json = run_json(session, id.value(), home))
                return std::move(*json);
            return Failure{Problem{404, "run " + id.value().text + " is gone"}};
        });
}

void delete_run(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_run(call, [call](const RunId& id) {
        DeleteRun event;
        event.run = id;
        call->backend().command(call, std::move(event), answer_about_run(call));
    });
}

void stop_run(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields fields(*body, complaints);
    std::optional<int> signal;
    if (const ParamValue* given = fields.value("signal")) {
        signal = signal_from(*given);
        if (!signal) complaints.wrong("signal", "a signal such as INT, USR1 or 2", *given);
    }
    const bool force = fields.flag("force");
    fields.finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_run(call, [call, signal, force](const RunId& id) {
        StopRun event;
        event.run = id;
        event.signal = signal;
        event.force = force;
        call->backend().command(call, std::move(event), answer_about_run(call));
    });
}

void retry_run(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields fields(*body, complaints);
    const bool force = fields.flag("force");
    fields.finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_run(call, [call, force](const RunId& id) {
        RetryRun event;
        event.run = id;
        event.force = force;
        call->backend().command(call, std::move(event), answer_about_run(call));
    });
}

namespace {

/// All runs of a sweep in these states, by number. Slow for many, so it is read apart.
Result<std::vector<RunId>, Problem> runs_in(ReadSession& session,
                                            const SweepId& sweep,
                                            const std::vector<RunState>& states) {
    std::vector<RunId> ids;
    RunsQuery query;
    query.sweep = sweep;
    query.states = states;
    query.limit = kPageMax;
    do {
        const Result<std::string, QueryError> page = runs_page(session, query);
        if (!page) return Failure{problem_of(page.error())};
        const Result<ParamValue, JsonError> json = parse_json(page.value());
        const auto* object = json ? json.value().get_if<ParamMap>() : nullptr;
        const ParamValue* items = object == nullptr ? nullptr : find(*object, "items");
        const auto* list = items == nullptr ? nullptr : items->get_if<ParamList>();
        if (list == nullptr) return Failure{Problem{500, "the list of runs cannot be read"}};
        for (const ParamValue& item : *list) {
            const auto* run = item.get_if<ParamMap>();
            const ParamValue* id = run == nullptr ? nullptr : find(*run, "id");
            const auto* text = id == nullptr ? nullptr : id->get_if<std::string>();
            if (text != nullptr) ids.emplace_back(*text);
        }
        const ParamValue* next = find(*object, "next_cursor");
        const auto* cursor = next == nullptr ? nullptr : next->get_if<std::string>();
        query.cursor = cursor == nullptr ? std::string{} : *cursor;
    } while (!query.cursor.empty());
    return ids;
}

/// Retries runs one by one and gathers the answers. In slices, since each run has to be read from
/// the store by the thread that decides, which has others to serve.
class RetryOfMany : public std::enable_shared_from_this<RetryOfMany> {
public:
    RetryOfMany(CallPtr call, SweepId sweep, std::vector<RunId> runs, bool force)
        : call_(std::move(call)),
          sweep_(std::move(sweep)),
          runs_(std::move(runs)),
          force_(force) {}

    void go_on() {
        if (next_ == runs_.size()) return finish();
        if (!call_->open()) return;  // Nobody waits any more: nothing can be stored.
        Backend& backend = call_->backend();
        if (const std::optional<Problem> problem = backend.obstacle())
            return call_->refuse(*problem);
        backend.await_store(call_);
        constexpr std::size_t kSlice = 200;
        const std::size_t end = std::min(next_ + kSlice, runs_.size());
        open_ = end - next_;
        for (; next_ < end; ++next_) {
            RetryRun event;
            event.request.actor = call_->actor();
            event.run = runs_[next_];
            event.force = force_;
            backend.controller.request(
                std::move(event),
                [self = shared_from_this()](const Answer& answer) { self->take(answer); });
        }
    }

private:
    void take(const Answer& answer) {
        if (answer.code == AnswerCode::ok) {
            retried_.emplace_back(answer.run.text);
        } else if (++refused_ == 1) {
            first_refusal_ = answer.message;
        }
        if (--open_ == 0) go_on();
    }
    void finish() const {
        const auto runs = [](std::size_t count) {
            return std::to_string(count) + (count == 1 ? " run" : " runs");
        };
        std::string message =
            retried_.empty()
                ? "no run was there to retry"
                : runs(retried_.size()) + (retried_.size() == 1 ? " goes" : " go") + " again";
        const SweepRecord* sweep = call_->backend().controller.world().find_sweep(sweep_);
        if (!retried_.empty() && sweep != nullptr && !creates_runs(sweep->status)) {
            message += std::string(retried_.size() == 1 ? "; it waits" : "; they wait") +
                       ", because the sweep is " + std::string(to_string(sweep->status));
        }
        if (refused_ > 0) message += "; " + runs(refused_) + " could not: " + first_refusal_;
        call_->answer(200, to_json(ParamMap{{"runs", retried_}, {"message", message}}));
    }

    CallPtr call_;
    SweepId sweep_;
    std::vector<RunId> runs_;
    bool force_;
    std::size_t next_ = 0;
    std::size_t open_ = 0;  ///< of the slice
    ParamList retried_;
    std::size_t refused_ = 0;
    std::string first_refusal_;
};

}  // namespace

void retry_sweep(const CallPtr& call) {
    Result<ParamMap, Problem> body = read_body(call->request());
    if (!body) return call->refuse(body.error());
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    BodyFields fields(*body, complaints);
    std::vector<RunState> states;
    if (const ParamList* words = fields.list("states")) {
        for (const ParamValue& word : *words) {
            const auto* text = word.get_if<std::string>();
            const auto state = text == nullptr ? std::nullopt : run_state_from(*text);
            if (state == RunState::failed || state == RunState::crashed ||
                state == RunState::killed) {
                states.push_back(*state);
            } else {
                complaints.wrong("states", "made of failed, crashed and killed", word);
            }
        }
    }
    if (states.empty()) states = {RunState::failed, RunState::crashed};
    const bool force = fields.flag("force");
    fields.finish();
    if (!complaints.empty()) return call->refuse(complaints.problem());
    with_sweep(call, [call, states = std::move(states), force](const SweepId& id) {
        call->backend().read(
            call, Pace::slow,
            [id, states](ReadSession& session) { return runs_in(session, id, states); },
            [call, id, force](std::vector<RunId> runs) {
                // Shared by the answers that are still to come.
                std::make_shared<RetryOfMany>(call, id, std::move(runs), force)->go_on();
            });
    });
}

void list_metrics(const CallPtr& call) {
    Complaints complaints;
    const QueryFields query(call->request(), call->route(), complaints);
    MetricsQuery metrics;
    if (const auto attempt = query.number("attempt"))
        metrics.attempt = static_cast<std::uint32_t>(std::min<std::uint64_t>(*attempt, UINT32_MAX));
    metrics.after = query.number("after");
    metrics.limit = query.limit(kLines, kLinesMax);
    if (!complaints.empty()) return call->refuse(complaints.problem());
    call->backend().answer_with(call, Pace::quick,
                                [named = call->id_query(), metrics](
                                    ReadSession& session) mutable -> Result<std::string, Problem> {
                                    const Result<RunId, Problem> id = match_run(session, named);
                                    if (!id) return Failure{id.error()};
                                    metrics.run = id.value();
                                    return metrics_page(session, metrics);
                                });
}

}  // namespace sweepctl::api
