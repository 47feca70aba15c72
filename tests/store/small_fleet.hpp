#pragma once

#include "sweepctl/core/world.hpp"
#include "sweepctl/store/fsck.hpp"

#include "records.hpp"
#include "store/sqlite.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// What fsck is tried on: the stores of Worlds that lived a little.

namespace sweepctl {

/// Suggestion k is x = k.
class CountTo final : public SearchStrategy {
public:
    explicit CountTo(std::uint64_t size) : size_(size) {}
    std::optional<std::uint64_t> size() const override { return size_; }
    std::optional<Config> suggest(std::uint64_t number, const History&) const override {
        if (number >= size_) return std::nullopt;
        return Config{{"x", static_cast<std::int64_t>(number)}};
    }
    std::optional<std::uint64_t> number_of(const Config& config) const override {
        const auto* x = config.empty() ? nullptr : config[0].second.get_if<std::int64_t>();
        if (x == nullptr || *x < 0 || static_cast<std::uint64_t>(*x) >= size_) return std::nullopt;
        return static_cast<std::uint64_t>(*x);
    }
    bool adaptive() const override { return false; }

private:
    std::uint64_t size_;
};

/// A real World on a real store, driven by hand.
class SmallFleet {
public:
    SmallFleet() : world_(database_.store().load(), nothing_stored, now()) {
        AgentHello hello;
        hello.agent.id = AgentId("agent1");
        hello.agent.host = "here";
        hello.agent.boot_id = "boot";
        hello.agent.pid = 5;
        hello.agent.slots = 2;
        hello.agent.local = true;
        apply(hello);
    }

    StoredDatabase& database() { return database_; }

    SweepId create(std::uint64_t size, RetryPolicy retry = {}) {
        CreateSweep event;
        event.request.ticket = 1;
        event.project = "p";
        event.entity = "e";
        event.policy.retry = retry;
        event.policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
        event.origin = make_sweep("x").origin;
        event.strategy = std::make_shared<CountTo>(size);
        apply(event);
        return last_answer_.sweep;
    }
    void apply(Event event) {
        time_ += Duration{10};
        std::vector<Effect> effects;
        world_.apply(std::move(event), now(), effects);
        world_.apply(AssignWork{}, now(), effects);
        for (const Effect& effect : effects) {
            if (const auto* start = std::get_if<StartOrder>(&effect)) orders_.push_back(*start);
            if (const auto* answer = std::get_if<Answer>(&effect)) last_answer_ = *answer;
        }
        database_.commit(world_.take_changes());
        REQUIRE(world_.broken_invariant() == "");
    }
    /// What W&B's clients and agents ask; the requests are request().
    Answer ask(Event event) {
        apply(std::move(event));
        return last_answer_;
    }
    void pass(Duration time) {
        time_ += time;
        apply(TimePassed{});
    }
    /// The next start order, carried out.
    ExecutionRef start() {
        REQUIRE_FALSE(orders_.empty());
        const ExecutionRef ref = orders_.front().execution;
        orders_.erase(orders_.begin());
        AgentReport report = new_report();
        report.started = {RunStarted{ref, now().wall, 100}};
        apply(report);
        return ref;
    }
    void end(const ExecutionRef& ref, EndKind kind, int code, bool drained = true) {
        AgentReport report = new_report();
        RunEnded ended;
        ended.execution = ref;
        ended.kind = kind;
        ended.code = code;
        ended.at = now().wall;
        ended.drained = drained;
        report.ended = {ended};
        apply(report);
    }
    void drain(const ExecutionRef& ref) {
        AgentReport report = new_report();
        report.drained = {ref};
        apply(report);
    }
    void log(const ExecutionRef& ref, double loss, std::uint64_t offset, bool preempting = false) {
        MetricsLogged event;
        event.agent = AgentId("agent1");
        event.execution = ref;
        event.offset = offset;
        event.offset_end = offset + 10;
        event.lines = {"{\"loss\": 1}"};
        event.points = {{MetricPoint{"loss", loss}}};
        event.preempting = preempting;
        apply(event);
    }
    Request request() { return Request{1, "user test"}; }

private:
    static std::optional<SweepSetup> nothing_stored(const NewSweep&) { return std::nullopt; }
    Now now() const {
        return {WallTime{Duration{1'795'341'600'000}} + time_, SteadyTime{} + time_};
    }
    AgentReport new_report() {
        AgentReport report;
        report.agent = AgentId("agent1");
        report.sequence = ++sequence_;
        return report;
    }

    StoredDatabase database_;
    Duration time_{0};
    std::uint64_t sequence_ = 0;
    World world_;
    std::vector<StartOrder> orders_;
    Answer last_answer_;
};

inline std::vector<FsckFinding> check(const std::string& path, const std::string& home = "") {
    FsckOptions options;
    options.database = path;
    options.home = home;
    return fsck(options);
}

inline std::string shown(const std::vector<FsckFinding>& findings) {
    std::string text;
    for (const FsckFinding& finding : findings)
        text += finding.what + " " + finding.id + ": " + finding.detail + "\n";
    return text;
}

/// Changes what is stored behind everybody's back.
inline void corrupt(const std::string& path, const std::string& sql) {
    sqlite::Database database(path, sqlite::Access::read_write);
    database.execute("PRAGMA ignore_check_constraints = ON; PRAGMA foreign_keys = OFF;" + sql);
}

/// A change behind everybody's back, and what is to be found of it.
struct Damage {
    std::string sql;  ///< $1 and the like stand for the keys of runs
    std::string what;
    std::string detail;  ///< a part of it
};

/// Does it to the database, which is nobody's, and has it looked for. `runs`: the names in its SQL,
/// and how to find the run that each means.
inline void check_found(const std::string& path,
                        const Damage& damage,
                        const std::vector<std::pair<std::string, std::string>>& runs) {
    std::string sql = damage.sql;
    for (const auto& [name, condition] : runs) {
        const std::string key = "(SELECT key FROM runs WHERE " + condition + ")";
        for (std::size_t at = sql.find(name); at != std::string::npos; at = sql.find(name, at))
            sql.replace(at, name.size(), key);
    }
    CAPTURE(damage.sql);
    corrupt(path, sql);
    const std::vector<FsckFinding> findings = check(path);
    CAPTURE(shown(findings));
    const bool found = std::any_of(findings.begin(), findings.end(), [&](const auto& finding) {
        return finding.what == damage.what &&
               finding.detail.find(damage.detail) != std::string::npos;
    });
    CHECK(found);
}

}  // namespace sweepctl
