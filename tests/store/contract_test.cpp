#include "backends.hpp"
#include "records.hpp"

#include "sweepctl/core/told_run.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

using namespace sweepctl;

// What every store promises, on each of them.

namespace {

/// Texts that formats, SQL and JSON stumble over.
const std::vector<std::string> kWeirdTexts{
    "",
    "'; DROP TABLE runs; --",
    "\"quoted\" \\back\\slash\\ %s ${x}",
    std::string("nul\0inside", 10),
    "line\nbreak\ttab\x01\x1f\x7f",
    "gr\xc3\xbc\xc3\x9f Gott \xe2\x82\xac \xf0\x9f\x9a\x80",
    std::string(100'000, 'x'),
};

// When a field is added to one of these it must be stored, and compared in records.cpp.
static_assert(sizeof(Run) == 664 && sizeof(SweepRecord) == 536 && sizeof(SweepOrigin) == 144);
static_assert(sizeof(Attempt) == 208 && sizeof(AgentRecord) == 192 && sizeof(AuditEvent) == 280);

Run full_run(const std::string& weird) {
    Run run = make_run("r" + std::to_string(weird.size()), "s1", 9'000'000'000'000'000'000U);
    run.name = weird;
    run.origin = RunOrigin::enqueued;
    run.suggestion = std::numeric_limits<std::uint64_t>::max();
    run.priority = -3;
    run.config = {{"big", BigInt{"-123456789012345678901234567890"}},
                  {"empty", ParamMap{}},
                  {"flag", false},
                  {"inf", ParamList{std::numeric_limits<double>::infinity(),
                                    -std::numeric_limits<double>::infinity()}},
                  {"int", 3},
                  {"nan", std::numeric_limits<double>::quiet_NaN()},
                  {"nan text", "NaN"},
                  {"none", nullptr},
                  {"opt", ParamMap{{"lr", 0.1}, {weird, weird}}},
                  {"real", 3.0},
                  {"small", std::numeric_limits<std::int64_t>::min()},
                  {"tiny", 5e-324},
                  {weird + "z", 1e-5}};
    run.state = RunState::running;
    run.attempt = 4'000'000'000U;
    run.retries = 300;
    run.requeued = run.preempting = run.stopping = run.retry_wanted = true;
    run.stop_reason = EndReason::early_terminate;
    run.stop_signal = 2;
    run.end_reason = EndReason::heartbeat_lost;
    run.exit_code = -1;
    run.term_signal = 64;
    run.end_detail = weird;
    run.started_at = at(-1);
    run.ended_at = at(0);
    run.heartbeat_at = at(253'402'300'799'999);
    run.host = weird;
    run.boot_id = weird;
    run.pid = std::numeric_limits<int>::max();
    run.agent = AgentId(weird);
    run.claim = Claim{AgentId("other"), std::numeric_limits<Fence>::max(), ClaimPhase::ended, true};
    run.client.emplace();
    run.client->wire_name = weird;
    run.client->speaks = run.client->told_to_stop = run.client->gone = true;
    run.client->history_lines = std::numeric_limits<std::uint64_t>::max();
    run.client->event_lines = 5;
    run.client->output_lines = 6;
    run.client->history_base = 7;
    run.client->event_base = 8;
    run.client->output_base = 9;
    run.client->last_step = std::numeric_limits<std::int64_t>::min();
    MetricSummary loss = make_metric(weird, 0.25);
    loss.last = std::numeric_limits<double>::quiet_NaN();
    loss.count = std::numeric_limits<std::uint64_t>::max();
    loss.first = 0.1 + 0.2;
    loss.min = -1e308;
    loss.max = 5e-324;
    MetricSummary note;
    note.name = "note " + weird;
    note.last = ParamList{weird, ParamMap{{"a", nullptr}}};
    run.summary = {loss, note};
    run.metrics_offset = std::numeric_limits<std::uint64_t>::max();
    run.output_offset = std::numeric_limits<std::uint64_t>::max() - 2;
    run.metrics_lines = 1;
    run.bad_metrics_reported = true;
    run.cut_metrics_reported = true;
    run.cpu_us = std::numeric_limits<std::uint64_t>::max() - 1;
    run.max_rss_kib = 1;
    return run;
}

NewSweep full_sweep(const std::string& weird) {
    NewSweep sweep = make_sweep("s" + std::to_string(weird.size() + 10));
    SweepRecord& record = sweep.record;
    record.name = record.project = record.entity = record.reason = record.metric_name = weird;
    record.description = record.prior_filters = weird;
    record.needs_own_agent = true;
    record.status = SweepStatus::cancelled;
    record.exhausted = record.target_reached = record.metric_maximize = true;
    record.parallel = 4'000'000'000U;
    record.run_cap = std::numeric_limits<std::uint64_t>::max();
    record.expected_runs = std::numeric_limits<std::uint64_t>::max() - 1;
    record.next_number = 7;
    std::uint64_t count = 1;
    for (const RunState state : kAllRunStates)
        record.counts[state] = count++;
    record.best = BestRun{RunId(weird), -0.1};
    record.coverage = {std::numeric_limits<std::uint64_t>::max(),
                       {1, 5, std::numeric_limits<std::uint64_t>::max() - 1},
                       {10'000'000'000'000'000'000U}};
    record.started_at = at(5);
    record.ended_at = at(6);
    sweep.origin = {weird, weird, std::numeric_limits<std::uint64_t>::max(), weird, {}};
    record.prior_cells = 3;
    Prior prior{weird, "m" + weird.substr(0, 100), {}};
    prior.runs.push_back({"n" + weird, RunState::killed, EndReason::early_terminate,
                          in_order(full_run(weird).config), MetricValues{-1e308, 0.1, 5e-324}});
    prior.runs.push_back({"x", RunState::failed, std::nullopt, {}, std::nullopt});
    sweep.origin.prior = std::make_shared<const Prior>(std::move(prior));
    sweep.origin.env = {{"PATH", weird}, {weird, "x"}, {"BYTES", "\xff\xfe not UTF-8"}};
    return sweep;
}

template <typename T>
std::vector<std::string> texts_of(const std::vector<T>& values) {
    std::vector<std::string> texts;
    for (const T& value : values)
        texts.push_back(text_of(value));
    return texts;
}

}  // namespace

TEST_CASE("store: a new one is empty, and its serial numbers begin at 1", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const Snapshot snapshot = store->load();
    CHECK(snapshot.sweeps.empty());
    CHECK(snapshot.runs.empty());
    CHECK(snapshot.agents.empty());
    CHECK(snapshot.serials == Serials{});
    CHECK(store->load().id_key == snapshot.id_key);
    CHECK_FALSE(store->find_run(RunId("r1")));
    CHECK_FALSE(store->best_without(SweepId("s1"), RunId("r1")));
}

TEST_CASE("store: every field of everything comes back as it was, also after a restart",
          "[store][contract]") {
    const auto backend = make_backend();
    const auto weird = GENERATE(from_range(kWeirdTexts));
    CAPTURE(weird.substr(0, 50));
    const Run run = full_run(weird);
    const NewSweep sweep = full_sweep(weird);
    Attempt attempt;
    attempt.run = run.id;
    attempt.attempt = 3;
    attempt.state = RunState::pending;
    attempt.end_reason = EndReason::preempted;
    attempt.exit_code = 1;
    attempt.term_signal = 15;
    attempt.end_detail = weird;
    attempt.agent = AgentId(weird);
    attempt.host = weird;
    attempt.pid = 1;
    attempt.started_at = at(1);
    attempt.ended_at = at(2);
    AgentRecord agent{AgentId("a1"),  weird, weird, 5,    AgentState::draining,
                      4'000'000'000U, 3,     true,  true, SweepId(weird),
                      at(9),          at(8)};
    AuditEvent event{1, at(3), weird, SweepId("s1"), run.id, 3, weird, weird, weird, weird, weird};
    {
        const auto store = backend->open();
        Changes changes;
        changes.new_sweeps = {make_sweep("s1"), sweep};
        changes.runs = {RunRow{run, true}};
        changes.attempts = {attempt};
        changes.metrics = {MetricLines{run.id, 3, 10, {R"({"loss": NaN})", R"({"b": 2})"}}};
        changes.events = {event};
        changes.agents = {agent};
        changes.serials = {2, 3, std::numeric_limits<std::uint64_t>::max(), 5};
        REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
        REQUIRE(store->find_run(run.id));
        CHECK(text_of(*store->find_run(run.id)) == text_of(run));
    }
    const auto store = backend->open();
    const Snapshot snapshot = store->load();
    CHECK(texts_of(snapshot.sweeps) == std::vector{text_of(make_sweep("s1")), text_of(sweep)});
    CHECK(texts_of(snapshot.runs) == std::vector{text_of(run)});
    CHECK(texts_of(snapshot.agents) == std::vector{text_of(agent)});
    CHECK(snapshot.serials == Serials{2, 3, std::numeric_limits<std::uint64_t>::max(), 5});
    CHECK(backend->attempts() == std::vector{text_of(attempt)});
    CHECK(backend->metrics() ==
          std::vector{run.id.text + R"( 3 10 {"loss": NaN})", run.id.text + R"( 3 11 {"b": 2})"});
    CHECK(backend->events() == std::vector{text_of(event)});
}

TEST_CASE("store: an update changes all that may change, and what a run is created with stays",
          "[store][contract]") {
    const auto backend = make_backend();
    Run run = make_run("r1", "s1", 1);
    auto store = backend->open();
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    changes.runs = {RunRow{run, true}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    const bool reopened = GENERATE(false, true);  // With and without what the store remembers.
    if (reopened) {
        store.reset();
        store = backend->open();
    }
    Run full = full_run("text");
    full.id = run.id;
    Changes update;
    update.runs = {RunRow{full, false}};
    SweepRecord sweep = full_sweep("text").record;
    sweep.id = SweepId("s1");
    sweep.created_at = at(77);
    sweep.project = make_sweep("s1").record.project;
    sweep.entity = make_sweep("s1").record.entity;
    sweep.needs_own_agent = false;
    update.sweeps = {sweep};
    REQUIRE_FALSE(commit_now(*store, backend->wake, update));
    full.sweep = run.sweep;
    full.number = run.number;
    full.name = run.name;
    full.origin = run.origin;
    full.suggestion = run.suggestion;
    full.config = run.config;
    full.created_at = run.created_at;
    CHECK(text_of(*store->find_run(run.id)) == text_of(full));
    CHECK(text_of(store->load().sweeps.at(0).record) == text_of(sweep));

    // The same state and claim again: only the rest is news.
    full.summary = {make_metric("acc", 0.5)};
    full.claim->phase = ClaimPhase::held;
    full.claim->revoking = false;
    Changes again;
    again.runs = {RunRow{full, false}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, again));
    CHECK(text_of(*store->find_run(run.id)) == text_of(full));
}

TEST_CASE("store: load gives what lives: pending, running, or with a claim", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    std::vector<std::string> live;
    std::uint64_t number = 0;
    for (const RunState state : kAllRunStates) {
        for (const bool claimed : {false, true}) {
            ++number;
            Run run = in_state(make_run("r" + std::to_string(number + 10), "s1", number), state);
            if (claimed) run.claim = Claim{AgentId("a1"), number, ClaimPhase::ended, false};
            if (!claimed) run.claim.reset();
            changes.runs.push_back(RunRow{run, true});
            if (claimed || !is_ended(state)) live.push_back(text_of(run));
        }
    }
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(texts_of(store->load().runs) == live);
}

TEST_CASE("store: a run lives, ends, and lives again", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Run run = make_run("r1", "s1", 1);
    Changes first;
    first.new_sweeps = {make_sweep("s1")};
    first.runs = {RunRow{run, true}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, first));
    for (const RunState state : {RunState::running, RunState::failed, RunState::pending,
                                 RunState::running, RunState::finished}) {
        run = in_state(run, state);
        if (state == RunState::pending) ++run.attempt;
        Changes changes;
        changes.runs = {RunRow{run, false}};
        REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
        CHECK(text_of(*store->find_run(run.id)) == text_of(run));
        CHECK(store->load().runs.size() == (is_ended(state) ? 0 : 1));
    }
}

TEST_CASE("store: deleting a run takes its attempts and metrics, and leaves its events",
          "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const Run gone = in_state(make_run("r1", "s1", 1), RunState::failed);
    const Run kept = in_state(make_run("r2", "s1", 2), RunState::failed);
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    for (const Run& run : {gone, kept}) {
        changes.runs.push_back(RunRow{run, true});
        Attempt attempt;
        attempt.run = run.id;
        changes.attempts.push_back(attempt);
        changes.metrics.push_back(MetricLines{run.id, 1, 0, {"{}"}});
        changes.events.push_back(state_event(changes.events.size() + 1, run, ""));
    }
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    Changes deletion;
    deletion.deleted_runs = {gone.id};
    deletion.events = {state_event(3, gone, "failed")};
    REQUIRE_FALSE(commit_now(*store, backend->wake, deletion));
    CHECK_FALSE(store->find_run(gone.id));
    CHECK(store->find_run(kept.id));
    CHECK(backend->attempts().size() == 1);
    CHECK(backend->metrics() == std::vector<std::string>{"r2 1 0 {}"});
    CHECK(backend->events().size() == 3);

    // Its number may be taken again, by a run that is another.
    Changes next;
    next.runs = {RunRow{make_run("r3", "s1", 1), true}};
    CHECK_FALSE(commit_now(*store, backend->wake, next));
}

TEST_CASE("store: deleting a sweep takes its runs, and they are gone at once",
          "[store][contract]") {
    const auto backend = make_backend();
    auto store = backend->open();
    Changes changes;
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2")};
    changes.runs = {RunRow{make_run("r1", "s1", 1), true}, RunRow{make_run("r2", "s2", 1), true}};
    changes.metrics = {MetricLines{RunId("r1"), 1, 0, {"{}"}}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    Changes deletion;
    deletion.deleted_sweeps = {SweepId("s1")};
    REQUIRE_FALSE(commit_now(*store, backend->wake, deletion));
    const bool reopened = GENERATE(false, true);
    if (reopened) {
        store.reset();
        store = backend->open();
    }
    CHECK_FALSE(store->find_run(RunId("r1")));
    const Snapshot snapshot = store->load();
    REQUIRE(snapshot.sweeps.size() == 1);
    CHECK(snapshot.sweeps[0].record.id == SweepId("s2"));
    REQUIRE(snapshot.runs.size() == 1);
    CHECK(snapshot.runs[0].id == RunId("r2"));
    Changes late;
    late.runs = {RunRow{make_run("r1", "s1", 1), false}};
    CHECK(commit_now(*store, backend->wake, late));
}

TEST_CASE("store: agents are replaced, and deleted", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    AgentRecord agent;
    agent.id = AgentId("a1");
    agent.slots = 1;
    Changes changes;
    changes.agents = {agent};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    agent.slots = 2;
    changes.agents = {agent};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    CHECK(texts_of(store->load().agents) == std::vector{text_of(agent)});
    Changes deletion;
    deletion.deleted_agents = {agent.id};
    REQUIRE_FALSE(commit_now(*store, backend->wake, deletion));
    CHECK(store->load().agents.empty());
}

TEST_CASE("store: metrics that are repeated are there once", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    changes.runs = {RunRow{make_run("r1", "s1", 1), true}};
    changes.metrics = {MetricLines{RunId("r1"), 1, 0, {"{\"a\":1}", "{\"a\":2}"}}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    Changes again;
    again.metrics = {MetricLines{RunId("r1"), 1, 1, {"{\"a\":2}", "{\"a\":3}"}}};
    REQUIRE_FALSE(commit_now(*store, backend->wake, again));
    CHECK(backend->metrics() ==
          std::vector<std::string>{"r1 1 0 {\"a\":1}", "r1 1 1 {\"a\":2}", "r1 1 2 {\"a\":3}"});
}

TEST_CASE("store: serial numbers never go back", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    changes.serials = {5, 6, 7, 8};
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));
    REQUIRE_FALSE(commit_now(*store, backend->wake, Changes{}));
    CHECK(store->load().serials == Serials{5, 6, 7, 8});
}

TEST_CASE("store: what cannot be true is refused as a whole", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes first;
    first.new_sweeps = {make_sweep("s1")};
    first.runs = {RunRow{make_run("r1", "s1", 1), true}};
    first.events = {state_event(1, first.runs[0].run, "")};
    first.serials = {2, 2, 2, 2};
    REQUIRE_FALSE(commit_now(*store, backend->wake, first));
    const std::string before = text_of(*store->find_run(RunId("r1")));

    const int which = GENERATE(range(0, 8));
    CAPTURE(which);
    Changes bad;
    // What is right is undone with what is wrong.
    bad.new_sweeps = {make_sweep("s9")};
    bad.runs = {RunRow{in_state(make_run("r1", "s1", 1), RunState::running), false},
                RunRow{make_run("r9", "s9", 1), true}};
    bad.metrics = {MetricLines{RunId("r1"), 1, 0, {"{}"}}};
    bad.events = {state_event(2, bad.runs[0].run, "pending")};
    bad.serials = {9, 9, 9, 9};
    Run wrong = make_run("r2", "s1", 2);
    switch (which) {
        case 0: bad.runs.push_back(RunRow{wrong, false}); break;
        case 1:
            wrong.number = 1;
            bad.runs.push_back(RunRow{wrong, true});
            break;
        case 2:
            wrong.suggestion = 0;
            bad.runs.push_back(RunRow{wrong, true});
            break;
        case 3:
            wrong.id = RunId("r1");
            bad.runs.push_back(RunRow{wrong, true});
            break;
        case 4:
            wrong.sweep = SweepId("s2");
            bad.runs.push_back(RunRow{wrong, true});
            break;
        case 5: bad.events.push_back(state_event(1, wrong, "")); break;
        case 6: bad.new_sweeps.push_back(make_sweep("s1")); break;
        default: bad.deleted_runs = {RunId("r7")}; break;
    }
    const auto error = commit_now(*store, backend->wake, bad);
    REQUIRE(error);
    CHECK_FALSE(error->full);
    CHECK_FALSE(error->message.empty());
    CHECK(error->changes.events.size() == bad.events.size());
    CHECK(text_of(*store->find_run(RunId("r1"))) == before);
    CHECK_FALSE(store->find_run(RunId("r9")));
    CHECK(store->load().sweeps.size() == 1);
    CHECK(store->load().serials == first.serials);
    CHECK(backend->metrics().empty());
    CHECK(backend->events().size() == 1);

    // And it goes on.
    Changes good;
    good.runs = {RunRow{make_run("r2", "s1", 2), true}};
    CHECK_FALSE(commit_now(*store, backend->wake, good));
    CHECK(store->find_run(RunId("r2")));
}

TEST_CASE("store: what follows a failed commit fails too, until its caller knows",
          "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes sweep;
    sweep.new_sweeps = {make_sweep("s1")};
    REQUIRE_FALSE(commit_now(*store, backend->wake, sweep));
    std::vector<std::string> order;
    std::vector<Changes> returned;
    const auto run_of = [](int number) {
        Changes changes;
        changes.runs = {
            RunRow{make_run("r" + std::to_string(number), "s1", static_cast<std::uint64_t>(number)),
                   true}};
        return changes;
    };
    for (int number = 1; number <= 6; ++number) {
        Changes changes = run_of(number);
        if (number == 3) changes.runs[0].run.sweep = SweepId("nowhere");
        store->commit(std::move(changes), [&, number](std::optional<StoreError> error) {
            order.push_back(std::to_string(number) + (error ? " failed" : " ok"));
            if (error) returned.push_back(std::move(error->changes));
        });
    }
    REQUIRE(backend->wake.poll_until([&] { store->poll(); }, [&] { return order.size() == 6; }));
    CHECK(order ==
          std::vector<std::string>{"1 ok", "2 ok", "3 failed", "4 failed", "5 failed", "6 failed"});
    CHECK_FALSE(store->find_run(RunId("r4")));
    REQUIRE(returned.size() == 4);
    for (std::size_t i = 1; i < returned.size(); ++i)
        REQUIRE_FALSE(commit_now(*store, backend->wake, std::move(returned[i])));
    CHECK(store->find_run(RunId("r4")));
    CHECK(store->find_run(RunId("r6")));
    CHECK_FALSE(store->find_run(RunId("r3")));
}

TEST_CASE("store: find_run sees every commit handed in before, acknowledged or not",
          "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    changes.runs = {RunRow{make_run("r1", "s1", 1), true}};
    bool told = false;
    store->commit(changes, [&](std::optional<StoreError>) { told = true; });
    CHECK(store->find_run(RunId("r1")));
    CHECK_FALSE(told);  // Only poll() tells.
    CHECK(backend->wake.poll_until([&] { store->poll(); }, [&] { return told; }));
}

TEST_CASE("store: the best run without one is the best of the others", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    const bool maximize = GENERATE(false, true);
    Changes changes;
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2")};
    changes.new_sweeps[0].record.metric_maximize = maximize;
    std::uint64_t number = 0;
    for (const double value : {0.5, 0.25, 0.75}) {
        ++number;
        Run run =
            in_state(make_run("r" + std::to_string(number), "s1", number), RunState::finished);
        // The best ever, not the last, and not another metric.
        run.summary = {make_metric("other", -value * 100), make_metric("loss", value)};
        run.summary[1].last = 50.0;
        changes.runs.push_back(RunRow{run, true});
    }
    Run without = make_run("r4", "s1", 4);
    without.summary = {make_metric("other", -1e9)};
    MetricSummary nan;
    nan.name = "loss";
    nan.last = std::nan("");
    Run not_a_number = make_run("r5", "s1", 5);
    not_a_number.summary = {nan};
    Run elsewhere = make_run("r6", "s2", 1);
    elsewhere.summary = {make_metric("loss", -5)};
    for (const Run& run : {without, not_a_number, elsewhere})
        changes.runs.push_back(RunRow{run, true});
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));

    const std::string best = maximize ? "r3" : "r2";
    const auto all = store->best_without(SweepId("s1"), RunId("r4"));
    REQUIRE(all);
    CHECK(all->run == RunId(best));
    CHECK(all->value == (maximize ? 0.75 : 0.25));
    const auto second = store->best_without(SweepId("s1"), RunId(best));
    REQUIRE(second);
    CHECK(second->run == RunId("r1"));
    CHECK_FALSE(store->best_without(SweepId("s2"), RunId("r6")));
}

TEST_CASE("store: what a search learns from is read run by run", "[store][contract]") {
    const auto backend = make_backend();
    const auto store = backend->open();
    Changes changes;
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2")};
    Run first = in_state(make_run("r1", "s1", 1), RunState::finished);
    first.suggestion = 0;
    first.config = {{"lr", 0.1}, {"opt", ParamMap{{"beta", std::nan("")}}}};
    first.summary = {make_metric("loss", 0.5)};
    Run second = in_state(make_run("r2", "s1", 2), RunState::killed);
    second.suggestion.reset();
    second.end_reason = EndReason::early_terminate;
    Run live = make_run("r3", "s1", 3);
    live.suggestion = 7;
    Run elsewhere = in_state(make_run("r4", "s2", 1), RunState::finished);
    for (const Run& run : {second, first, live, elsewhere})
        changes.runs.push_back(RunRow{run, true});
    REQUIRE_FALSE(commit_now(*store, backend->wake, changes));

    std::vector<Run> read;
    store->each_settled(SweepId("s1"), [&](const Run& run) { read.push_back(run); });
    REQUIRE(read.size() == 2);
    CHECK(read[0].suggestion == 0);
    CHECK(read[0].config == first.config);
    CHECK(read[0].state == RunState::finished);
    CHECK(read[0].summary == first.summary);
    CHECK_FALSE(read[1].suggestion);
    CHECK(read[1].number == 2);
    CHECK(read[1].state == RunState::killed);
    CHECK(read[1].end_reason == EndReason::early_terminate);
    store->each_settled(SweepId("nowhere"), [](const Run&) { FAIL("there is none"); });
}
