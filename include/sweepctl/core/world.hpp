#pragma once

#include "sweepctl/core/changes.hpp"
#include "sweepctl/core/early_stop.hpp"
#include "sweepctl/core/events.hpp"
#include "sweepctl/core/run_rules.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>
#include <vector>

// All that lives: sweeps, agents, and runs that are not settled. apply() is the only way anything
// in it changes. It is told what happened and when, and answers with orders; what changed is
// collected until take_changes(), to be made durable before any order is carried out. Settled runs
// leave memory with take_changes(): whoever speaks of one afterwards brings it along in the event.
//
// Two values are never mixed: a run's state (how its execution is) and its sweep's status (whether
// new runs are created). Only cancel connects them.

namespace sweepctl {

/// What the World cannot read off the store because it comes from the spec.
struct SweepSetup {
    SweepPolicy policy;
    std::shared_ptr<const SearchStrategy> strategy;
    /// Of an adaptive search: knows the runs that the snapshot leaves out.
    std::unique_ptr<SearchMemory> memory{};
};
/// nullopt: the stored spec cannot be read any more; the sweep becomes failed.
using SetupOf = std::function<std::optional<SweepSetup>(const NewSweep&)>;

struct WorldOptions {
    /// Of runs that belong to no sweep; a sweep's spec says its own.
    Duration heartbeat_timeout = std::chrono::seconds{300};
};

class World {
public:
    World(Snapshot snapshot, const SetupOf& setup_of, Now now, const WorldOptions& options = {});

    /// Takes an event in. Orders and answers are appended to `effects`.
    void apply(Event event, Now now, std::vector<Effect>& effects);

    /// Sweeps that stop runs early and go on after a restart: restore_history() is to be called for
    /// them before anything happens. For others when they are reopened.
    [[nodiscard]] std::vector<SweepId> wanted_histories() const;
    /// Of which metric `sweep` lacks the history; nullopt: it lacks none.
    [[nodiscard]] std::optional<std::string> missing_history(const SweepId& sweep) const;
    void restore_history(const SweepId& sweep, const std::vector<MetricSeries>& history);

    /// What has changed since the last call.
    [[nodiscard]] Changes take_changes();

    /// Whether a run could be given out if its search had not something long to do first: prepare()
    /// brings that nearer.
    [[nodiscard]] bool search_awaited() const { return !awaited_.empty(); }
    /// Whether there is anything to prepare.
    [[nodiscard]] bool unprepared() const { return search_awaited() || !unprepared_.empty(); }
    /// Lets one search do a piece, of a few milliseconds, of what its next suggestions need: what is
    /// awaited first, the rest ahead of need. Changes nothing but how soon they come. True: AssignWork
    /// may give out now what it could not before.
    bool prepare();

    /// When TimePassed should be applied at the latest; nullopt: nothing is waiting for time.
    [[nodiscard]] std::optional<SteadyTime> next_deadline() const;

    /// Why a sweep or a run is (not) running, line by line for a person; empty when it is not in
    /// memory.
    [[nodiscard]] std::vector<std::string> explain(const SweepId& id, Now now) const;
    [[nodiscard]] std::vector<std::string> explain(const RunId& id, Now now) const;
    /// How a run stands by its sweep's rule of early stopping, ended ones included: the bands with
    /// their thresholds, and the run's value. Empty where there is no rule.
    [[nodiscard]] std::vector<std::string> explain_early_stop(const SweepId& sweep,
                                                              std::uint64_t run_number) const;

    /// Whether somebody drained the agent of the controller's own host: then none takes its place,
    /// until the World is made anew.
    [[nodiscard]] bool local_agent_drained() const { return !drained_locals_.empty(); }
    /// Whether there is to be one: always, but for one that was drained and has nothing left to do.
    [[nodiscard]] bool local_agent_wanted() const;

    struct AgentView {
        AgentRecord record;
        std::uint32_t busy = 0;  ///< slots taken
        std::optional<AgentShortage> shortage{};
    };
    [[nodiscard]] std::vector<AgentView> agents() const;
    [[nodiscard]] const Run* find_run(const RunId& id) const;
    /// The run that a W&B client means, when it is in memory.
    [[nodiscard]] const Run* find_run(const ClientRunName& named) const;
    /// A sweep's run is of its sweep's project, whatever its client thinks.
    void correct_project(UpsertRun& event) const;
    [[nodiscard]] const SweepRecord* find_sweep(const SweepId& id) const;
    [[nodiscard]] std::vector<SweepId> sweep_ids() const;
    [[nodiscard]] std::uint64_t live_runs() const;
    /// Of all sweeps, the runs of which something lives, or may: what an agent holds is among them,
    /// and what one has that is not heard at present; not what was given up.
    [[nodiscard]] std::uint64_t unended_runs() const;

    /// The first broken invariant in words; empty when all hold. O(everything in memory).
    [[nodiscard]] std::string broken_invariant() const;

private:
    /// The order in which a sweep's waiting runs go: requeued, retried, enqueued, suggested; oldest
    /// first.
    struct QueueKey {
        int rank = 0;
        std::int32_t priority = 0;
        std::uint64_t number = 0;
        RunId run;
        auto operator<=>(const QueueKey&) const = default;
    };
    struct Sweep {
        SweepRecord record;
        SweepPolicy policy;
        std::shared_ptr<const SearchStrategy> strategy;
        std::unique_ptr<SearchMemory> memory;  ///< of an adaptive search
        std::shared_ptr<const Prior> prior;    ///< what the search knew from the beginning
        bool cannot_prepare = false;           ///< it failed at that, and is asked without
        Coverage coverage;
        std::optional<EarlyStopping> early_stop;  ///< set when the policy has a rule and a metric
        bool history_missing = false;             ///< of early_stop: it was not restored yet
        std::unordered_set<RunId> runs;           ///< those in memory
        std::set<QueueKey> queue;                 ///< pending and in nobody's hands
        std::uint32_t fail_streak = 0;
        std::map<AgentId, std::uint32_t> claims;  ///< by agent; without those crashed by silence
        Fence last_claim = 0;                     ///< whose turn it is among equals
        std::optional<std::string> deleter;  ///< who asked for its deletion; it goes when it can
    };
    struct Agent {
        AgentRecord record;
        SteadyTime last_contact;
        bool connected = false;
        bool died = false;  ///< its process was seen to die and none has come back
        std::uint32_t window = 0;
        std::optional<std::uint32_t> claims_max;  ///< as it said last; the same below
        std::optional<AgentShortage> shortage;
        std::uint64_t acked = 0;
        std::set<RunId> runs;      ///< whose claim it has
        std::uint32_t tokens = 0;  ///< slots that its claims take
        std::uint32_t gpus = 0;    ///< GPUs that its claims take
        // Of a foreign one:
        std::optional<SteadyTime> answered;  ///< nullopt: nobody knows whether it heard the last
        SteadyTime trusted_from;  ///< before, clients may still be busy finding the controller
    };
    /// A run that no process of ours watches: what its W&B client and its foreign agent say is all
    /// that is known of it.
    struct Watched {
        SteadyTime heard;
        SteadyTime due;            ///< when its silence is looked at next
        std::uint32_t missed = 0;  ///< heartbeats of its agent in a row that did not list it
    };
    using ProjectName = std::pair<std::string, std::string>;  ///< entity, project
    /// A request that is answered later: once none of `claims` is open any more, or, when it was to
    /// delete its sweep, once that is gone.
    struct Waiting {
        enum class Until : std::uint8_t { settled, released, erased };  ///< settled: or started
        Answer answer;
        std::unordered_set<Fence> claims;
        Until until = Until::settled;
        SteadyTime give_up;
        std::size_t unconfirmed = 0;  ///< may have been started, out of reach, and live on
    };
    /// What a claim that somebody waits for came to.
    enum class Settled : std::uint8_t {
        started,
        released,
        silent,  ///< its lease ran out, and its agent is linked but said nothing of it
    };
    using Until = Waiting::Until;
    struct RunTimeout {
        RunId run;
        Fence fence = 0;
    };
    struct KillDue {
        RunId run;
        Fence fence = 0;
    };
    using Timer = std::variant<RunTimeout, KillDue>;

    // world_commands.cpp
    void on(CreateSweep& event);
    void on(CommandSweep& event);
    void on(StopRun& event);
    void on(RetryRun& event);
    void on(EnqueueRun& event);
    void on(DrainAgent& event);
    void cancel(Sweep& sweep, std::optional<Duration> grace, std::unordered_set<Fence>& open);
    void call_back_held(Sweep& sweep, std::unordered_set<Fence>& open);

    // world_deletions.cpp
    void on(DeleteRun& event);
    void on(DeleteSweep& event);
    [[nodiscard]] bool may_go(const Run& run) const;
    [[nodiscard]] bool anything_open(const Sweep& sweep) const;
    void erase_sweep(Sweep& sweep);
    void erase_unless_open(Sweep& sweep);
    void forget_unstored(const RunId& run);
    [[nodiscard]] bool just_deleted(const RunId& run) const;

    // world_agents.cpp
    void on(AgentHello& event);
    void on(AgentReport& event);
    void on(AgentHeartbeat& event);
    void on(AgentDisconnected& event);
    void on(AgentDied& event);
    void on(MetricsLogged& event);
    void take_report(Agent& agent, const AgentReport& report);
    void take_room(Agent& agent, const AgentReport& report);
    void heard_from(Agent& agent);
    void kill_stale(const AgentId& agent, const ExecutionRef& execution);
    void forget_if_left(const AgentId& id);
    void watch_silence(Duration from_now);
    [[nodiscard]] bool may_still_start(const Run& run) const;
    [[nodiscard]] static Duration silence_allowed(const Sweep& sweep);
    void lose_silent_agents();
    [[nodiscard]] std::optional<SteadyTime> next_silence() const;

    // world_foreign.cpp: W&B agents
    void on(RegisterForeignAgent& event);
    void on(ForeignHeartbeat& event);
    void hear(Agent& agent);
    void take_live(Agent& agent, ForeignHeartbeat& event);
    void judge_missing(Agent& agent, const std::vector<RunId>& live, bool repeated);
    [[nodiscard]] std::optional<ForeignCommand> command_for(Agent& agent,
                                                            const ForeignHeartbeat& event,
                                                            bool repeated);
    [[nodiscard]] bool was_deleted(const RunId& id, const ForeignHeartbeat& event) const;
    [[nodiscard]] std::optional<ForeignCommand> work_for(Agent& agent, Sweep& sweep);
    void dismiss_foreign(Agent& agent);
    void lose_silent_foreign_agents();
    void forget_foreign_agents(const SweepId& sweep);
    [[nodiscard]] bool in_foreign_hands(const Run& run) const;

    // world_clients.cpp: W&B clients and their runs
    void on(UpsertRun& event);
    void on(ClientStream& event);
    void on(SetRunState& event);
    Run* named_run(ClientRunName& named);
    Run* create_client_run(UpsertRun& event, std::string& refusal);
    void speaks_for(Run& run, bool begins, bool resumes);
    void describe(Run& run, UpsertRun& event);
    void take_stream(Run& run, ClientStream& event);
    void client_finished(Run& run, int exit_code);

    // world_watch.cpp: the life of runs that nobody of ours watches
    void start_by_client(Run& run);
    void end_by_client(Run& run, const EndVerdict& verdict, std::string detail);
    void hear(Run& run);
    void revive(Run& run);
    void watch(const Run& run);
    void unwatch(const RunId& run);
    [[nodiscard]] bool is_watched(const Run& run) const;
    void lose_silent_clients();

    // world_projects.cpp: what else W&B's API changes
    void on(CreateProject& event);
    void on(EditSweep& event);
    void on(RegisterFile& event);
    void on(DeleteFiles& event);
    Sweep& drawer_of(const ProjectName& project);
    Sweep& make_drawer(const ProjectName& project, const SweepId& id);
    void set_plan(Sweep& sweep,
                  const SweepPolicy& policy,
                  std::shared_ptr<const SearchStrategy> strategy);
    static void learn_prior(Sweep& sweep);
    static void cover_prior(Sweep& sweep);

    // world_runs.cpp: what happens to one run
    void on_started(const RunStarted& started);
    void on_ended(const RunEnded& ended);
    void on_drained(const ExecutionRef& execution);
    void on_returned(Run& run);
    void on_unstarted(Run& run);
    void finish_execution(Run& run, const RunEnded& ended, const EndVerdict& verdict);
    void lose(Run& run, EndReason reason);
    void heard_again(Run& run);
    Claim take_claim(Run& run);
    void release_claim(Run& run);
    void count_claim(Sweep& sweep, const AgentId& agent, int change);
    void order_end(Run& run,
                   EndReason reason,
                   SignalKind kind,
                   std::optional<int> signal,
                   std::string detail = {});
    void send_signal(Run& run, SignalKind kind);
    void repeat_signal(Run& run);
    void watch_timeout(const Run& run);
    void go_again(Run& run, bool requeued);
    void go_again(Run& run, bool requeued, bool goes_on);
    void target_reached(Sweep& sweep, const Run& by);
    void judge_streak(Sweep& sweep, const Run& run);
    void judge_best(Sweep& sweep, Run& run);

    // world_early_stop.cpp
    static void begin_early_stop(Sweep& sweep);
    void judge_values(Sweep& sweep, Run& run, const std::vector<std::vector<MetricPoint>>& lines);
    void judge_silence(Sweep& sweep, const Run& run);
    static void forget_values(Sweep& sweep, const Run& run);

    // scheduler.cpp
    void on(AssignWork& event);
    void dismiss_agents();
    bool assign_one(Agent& agent, bool ahead);
    [[nodiscard]] static bool thinks(const Sweep& sweep);
    [[nodiscard]] static bool has_enough(const Agent& agent);
    [[nodiscard]] static bool fits(const Agent& agent, const Sweep& sweep);
    [[nodiscard]] static bool may_wait(const Sweep& sweep);
    [[nodiscard]] static bool has_work(const Sweep& sweep);
    [[nodiscard]] bool may_take(const Agent& agent, const Sweep& sweep, bool ahead) const;
    [[nodiscard]] bool room_is_wanted(const Agent& agent) const;
    Run* next_run(Sweep& sweep);
    Run& create_run(Sweep& sweep,
                    Config config,
                    RunOrigin origin,
                    std::optional<std::uint64_t> suggestion,
                    std::optional<RunId> id = std::nullopt);
    RunId next_run_id();
    void claim(Agent& agent, Sweep& sweep, Run& run);
    void hand_over(Agent& agent, Sweep& sweep, Run& run);
    [[nodiscard]] static std::uint32_t claims_of(const Sweep& sweep);
    [[nodiscard]] std::uint32_t idle_foreign_agents(const Sweep& sweep) const;
    void rebalance();
    void give_way();
    void refresh_exhausted(Sweep& sweep);
    static void refresh_expected(Sweep& sweep);
    [[nodiscard]] bool keeps_open(const Sweep& sweep, const Run& run) const;
    void settle(Sweep& sweep);
    void reopen(Sweep& sweep, std::string reason);

    // world.cpp
    void on(TimePassed& event);
    void set_state(Run& run, RunState to, std::optional<EndReason> reason, std::string detail = {});
    void set_status(Sweep& sweep, SweepStatus to, std::string reason);
    void add_timer(SteadyTime at, Timer timer);
    void enqueue(Sweep& sweep, const Run& run);
    void learn(Sweep& sweep, const Run& run);
    void dequeue(Sweep& sweep, const Run& run);
    [[nodiscard]] static QueueKey queue_key(const Run& run);
    Run& keep(Run run);           ///< into memory
    void forget(const Run& run);  ///< what is kept beside it
    void settle_wait(Fence fence, Settled how);
    [[nodiscard]] static std::string unconfirmed(std::size_t runs);  ///< what an answer adds
    void answer(const Request& request,
                AnswerCode code,
                std::string message,
                const SweepId& sweep = {},
                const RunId& run = {});
    void answer_when_settled(const Request& request,
                             std::string message,
                             const SweepId& sweep,
                             const RunId& run,
                             std::unordered_set<Fence> claims,
                             Until until);
    void audit(std::string kind,
               const Run& run,
               std::string from,
               std::string to,
               std::string reason,
               std::string detail);
    void audit(std::string kind,
               const Sweep& sweep,
               std::string from,
               std::string to,
               std::string reason,
               std::string detail);
    void answer(Answer answer);
    Sweep* sweep_of(const SweepId& id);
    Sweep* real_sweep(const SweepId& id);  ///< nullptr for a drawer
    /// The sweep that a request names; nullptr: there is none, and that is answered. For W&B's
    /// clients and agents one that is being deleted is none.
    enum class Asker : std::uint8_t { person, client };
    Sweep* asked_sweep(const Request& request, const SweepId& id, Asker asker = Asker::person);
    Run* run_of(const RunId& id);
    Run* run_of(const ExecutionRef& execution);  ///< nullptr when it is not the current claim
    Agent* agent_of(const AgentId& id);
    void touch(const Run& run) { dirty_runs_.insert(run.id); }
    void touch(const Sweep& sweep) { dirty_sweeps_.insert(sweep.record.id); }
    void touch(const Agent& agent) { dirty_agents_.insert(agent.record.id); }

    // Set for the time of one apply().
    Now now_{};
    std::vector<Effect>* effects_ = nullptr;
    std::string actor_;

    std::map<SweepId, Sweep> sweeps_;
    std::unordered_map<RunId, Run> runs_;
    std::map<AgentId, Agent> agents_;
    std::set<SweepId> active_;  ///< sweeps that may create or hand out runs
    std::vector<Waiting> waiting_;
    std::multimap<SteadyTime, Timer> timers_;
    std::set<AgentId> drained_locals_;  ///< whoever comes by such an id is to leave again
    std::optional<SteadyTime> silence_check_;  ///< no agent's silence means anything before this
    Serials serials_;
    std::uint64_t id_key_ = 0;
    std::unordered_set<std::uint64_t> skipped_;  ///< serials from next_run on whose ids are taken

    WorldOptions options_;
    std::map<ProjectName, SweepId> drawers_;
    /// Of the runs in memory that clients do not call by their id.
    std::map<std::pair<ProjectName, std::string>, RunId> wire_names_;
    std::unordered_map<RunId, Watched> watched_;
    std::set<std::pair<SteadyTime, RunId>> silences_;  ///< `due` of the watched ones

    Changes changes_;
    std::unordered_set<RunId> dirty_runs_;
    std::set<SweepId> unprepared_;  ///< whose search may have something to do ahead
    std::set<SweepId> awaited_;     ///< whose search keeps an agent waiting
    std::unordered_set<RunId> fresh_runs_;   ///< created since the last take_changes()
    std::unordered_set<RunId> edited_runs_;  ///< whose name or config changed since then
    std::unordered_set<SweepId> dirty_sweeps_;
    std::unordered_set<AgentId> dirty_agents_;
};

}  // namespace sweepctl
