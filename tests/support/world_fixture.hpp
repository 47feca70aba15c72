#pragma once

#include "sweepctl/core/world.hpp"

#include "support/referee.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

// A World with a clock that stands still until told, and agents that say what a test makes them
// say. After every step the World's invariants are checked, and what is stored goes past the
// referee: a foul is an exception.

namespace sweepctl::testing {

/// Suggestion k is {"x": k}; keeps what it was told. After each run that it hears of, `pieces` of
/// work stand between it and the next suggestion.
class RecordingMemory final : public SearchMemory {
public:
    explicit RecordingMemory(std::shared_ptr<std::map<std::uint64_t, Observation>> seen,
                             int pieces = 0)
        : seen_(std::move(seen)), pieces_(pieces), left_(pieces) {
        seen_->clear();
    }
    void observe(const Observation& run) override {
        (*seen_)[run.order] = run;
        left_ = pieces_;
    }
    void forget(std::uint64_t order) override { seen_->erase(order); }
    std::optional<Config> suggest(std::uint64_t number) override {
        return Config{{"x", ParamValue(static_cast<std::int64_t>(number))}};
    }
    [[nodiscard]] bool ready(std::uint64_t) const override { return left_ == 0; }
    void prepare(std::uint64_t) override { --left_; }
    bool prepare_ahead() override { return false; }

private:
    std::shared_ptr<std::map<std::uint64_t, Observation>> seen_;  // Shared with the test.
    int pieces_;
    int left_;
};

/// Suggestion k is {"x": k}; `size` of them.
class CountingStrategy : public SearchStrategy {
public:
    explicit CountingStrategy(std::optional<std::uint64_t> size,
                              bool adaptive = false,
                              std::optional<std::uint64_t> fails_at = std::nullopt,
                              std::shared_ptr<std::map<std::uint64_t, Observation>> seen = {},
                              int pieces = 0)
        : size_(size),
          adaptive_(adaptive),
          fails_at_(fails_at),
          seen_(std::move(seen)),
          pieces_(pieces) {}
    [[nodiscard]] std::optional<std::uint64_t> size() const override { return size_; }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History&) const override;
    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& config) const override;
    [[nodiscard]] bool adaptive() const override { return adaptive_; }
    [[nodiscard]] std::unique_ptr<SearchMemory> memory() const override {
        return seen_ == nullptr ? nullptr : std::make_unique<RecordingMemory>(seen_, pieces_);
    }

private:
    std::optional<std::uint64_t> size_;
    bool adaptive_;
    std::optional<std::uint64_t> fails_at_;  ///< throws instead of this suggestion
    std::shared_ptr<std::map<std::uint64_t, Observation>> seen_;  ///< of its memory; null: none
    int pieces_;                                                  ///< of its memory
};

struct SweepOptions {
    std::optional<std::uint64_t> size = {};
    SweepPolicy policy = {};
    bool paused = false;
    bool adaptive = false;
    std::optional<std::uint64_t> fails_at = {};
    /// What the search was told, by order; null: it remembers nothing.
    std::shared_ptr<std::map<std::uint64_t, Observation>> seen = {};
    int pieces = 0;  ///< of work before each suggestion
    std::shared_ptr<const Prior> prior = {};
    bool needs_own_agent = false;
};

/// Options for a sweep of `size` suggestions whose policy `change` has seen.
template <typename Change>
SweepOptions with(std::optional<std::uint64_t> size, Change change) {
    SweepOptions options{.size = size};
    change(options.policy);
    return options;
}

class Fixture {
public:
    Fixture();

    SweepId create_sweep(const SweepOptions& options);
    void connect(const std::string& agent, std::uint32_t slots, std::uint32_t window = 0);
    void hello(const std::string& agent,
               std::vector<ExecutionRef> live,
               std::vector<ExecutionRef> held,
               const std::string& boot_id = "boot-1",
               std::vector<RunEnded> ended = {});
    void disconnect(const std::string& agent);
    /// What its reports say of it from now on.
    void has_room(const std::string& agent,
                  std::optional<std::uint32_t> claims_max,
                  std::optional<AgentShortage> shortage = {});
    void started(const std::string& agent, const ExecutionRef& execution);
    void exited(const std::string& agent,
                const ExecutionRef& execution,
                int code,
                int order_signal = 0,
                bool drained = true);
    void signaled(const std::string& agent,
                  const ExecutionRef& execution,
                  int signal,
                  int order_signal = 0,
                  bool drained = true);
    void ended(const std::string& agent, RunEnded ended);
    void drained(const std::string& agent, const ExecutionRef& execution);
    void returned(const std::string& agent, const ExecutionRef& execution);
    void heartbeat(const std::string& agent, std::vector<ExecutionRef> live);
    void metric(const std::string& agent,
                const ExecutionRef& execution,
                const std::string& name,
                double value,
                bool preempting = false);
    Ticket command(const SweepId& sweep,
                   SweepCommand command,
                   std::optional<Duration> grace = std::nullopt);
    Ticket stop_run(const RunId& run, bool force = false, std::optional<int> signal = {});
    Ticket retry(const RunId& run, bool force = false);
    Ticket enqueue(const SweepId& sweep, Config config, bool front = false);
    Ticket remove(const RunId& run);
    Ticket remove(const SweepId& sweep, bool force = false);
    void pass(Duration time);
    /// What a W&B client or agent asks; the answer comes at once.
    template <typename Request>
    Answer ask(Request event) {
        event.request = request();
        const Ticket ticket = event.request.ticket;
        apply(std::move(event));
        return answers_.at(ticket);
    }
    /// Applies any event, followed by AssignWork, and takes the effects and changes in.
    void apply(Event event);
    /// The same for several events of one batch.
    void apply_batch(std::vector<Event> batch);
    /// A new World from what was stored: a controller that was killed and started again. No agent
    /// is connected to it yet.
    void restart();
    /// From the next restart on the sweep's stored spec cannot be read.
    void break_spec(const SweepId& sweep) { broken_specs_.insert(sweep); }
    /// Brings a sweep into a status that no command leads to.
    void force_status(const SweepId& sweep, SweepStatus status);
    /// As the agent's next hello says.
    AgentRecord& agent_record(const std::string& agent) { return records_.at(agent); }

    [[nodiscard]] SweepStatus status(const SweepId& sweep) const { return record(sweep).status; }
    [[nodiscard]] const SweepRecord& record(const SweepId& sweep) const {
        return sweeps_.at(sweep).record;
    }
    /// The run as last stored.
    [[nodiscard]] const Run& run(const RunId& id) const { return runs_.at(id); }
    [[nodiscard]] const std::map<RunId, Run>& runs() const { return runs_; }
    [[nodiscard]] bool exists(const SweepId& id) const { return sweeps_.contains(id); }
    [[nodiscard]] const std::map<AgentId, AgentRecord>& agents() const { return agents_; }
    [[nodiscard]] const std::vector<StartOrder>& starts() const { return starts_; }
    [[nodiscard]] const std::vector<SignalOrder>& signals() const { return signals_; }
    [[nodiscard]] const std::vector<RevokeOrder>& revokes() const { return revokes_; }
    [[nodiscard]] const std::vector<DrainOrder>& drains() const { return drains_; }
    [[nodiscard]] bool answered(Ticket ticket) const { return answers_.contains(ticket); }
    [[nodiscard]] const Answer& answer(Ticket ticket) const { return answers_.at(ticket); }
    [[nodiscard]] const std::vector<AuditEvent>& events() const { return events_; }
    [[nodiscard]] const std::vector<Attempt>& attempts() const { return attempts_; }
    /// The lines of a run's stream as stored, by number.
    [[nodiscard]] const std::map<std::uint64_t, std::string>& lines(const RunId& run,
                                                                    RunStream stream) {
        return streams_[{run, stream}];
    }
    /// What was said about a run, one patch over the other.
    [[nodiscard]] const RunDetails& details(const RunId& run) { return details_[run]; }
    [[nodiscard]] const std::vector<ProjectRow>& projects() const { return projects_; }
    [[nodiscard]] const std::map<std::string, FileRow>& files(const RunId& run) {
        return files_[run];
    }
    [[nodiscard]] const SweepOrigin& origin(const SweepId& sweep) const {
        return sweeps_.at(sweep).origin;
    }
    [[nodiscard]] std::string invariant() const { return world_->broken_invariant(); }
    /// The last start order for `run`.
    [[nodiscard]] ExecutionRef execution(const RunId& run) const;
    [[nodiscard]] ExecutionRef start(std::size_t index) const {
        return starts_.at(index).execution;
    }
    [[nodiscard]] World& world() { return *world_; }
    [[nodiscard]] Now now() const { return now_; }

private:
    Request request();
    AgentReport new_report(const std::string& agent);
    void resolve(Event& event) const;
    void resolve(ClientRunName& named) const;
    void store(Changes changes);
    void store_clients(Changes& changes);
    [[nodiscard]] SweepSetup setup_of(const SweepId& sweep) const;
    [[nodiscard]] std::optional<Run> ended_run(const RunId& id) const;

    Now now_{WallTime{std::chrono::seconds{1'000'000}}, SteadyTime{std::chrono::seconds{1'000}}};
    std::unique_ptr<World> world_;
    Ticket next_ticket_ = 1;
    std::map<std::string, std::uint64_t> sequences_;
    std::map<std::string, AgentRecord> records_;
    std::map<std::string, AgentReport> rooms_;  ///< how much each would have
    std::set<SweepId> broken_specs_;
    Referee referee_;
    std::map<SweepId, NewSweep> sweeps_;
    std::map<SweepId, SweepOptions> options_;
    std::map<RunId, Run> runs_;
    std::map<AgentId, AgentRecord> agents_;
    Serials serials_;
    std::vector<StartOrder> starts_;
    std::vector<SignalOrder> signals_;
    std::vector<RevokeOrder> revokes_;
    std::vector<DrainOrder> drains_;
    std::map<Ticket, Answer> answers_;
    std::vector<AuditEvent> events_;
    std::vector<Attempt> attempts_;
    std::map<std::pair<RunId, RunStream>, std::map<std::uint64_t, std::string>> streams_;
    std::map<RunId, RunDetails> details_;
    std::vector<ProjectRow> projects_;
    std::map<RunId, std::map<std::string, FileRow>> files_;
    std::set<std::uint64_t> skipped_serials_;
};

}  // namespace sweepctl::testing
