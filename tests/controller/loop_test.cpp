// The whole of a sweep's way with everything real but the network: World, loop, store, agent,
// launcher, runner, programs.

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/agent/process_launcher.hpp"
#include "sweepctl/agent/run_files.hpp"
#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/controller/controller.hpp"
#include "sweepctl/controller/sweep_plan.hpp"
#include "sweepctl/store/sqlite_store.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <unistd.h>

using namespace sweepctl;

namespace {

class Clock : public AgentClock {
public:
    [[nodiscard]] AgentClockReading now() const override {
        return {std::chrono::floor<Duration>(std::chrono::system_clock::now()),
                std::chrono::floor<Duration>(std::chrono::steady_clock::now()), boottime_ms()};
    }
};

/// Controller and agent on one loop; what they say goes through the codec, later.
class Whole : AgentLinks, AgentLink, LauncherEvents {
public:
    explicit Whole(std::uint32_t slots) {
        std::string name =
            (std::filesystem::temp_directory_path() / "sweepctl-loop-XXXXXX").string();
        home_ = ::mkdtemp(name.data());
        store_ = open_sqlite_store(home_ + "/sweepctl.db", [this] {
            loop_.post([this] {
                store_->poll();
                pump();
            });
        });
        const AgentClockReading now = clock_.now();
        controller_ = std::make_unique<Controller>(*store_, static_cast<AgentLinks&>(*this),
                                                   plan_of, Now{now.wall, now.steady});
        controller_->on_news = [this] { loop_.post([this] { pump(); }); };
        ProcessLauncherOptions launcher;
        launcher.runner_path = SWEEPCTL_RUNNER;
        launcher.journal_directory = home_ + "/agents/local";
        launcher_ = make_process_launcher(loop_.context(), launcher, *this);
        RunFilesEvents grown;
        grown.metrics_changed = [this](const RunId& run, std::uint32_t attempt) {
            agent_->metrics_changed(run, attempt);
        };
        grown.output_changed = [this](const RunId& run, std::uint32_t attempt) {
            agent_->output_changed(run, attempt);
        };
        files_ = make_run_files(loop_.context(), std::move(grown));
        AgentSettings settings;
        settings.record.id = AgentId{"a"};
        settings.record.host = "here";
        settings.record.boot_id = boot_id();
        settings.record.slots = slots;
        settings.home = home_;
        settings.env = {{"PATH", "/usr/bin:/bin"}};
        agent_ = std::make_unique<Agent>(settings, *launcher_, *files_,
                                         static_cast<AgentLink&>(*this), clock_);
        agent_->recover();
    }
    ~Whole() override {
        agent_.reset();
        launcher_.reset();
        std::filesystem::remove_all(home_);
    }

    SweepId launch(const std::string& spec) {
        const ParsedSpec parsed = parse_spec(spec);
        REQUIRE(parsed.spec);
        CreateSweep event;
        event.origin.spec = spec;
        event.origin.method = std::string(to_string(parsed.spec->method));
        event.origin.seed = 1;
        event.origin.cwd = home_;
        event.policy = parsed.spec->policy;
        event.strategy = setup_of(*parsed.spec, 1).strategy;
        SweepId id;
        controller_->request(std::move(event), [&](const Answer& answer) { id = answer.sweep; });
        run_until([&] { return !id.empty(); });
        return id;
    }
    void connect() {
        connected_ = true;
        agent_->connected();
    }
    /// Serves until `done`, or fails at the deadline.
    void run_until(const std::function<bool()>& done,
                   std::chrono::seconds patience = std::chrono::seconds{20}) {
        Timer deadline(loop_.context());
        bool late = false;
        deadline.after(patience, [&] {
            late = true;
            loop_.stop();
        });
        done_ = done;
        if (!done_()) loop_.run();
        done_ = nullptr;
        REQUIRE_FALSE(late);
    }
    [[nodiscard]] const SweepRecord& sweep(const SweepId& id) const {
        return *controller_->world().find_sweep(id);
    }
    [[nodiscard]] Run run(const std::string& id) const {
        return store_->find_run(RunId{id}).value();
    }
    [[nodiscard]] Store& store() { return *store_; }
    Controller& controller() { return *controller_; }
    std::vector<RunId> seen;  ///< runs ordered to start, in order

private:
    void pump() {
        const AgentClockReading now = clock_.now();
        controller_->pump({now.wall, now.steady});
        if (done_ && done_()) loop_.stop();
    }
    void send(const AgentId&, std::vector<AgentOrder> orders) override {
        loop_.post([this, text = encode(orders)] {
            const auto decoded = decode_orders(text);
            for (const AgentOrder& order : *decoded) {
                if (const auto* start = std::get_if<StartOrder>(&order))
                    seen.push_back(start->execution.run);
                agent_->order(order);
            }
        });
    }
    [[nodiscard]] bool trusted(const AgentId&) const override { return true; }
    bool send(const AgentMessage& message) override {
        if (!connected_) return false;
        loop_.post([this, text = encode(message)] {
            controller_->agent_says(decode_message(text).value());
        });
        return true;
    }
    void launch_failed(const RunId& run,
                       std::uint32_t attempt,
                       const LaunchFailure& failure) override {
        agent_->launch_failed(run, attempt, failure);
    }
    void journal(const std::vector<JournalRecord>& records) override { agent_->journal(records); }
    void runner_gone(const RunId& run, std::uint32_t attempt, int killed) override {
        agent_->runner_gone(run, attempt, killed);
    }

    Clock clock_;
    EventLoop loop_;
    std::string home_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Controller> controller_;
    std::unique_ptr<Launcher> launcher_;
    std::unique_ptr<RunFiles> files_;
    std::unique_ptr<Agent> agent_;
    std::function<bool()> done_;
    bool connected_ = false;
};

}  // namespace

TEST_CASE("loop: a grid of real programs goes to its end", "[controller][loop]") {
    Whole whole(2);
    const SweepId id = whole.launch(R"(
method: grid
program: x
command: ["/bin/sh", "-c", "exit $0", "${code}"]
parameters: {code: {values: [0, 3, 0, 7]}}
)");
    whole.connect();
    whole.run_until([&] { return whole.sweep(id).status == SweepStatus::finished; });
    const RunCounts& counts = whole.sweep(id).counts;
    CHECK(counts[RunState::finished] == 1);  // Equal values are one cell.
    CHECK(counts[RunState::failed] == 2);
    whole.run_until([&] { return whole.controller().settled(); });
    for (const RunId& run : whole.seen) {
        const Run stored = whole.run(run.text);
        CHECK(stored.exit_code == stored.config.at(0).second);
    }
}

TEST_CASE("loop: metrics are stored to the last line before the end", "[controller][loop]") {
    Whole whole(1);
    const SweepId id = whole.launch(R"(
method: grid
program: x
metric: {name: loss, goal: minimize}
command: ["/bin/sh", "-c", "for i in 3 1 2; do echo \"{\\\"loss\\\": $i}\" >> $SWEEPCTL_METRICS; done; printf '{\"last\": 1}' >> $SWEEPCTL_METRICS"]
parameters: {a: {value: 1}}
)");
    whole.connect();
    whole.run_until([&] { return whole.sweep(id).status == SweepStatus::finished; });
    whole.run_until([&] { return whole.controller().settled(); });
    REQUIRE(whole.sweep(id).best);
    CHECK(whole.sweep(id).best->value == 1.0);
    const Run run = whole.run(whole.sweep(id).best->run.text);
    const MetricSummary* loss = find(run.summary, "loss");
    REQUIRE(loss != nullptr);
    CHECK(loss->count == 3);
    CHECK(loss->first == 3.0);
    CHECK(loss->latest == 2.0);
    CHECK(find(run.summary, "last") != nullptr);
    CHECK(run.metrics_lines == 4);
}

TEST_CASE("loop: a program that is not there fails with its reason", "[controller][loop]") {
    Whole whole(1);
    const SweepId id = whole.launch(R"(
method: grid
program: x
command: ["/nowhere/at-all"]
parameters: {a: {value: 1}}
)");
    whole.connect();
    whole.run_until([&] { return whole.sweep(id).status == SweepStatus::finished; });
    whole.run_until([&] { return whole.controller().settled(); });
    const Run run = whole.run(whole.seen.at(0).text);
    CHECK(run.state == RunState::failed);
    CHECK(run.end_reason == EndReason::spawn_error);
    CHECK(run.exit_code == 127);
    CHECK_THAT(run.end_detail, Catch::Contains("/nowhere/at-all"));
}

TEST_CASE("loop: two thousand short runs", "[.slow][controller][loop]") {
    Whole whole(2);
    const SweepId id = whole.launch(
        "method: grid\nprogram: x\ncommand: [/bin/true]\nparameters: {a: {min: 1, max: 2000}}\n");
    whole.connect();
    whole.run_until([&] { return whole.sweep(id).status == SweepStatus::finished; },
                    std::chrono::seconds{120});
    CHECK(whole.sweep(id).counts[RunState::finished] == 2000);
}
