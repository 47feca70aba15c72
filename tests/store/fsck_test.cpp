#include "sweepctl/store/fsck.hpp"

#include "records.hpp"
#include "small_fleet.hpp"
#include "store/sqlite.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace sweepctl;

namespace {

/// Some of everything: ended in all ways, retried, preempted, deleted, enqueued, held, live.
struct Story {
    SweepId finished;
    SweepId live;
    RunId deleted;
    RunId running;
};
Story live_a_little(SmallFleet& fleet) {
    Story story;
    story.finished = fleet.create(4, RetryPolicy{1, {RunState::crashed}, {}});
    ExecutionRef first = fleet.start();
    ExecutionRef second = fleet.start();
    fleet.log(first, 0.5, 0);
    fleet.log(first, 0.25, 10);
    fleet.end(first, EndKind::exited, 0);
    fleet.end(second, EndKind::signaled, 9);  // Crashed, and goes again.
    ExecutionRef third = fleet.start();
    ExecutionRef again = fleet.start();
    fleet.log(third, 0.75, 0, true);
    fleet.end(third, EndKind::exited, 1, false);  // Preempted, and still draining.
    fleet.drain(third);
    fleet.end(again, EndKind::exited, 3);
    ExecutionRef fourth = fleet.start();
    ExecutionRef fifth = fleet.start();
    fleet.apply(StopRun{fleet.request(), fourth.run, {}, false, {}, EndReason::stop_run});
    fleet.end(fourth, EndKind::exited, 0);
    fleet.end(fifth, EndKind::spawn_error, 127);
    RetryRun retry{fleet.request(), again.run, false, fleet.database().store().find_run(again.run)};
    fleet.apply(retry);
    fleet.end(fleet.start(), EndKind::exited, 0);

    story.live = fleet.create(100);
    const ExecutionRef gone = fleet.start();
    story.running = fleet.start().run;
    fleet.end(gone, EndKind::exited, 0);
    fleet.apply(EnqueueRun{fleet.request(), story.live, {{"x", std::int64_t{50}}}, true});
    fleet.apply(EnqueueRun{fleet.request(), story.live, {{"x", std::int64_t{-1}}}, false});
    DeleteRun deletion{fleet.request(), gone.run, fleet.database().store().find_run(gone.run), {}};
    fleet.apply(deletion);
    story.deleted = gone.run;
    fleet.apply(CommandSweep{fleet.request(), story.live, SweepCommand::pause, {}});
    fleet.apply(CommandSweep{fleet.request(), story.live, SweepCommand::resume, {}});
    fleet.apply(DeleteSweep{fleet.request(), fleet.create(0), true});
    return story;
}

/// The story's database, as a file of its own that nobody has open. Told once: it takes a moment.
const std::string& finished_story() {
    static const TemporaryDirectory directory;
    static const std::string path = [] {
        SmallFleet fleet;
        live_a_little(fleet);
        std::string copy = directory / "story.db";
        sqlite::Database database(fleet.database().path(), sqlite::Access::read_write);
        database.execute("VACUUM INTO '" + copy + "'");
        return copy;
    }();
    return path;
}

}  // namespace

TEST_CASE("fsck: what a real World stored is found right, beside its live store", "[store][fsck]") {
    SmallFleet fleet;
    CHECK(shown(check(fleet.database().path())) == "");
    live_a_little(fleet);
    CHECK(shown(check(fleet.database().path())) == "");
}

TEST_CASE("fsck: each seeded corruption is found", "[store][fsck]") {
    // $1 and $2 are the keys of runs 1 (finished, with metrics) and 2 (at attempt 3) of the first
    // sweep, which is finished.
    const auto damage = GENERATE(values<Damage>({
        {"UPDATE sweeps SET runs_finished = runs_finished + 1 WHERE key = 1", "counts",
         "counts 4 finished runs, but has 3"},
        {"UPDATE sweeps SET next_number = 2 WHERE key = 1", "number", "the next one is 2"},
        {"UPDATE sweeps SET coverage_cursor = 5 WHERE key = 1", "coverage", "count as covered"},
        {"UPDATE sweeps SET coverage_cursor = 1, coverage_taken = '[2,3,7]' WHERE key = 1",
         "coverage", "counts as free"},
        {"UPDATE sweeps SET coverage_freed = '[90]', coverage_cursor = coverage_cursor + 1"
         " WHERE key = 1",
         "coverage", "not below the cursor"},
        {"UPDATE sweeps SET coverage_taken = '[0]', coverage_cursor = coverage_cursor - 1"
         " WHERE key = 1",
         "coverage", "below the cursor"},
        {"UPDATE sweeps SET coverage_taken = 'nonsense' WHERE key = 1", "unreadable", "coverage"},
        {"UPDATE sweeps SET best_run = 'nobody' WHERE key = 1", "best", "'nobody' is not there"},
        {"UPDATE sweeps SET run_cap = 1 WHERE key = 1", "run_cap", "more than its run_cap of 1"},
        {"UPDATE sweeps SET ended_at = NULL WHERE key = 1", "status", "without the time"},
        {"UPDATE sweeps SET status = 'finished', ended_at = 1 WHERE key = 2", "drained",
         "pending or running"},
        {"UPDATE sweeps SET status = 'stopped' WHERE key = 1", "event_status",
         "is stopped, but its events end with finished"},
        {"UPDATE sweeps SET status = 'weird' WHERE key = 1", "unreadable", "'weird'"},
        {"DELETE FROM sweep_origins WHERE sweep = 1", "origin", "spec is not there"},
        {"UPDATE runs SET end_reason = NULL WHERE key = $1", "end", "without an end reason"},
        {"UPDATE runs SET ended_at = NULL WHERE key = $1", "end", "time of its end"},
        {"UPDATE runs SET ended_at = 5 WHERE state = 'pending'", "end", "time of an end"},
        {"UPDATE runs SET end_reason = 'exit' WHERE state = 'running'", "end",
         "with the end reason exit"},
        {"UPDATE runs SET end_reason = 'magic' WHERE key = $1", "unreadable", "'magic'"},
        {"UPDATE runs SET started_at = NULL WHERE state = 'running'", "state", "its start"},
        {"UPDATE runs SET exit_code = 7 WHERE key = $1", "state", "finished with exit code 7"},
        {"UPDATE runs SET state = 'failed' WHERE key = $1", "event_state",
         "is failed at attempt 1, but its events end with finished at attempt 1"},
        {"UPDATE runs SET state = 'failed' WHERE key = $1", "counts", "counts 3 finished"},
        {"UPDATE runs SET state = 'odd' WHERE key = $1", "unreadable", "'odd'"},
        {"UPDATE runs SET claim_agent = NULL, claim_fence = NULL, claim_phase = NULL,"
         " claim_revoking = NULL WHERE state = 'running'",
         "claim", "nobody's hands"},
        {"UPDATE runs SET claim_phase = 'held' WHERE state = 'running'", "claim", "is held"},
        {"UPDATE runs SET claim_phase = 'ended' WHERE state = 'running'", "claim",
         "its program ended"},
        {"UPDATE runs SET claim_agent = 'ghost' WHERE state = 'running'", "claim", "'ghost'"},
        {"UPDATE runs SET claim_revoking = 1 WHERE state = 'running'", "claim", "called back"},
        {"UPDATE runs SET claim_fence = (SELECT max(claim_fence) FROM runs)"
         " WHERE claim_fence IS NOT NULL",
         "claim", "shares its fence"},
        {"UPDATE runs SET claim_fence = 99999 WHERE state = 'running'", "serials",
         "the next fence is"},
        {"UPDATE runs SET attempt = 5 WHERE key = $1", "attempts", "is at attempt 5, but 0"},
        {"DELETE FROM attempts", "attempts", "0 earlier ones"},
        {"UPDATE runs SET attempt = 0 WHERE key = $1", "attempts", "the first is 1"},
        {"UPDATE runs SET config = '[1]' WHERE key = $1", "unreadable", "config"},
        {"UPDATE runs SET summary_stats = '[]' WHERE key = $1", "unreadable", "summary"},
        {"DELETE FROM metrics WHERE line = 0", "metrics", "but 1 are there"},
        {"UPDATE runs SET metrics_lines = 0 WHERE key = $1", "metrics", "0 lines"},
        {"UPDATE metrics SET line = line + 5 WHERE run = $1", "metrics", "2 are there"},
        {"DELETE FROM events WHERE id = 4", "event_gap", "event 4 should come before"},
        {"DELETE FROM events WHERE id = (SELECT max(id) FROM events WHERE run_key = $1)",
         "event_state", "but its events end with running"},
        {"UPDATE events SET run_key = 999 WHERE run_key = $1", "event_state", "no event tells"},
        {"UPDATE events SET \"from\" = 'failed' WHERE run_key = $1 AND \"to\" = 'finished'",
         "transition", "failed -> finished, but it was running"},
        {"UPDATE events SET \"from\" = 'failed' WHERE run_key = $1 AND \"to\" = 'finished'",
         "transition", "is not allowed"},
        {"UPDATE events SET \"to\" = 'finished' WHERE run_key = $1 AND \"to\" = 'running'",
         "transition", "pending -> finished is not allowed"},
        {"UPDATE events SET \"to\" = 'gone' WHERE run_key = $1 AND \"to\" = 'running'",
         "transition", "no change of a run's state"},
        {"UPDATE events SET attempt = 9 WHERE run_key = $1 AND \"to\" = 'running'", "transition",
         "as attempt 9, not 1"},
        {"UPDATE events SET \"from\" = 'paused' WHERE sweep_key = 1 AND \"to\" = 'finished'",
         "sweep_transition", "paused -> finished, but it was running"},
        {"UPDATE events SET \"to\" = 'stopped' WHERE sweep_key = 1 AND \"to\" = 'running'",
         "sweep_transition", "but it was stopped"},
        {"UPDATE events SET \"to\" = 'crashed' WHERE sweep_key = 1 AND \"to\" = 'pending'",
         "sweep_transition", "nothing -> crashed is not allowed"},
        {"UPDATE serials SET next_event = 3", "serials", "the next event is 3"},
        {"UPDATE serials SET next_run = 1", "serials", "the next run is 1"},
        {"UPDATE serials SET next_run = 7", "serials", "is in use, but the next run is 7"},
        {"UPDATE serials SET next_sweep = 1", "serials", "the next sweep is 1"},
        {"UPDATE serials SET next_run_key = 1", "serials", "key of a run"},
        {"UPDATE serials SET next_sweep_key = 1", "serials", "key of a sweep"},
        {"DELETE FROM serials", "serials", "missing"},
        {"DELETE FROM runs WHERE key = $2", "foreign_key", "attempts speaks of a row of runs"},
        {"DELETE FROM runs WHERE key = $1", "counts", "but has 2"},
        {"DROP INDEX runs_by_suggestion; UPDATE runs SET suggestion = 0 WHERE sweep = 1",
         "suggestion", "two runs have suggestion 0"},
        {"DROP INDEX runs_by_number; UPDATE runs SET number = 1 WHERE sweep = 1", "number",
         "two runs have number 1"},
    }));
    TemporaryDirectory directory;
    const std::string path = directory / "copy.db";
    std::filesystem::copy_file(finished_story(), path);
    check_found(path, damage,
                {{"$1", "sweep = 1 AND number = 1"}, {"$2", "sweep = 1 AND number = 2"}});
}

TEST_CASE("fsck: a crash that was no silence is not taken back", "[store][fsck]") {
    StoredDatabase database;
    const bool silence = GENERATE(false, true);
    const bool again = GENERATE(false, true);
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    SweepRecord& sweep = changes.new_sweeps[0].record;
    sweep.counts[RunState::finished] = 1;
    sweep.next_number = 2;
    sweep.coverage.cursor = 1;
    Run run = in_state(make_run("r1", "s1", 1), RunState::finished);
    changes.runs = {RunRow{run, true}};
    AuditEvent created = state_event(1, make_run("r1", "s1", 1), "");
    AuditEvent status = created;
    status.id = 2;
    status.run = {};
    status.kind = "sweep_status";
    AuditEvent status_running = status;
    status_running.id = 3;
    status_running.from = "pending";
    status_running.to = "running";
    AuditEvent started = state_event(4, in_state(run, RunState::running), "pending");
    AuditEvent crashed = state_event(5, in_state(run, RunState::crashed), "running");
    crashed.reason = silence ? "agent_lost" : "signal";
    AuditEvent ended = state_event(6, run, "crashed");
    changes.events = {created, status, status_running, started, crashed, ended};
    if (again) {
        // Through pending it is another attempt, and always right.
        AuditEvent pending = state_event(6, make_run("r1", "s1", 1), "crashed");
        pending.attempt = 2;
        started.id = 7;
        started.attempt = 2;
        ended = state_event(8, run, "running");
        ended.attempt = 2;
        changes.events.back() = pending;
        changes.events.push_back(started);
        changes.events.push_back(ended);
        changes.runs[0].run.attempt = 2;
        Attempt attempt;
        attempt.run = run.id;
        changes.attempts = {attempt};
    }
    changes.serials = {2, 2, 2, 9};
    database.commit(changes);
    const auto findings = check(database.path());
    CAPTURE(shown(findings));
    if (silence || again) {
        CHECK(findings.empty());
    } else {
        REQUIRE(findings.size() == 1);
        CHECK(findings[0].what == "transition");
        CHECK(findings[0].id == "r1");
    }
}

TEST_CASE("fsck: many findings of a kind are counted", "[store][fsck]") {
    TemporaryDirectory directory;
    FsckOptions options;
    options.database = directory / "copy.db";
    std::filesystem::copy_file(finished_story(), options.database);
    corrupt(options.database, "DELETE FROM events");
    options.findings_max = 2;
    const auto findings = fsck(options);
    CHECK(std::count_if(findings.begin(), findings.end(),
                        [](const auto& finding) { return finding.what == "event_state"; }) == 3);
    CHECK_THAT(shown(findings), Catch::Contains("more of this kind"));
}

TEST_CASE("fsck: rows of a deleted sweep that are still there are nobody's concern",
          "[store][fsck]") {
    SmallFleet fleet;
    const Story story = live_a_little(fleet);
    fleet.apply(DeleteSweep{fleet.request(), story.finished, true});
    CHECK(shown(check(fleet.database().path())) == "");
}

TEST_CASE("fsck: run files are compared with the runs", "[store][fsck]") {
    SmallFleet fleet;
    const Story story = live_a_little(fleet);
    const std::string home =
        std::filesystem::path(fleet.database().path()).parent_path().string() + "/home";
    const std::string sweep = home + "/sweeps/" + story.live.text + "/";
    const std::string log = sweep + story.running.text + ".1.log";
    const auto touch = [](const std::string& path) {
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        std::ofstream(path) << "x";
    };
    const auto findings = [&] { return shown(check(fleet.database().path(), home)); };
    CHECK_THAT(findings(), Catch::Contains("log_missing " + story.running.text));
    touch(log);
    touch(sweep + "notes.txt");
    touch(sweep + story.running.text + "/checkpoint.1.bin");
    CHECK(findings() == "");
    touch(sweep + story.deleted.text + ".1.log");
    CHECK_THAT(findings(), Catch::Contains("the sweep has no run '" + story.deleted.text + "'"));
    std::filesystem::remove(sweep + story.deleted.text + ".1.log");
    touch(sweep + story.running.text + ".7.metrics.jsonl");
    CHECK_THAT(findings(), Catch::Contains("the run is only at attempt 1"));
    std::filesystem::remove(sweep + story.running.text + ".7.metrics.jsonl");
    touch(home + "/sweeps/unknown1/x.1.log");
    CHECK_THAT(findings(), Catch::Contains("there is no sweep 'unknown1'"));
}

TEST_CASE("fsck: a database that is not there or no database is an error", "[store][fsck]") {
    TemporaryDirectory directory;
    CHECK_THROWS_WITH(check(directory / "none.db"), Catch::Contains("there is no database"));
    std::ofstream(directory / "text.db") << std::string(10'000, 'x');
    CHECK_THROWS_WITH(check(directory / "text.db"), Catch::Contains("is damaged"));
}

TEST_CASE("databases: this release's can be written, to be kept", "[.keep_database]") {
    const char* const path = std::getenv("SWEEPCTL_KEEP_DATABASE");
    REQUIRE(path != nullptr);
    std::filesystem::copy_file(finished_story(), path);
}
