#include "store/change_writer.hpp"

#include "store/run_text.hpp"
#include "store/words.hpp"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kReadSerials =
    "SELECT next_sweep, next_run, next_fence, next_event, next_sweep_key, next_run_key"
    " FROM serials";
constexpr std::string_view kWriteSerials =
    "UPDATE serials SET next_sweep = ?1, next_run = ?2, next_fence = ?3, next_event = ?4,"
    " next_sweep_key = ?5, next_run_key = ?6";

constexpr std::string_view kInsertSweep =
    "INSERT INTO sweeps (key, id, name, project, entity, status, reason, exhausted, target_reached,"
    " parallel, run_cap, expected_runs, next_number, runs_pending, runs_running, runs_finished,"
    " runs_failed, runs_crashed, runs_killed, best_run, best_value, metric_name, metric_goal,"
    " coverage_cursor, coverage_freed, coverage_taken, created_at, started_at, ended_at,"
    " description, prior_filters, prior_cells, loose, needs_own_agent)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34)";
constexpr std::string_view kUpdateSweep =
    "UPDATE sweeps SET name = ?2, project = ?3, entity = ?4, status = ?5, reason = ?6,"
    " exhausted = ?7, target_reached = ?8, parallel = ?9, run_cap = ?10, expected_runs = ?11,"
    " next_number = ?12, runs_pending = ?13, runs_running = ?14, runs_finished = ?15,"
    " runs_failed = ?16, runs_crashed = ?17, runs_killed = ?18, best_run = ?19, best_value = ?20,"
    " metric_name = ?21, metric_goal = ?22, coverage_cursor = ?23, coverage_freed = ?24,"
    " coverage_taken = ?25, created_at = ?26, started_at = ?27, ended_at = ?28, description = ?29,"
    " prior_filters = ?30, prior_cells = ?31 WHERE key = ?1";
constexpr std::string_view kInsertOrigin =
    "INSERT INTO sweep_origins (sweep, spec, method, seed, cwd) VALUES (?1, ?2, ?3, ?4, ?5)";
constexpr std::string_view kEditOrigin =
    "UPDATE sweep_origins SET spec = ?2, method = ?3, seed = ?4 WHERE sweep = ?1";
constexpr std::string_view kInsertPrior =
    "INSERT INTO sweep_priors (sweep, source, metric, count, valued, runs)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kInsertVariable =
    "INSERT INTO sweep_environments (sweep, position, name, value) VALUES (?1, ?2, ?3, ?4)";
constexpr std::string_view kFindSweep =
    "SELECT sweeps.key, projects.key FROM sweeps JOIN projects ON projects.entity = sweeps.entity"
    " AND projects.name = sweeps.project WHERE sweeps.id = ?1 AND sweeps.deleted = 0";

constexpr std::string_view kInsertRun =
    "INSERT INTO runs (key, id, sweep, number, name, origin, suggestion, config, config_exact,"
    " created_at, priority, attempt, retries, requeued, preempting, stopping, retry_wanted,"
    " stop_reason, stop_signal, end_reason, exit_code, term_signal, end_detail, started_at,"
    " ended_at, heartbeat_at, host, boot_id, pid, agent, claim_agent, claim_phase, claim_revoking,"
    " metrics_offset, output_offset, metrics_lines, bad_metrics_reported, cut_metrics_reported,"
    " cpu_us, max_rss_kib, summary, summary_exact, summary_stats, state, claim_fence, project)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
    " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36,"
    " ?37, ?38, ?39, ?40, ?41, ?42, ?43, ?44, ?45, ?46)";
// In the order of the insert from `priority` on, so that one function binds both.
constexpr std::string_view kUpdateRun =
    "UPDATE runs SET priority = ?2, attempt = ?3, retries = ?4, requeued = ?5,"
    " preempting = ?6, stopping = ?7, retry_wanted = ?8, stop_reason = ?9, stop_signal = ?10,"
    " end_reason = ?11, exit_code = ?12, term_signal = ?13, end_detail = ?14, started_at = ?15,"
    " ended_at = ?16, heartbeat_at = ?17, host = ?18, boot_id = ?19, pid = ?20, agent = ?21,"
    " claim_agent = ?22, claim_phase = ?23, claim_revoking = ?24, metrics_offset = ?25,"
    " output_offset = ?26, metrics_lines = ?27, bad_metrics_reported = ?28,"
    " cut_metrics_reported = ?29, cpu_us = ?30, max_rss_kib = ?31, summary = ?32,"
    " summary_exact = ?33, summary_stats = ?34";
constexpr std::string_view kWithState = ", state = ?35, claim_fence = ?36";
constexpr std::string_view kOfKey = " WHERE key = ?1";
constexpr std::string_view kFindRun =
    "SELECT runs.key, runs.state, runs.claim_fence, runs.project FROM runs JOIN sweeps ON "
    "sweeps.key = runs.sweep"
    " WHERE runs.id = ?1 AND sweeps.deleted = 0";
constexpr std::string_view kEditRun =
    "UPDATE runs SET name = ?2, config = ?3, config_exact = ?4 WHERE key = ?1";
constexpr std::string_view kDeleteRun = "DELETE FROM runs WHERE key = ?1";

constexpr std::string_view kWriteAttempt =
    "INSERT OR REPLACE INTO attempts (run, attempt, state, end_reason, exit_code, term_signal,"
    " end_detail, agent, host, pid, started_at, ended_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr std::string_view kWriteMetric =
    "INSERT OR REPLACE INTO metrics (run, attempt, line, data) VALUES (?1, ?2, ?3, ?4)";
constexpr std::string_view kInsertEvent =
    "INSERT INTO events (id, time, actor, sweep, run, sweep_key, run_key, attempt, kind, \"from\","
    " \"to\", reason, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
constexpr std::string_view kWriteAgent =
    "INSERT OR REPLACE INTO agents (id, host, boot_id, pid, state, slots, gpus, local, only_sweep,"
    " heartbeat_at, kind, created_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
constexpr std::string_view kDeleteAgent = "DELETE FROM agents WHERE id = ?1";

constexpr std::string_view kDeleteSweep = "UPDATE sweeps SET deleted = 1 WHERE key = ?1";
constexpr std::string_view kDeleteEnvironment = "DELETE FROM sweep_environments WHERE sweep = ?1";
// Metrics first: one run may have a million lines.
constexpr std::string_view kPurgeTarget = "SELECT key FROM sweeps WHERE deleted = 1 LIMIT 1";
constexpr std::string_view kPurgeMetrics =
    "DELETE FROM metrics WHERE (run, attempt, line) IN (SELECT metrics.run, metrics.attempt,"
    " metrics.line FROM runs JOIN metrics ON metrics.run = runs.key WHERE runs.sweep = ?1"
    " LIMIT 2000)";
constexpr std::string_view kPurgeLines =
    "DELETE FROM stream_lines WHERE (run, stream, line) IN (SELECT stream_lines.run,"
    " stream_lines.stream, stream_lines.line FROM runs JOIN stream_lines"
    " ON stream_lines.run = runs.key WHERE runs.sweep = ?1 LIMIT 2000)";
constexpr std::string_view kPurgeRuns =
    "DELETE FROM runs WHERE key IN (SELECT key FROM runs WHERE sweep = ?1 LIMIT 500)";
constexpr std::string_view kPurgeSweep = "DELETE FROM sweeps WHERE key = ?1";

std::optional<std::int64_t> stored(const std::optional<WallTime>& time) {
    if (!time) return std::nullopt;
    return time->time_since_epoch().count();
}

std::int64_t stored(WallTime time) {
    return time.time_since_epoch().count();
}

std::optional<std::string_view> stored(const std::optional<EndReason>& reason) {
    if (!reason) return std::nullopt;
    return to_string(*reason);
}

template <typename Tag>
std::optional<std::string_view> stored(const std::optional<Id<Tag>>& id) {
    if (!id) return std::nullopt;
    return id->text;
}

std::string number_list(const std::vector<std::uint64_t>& numbers) {
    std::string text = "[";
    for (const std::uint64_t number : numbers) {
        if (text.size() > 1) text.push_back(',');
        text += std::to_string(number);
    }
    text.push_back(']');
    return text;
}

class Binder {
public:
    Binder(sqlite::Statement& statement, int first) : statement_(statement), next_(first) {}
    template <typename... Values>
    void operator()(const Values&... values) {
        (statement_.bind(next_++, values), ...);
    }

private:
    sqlite::Statement& statement_;
    int next_;
};

/// `freed` and `taken` must live until the statement ran.
void bind_sweep(Binder& bind,
                const SweepRecord& sweep,
                const std::string& freed,
                const std::string& taken) {
    bind(sweep.name, sweep.project, sweep.entity, to_string(sweep.status), sweep.reason,
         sweep.exhausted, sweep.target_reached, sweep.parallel, sweep.run_cap, sweep.expected_runs,
         sweep.next_number);
    for (const RunState state : kAllRunStates)
        bind(sweep.counts[state]);
    if (sweep.best) {
        bind(sweep.best->run.text, sweep.best->value);
    } else {
        bind(nullptr, nullptr);
    }
    bind(sweep.metric_name, sweep.metric_maximize ? "maximize" : "minimize", sweep.coverage.cursor,
         freed, taken, stored(sweep.created_at), stored(sweep.started_at), stored(sweep.ended_at),
         sweep.description, sweep.prior_filters, sweep.prior_cells);
}

/// What changes in a run's life, but for the state and the fence. `summary` must live until the
/// statement ran.
void bind_life(Binder& bind, const Run& run, const SummaryText& summary) {
    bind(run.priority, run.attempt, run.retries, run.requeued, run.preempting, run.stopping,
         run.retry_wanted, stored(run.stop_reason), run.stop_signal, stored(run.end_reason),
         run.exit_code, run.term_signal, run.end_detail, stored(run.started_at),
         stored(run.ended_at), stored(run.heartbeat_at), run.host, run.boot_id, run.pid,
         stored(run.agent));
    if (run.claim) {
        bind(run.claim->agent.text, word(run.claim->phase), run.claim->revoking);
    } else {
        bind(nullptr, nullptr, nullptr);
    }
    bind(run.metrics_offset, run.output_offset, run.metrics_lines, run.bad_metrics_reported,
         run.cut_metrics_reported, run.cpu_us, run.max_rss_kib, summary.plain, summary.exact,
         summary.stats);
}

std::optional<Fence> fence_of(const Run& run) {
    if (!run.claim) return std::nullopt;
    return run.claim->fence;
}

std::string joined(std::string_view first, std::string_view second, std::string_view third = {}) {
    std::string text(first);
    text += second;
    text += third;
    return text;
}

}  // namespace

ChangeWriter::ChangeWriter(sqlite::Database& database)
    : database_(database),
      clients_(database),
      insert_sweep_(database.prepare(kInsertSweep)),
      insert_origin_(database.prepare(kInsertOrigin)),
      insert_prior_(database.prepare(kInsertPrior)),
      insert_variable_(database.prepare(kInsertVariable)),
      update_sweep_(database.prepare(kUpdateSweep)),
      edit_origin_(database.prepare(kEditOrigin)),
      find_sweep_(database.prepare(kFindSweep)),
      insert_run_(database.prepare(kInsertRun)),
      update_run_(database.prepare(joined(kUpdateRun, kWithState, kOfKey))),
      update_run_in_state_(database.prepare(joined(kUpdateRun, kOfKey))),
      edit_run_(database.prepare(kEditRun)),
      find_run_(database.prepare(kFindRun)),
      write_attempt_(database.prepare(kWriteAttempt)),
      write_metric_(database.prepare(kWriteMetric)),
      insert_event_(database.prepare(kInsertEvent)),
      write_agent_(database.prepare(kWriteAgent)),
      delete_agent_(database.prepare(kDeleteAgent)),
      delete_run_(database.prepare(kDeleteRun)),
      delete_sweep_(database.prepare(kDeleteSweep)),
      delete_environment_(database.prepare(kDeleteEnvironment)),
      write_serials_(database.prepare(kWriteSerials)) {}

void ChangeWriter::write(const Changes& changes) {
    if (!serials_read_) read_serials();
    for (const NewSweep& sweep : changes.new_sweeps)
        insert_sweep(sweep);
    for (const SweepRecord& sweep : changes.sweeps)
        update_sweep(sweep);
    for (const EditedOrigin& edited : changes.edited_origins)
        edit_origin(edited);
    // First, since a new run may take the suggestion of a deleted one.
    for (const RunId& run : changes.deleted_runs)
        delete_run(run);
    for (const RunRow& row : changes.runs) {
        if (row.fresh) {
            insert_run(row.run);
        } else {
            update_run(row.run, row.edited);
        }
    }
    for (const Attempt& attempt : changes.attempts)
        write_attempt(attempt);
    for (const MetricLines& lines : changes.metrics)
        write_metrics(lines);
    write_clients(changes);
    for (const AuditEvent& event : changes.events)
        insert_event(event);
    for (const AgentRecord& agent : changes.agents)
        write_agent(agent);
    for (const AgentId& agent : changes.deleted_agents)
        delete_agent_.run(agent.text);
    for (const SweepId& sweep : changes.deleted_sweeps)
        delete_sweep(sweep);
    write_serials(changes.serials);
    for (const std::string& run : settled_)
        runs_.erase(run);
    settled_.clear();
}

/// What W&B's clients bring, but for the runs themselves.
void ChangeWriter::write_clients(const Changes& changes) {
    for (const ProjectRow& project : changes.projects)
        clients_.write_project(project);
    for (const DetailsPatch& patch : changes.details)
        clients_.write_details(known_run(patch.run).key, patch.details);
    for (const StreamLines& lines : changes.streams)
        clients_.write_lines(known_run(lines.run).key, lines);
    for (const FileRow& file : changes.files)
        clients_.write_file(known_run(file.run).key, file);
    for (const DeletedFile& file : changes.deleted_files)
        clients_.delete_file(known_run(file.run).key, file.name);
    for (const std::uint64_t serial : changes.skipped_serials)
        clients_.skip_serial(serial);
}

void ChangeWriter::forget() {
    clients_.forget();
    serials_read_ = false;
    sweeps_.clear();
    runs_.clear();
    settled_.clear();
}

void ChangeWriter::read_serials() {
    sqlite::Statement statement = database_.prepare(kReadSerials);
    sqlite::Rows row = statement.query();
    if (!row.next()) throw std::runtime_error("the database has lost its serial numbers");
    serials_ = Serials{row.get<std::uint64_t>(0), row.get<std::uint64_t>(1),
                       row.get<std::uint64_t>(2), row.get<std::uint64_t>(3)};
    stored_keys_ = KeyCounters{row.integer(4), row.integer(5)};
    keys_ = stored_keys_;
    serials_read_ = true;
}

void ChangeWriter::write_serials(const Serials& serials) {
    // Whoever hands in older ones (a test, a controller with nothing to say) takes nothing back.
    const Serials next{std::max(serials_.next_sweep, serials.next_sweep),
                       std::max(serials_.next_run, serials.next_run),
                       std::max(serials_.next_fence, serials.next_fence),
                       std::max(serials_.next_event, serials.next_event)};
    if (next == serials_ && keys_ == stored_keys_) return;
    write_serials_.run(next.next_sweep, next.next_run, next.next_fence, next.next_event,
                       keys_.next_sweep, keys_.next_run);
    serials_ = next;
    stored_keys_ = keys_;
}

const ChangeWriter::KnownSweep* ChangeWriter::known_sweep(const SweepId& id) {
    if (const auto found = sweeps_.find(id.text); found != sweeps_.end()) return &found->second;
    sqlite::Rows row = find_sweep_.query(id.text);
    if (!row.next()) return nullptr;
    return &sweeps_.emplace(id.text, KnownSweep{row.integer(0), row.integer(1)}).first->second;
}

const ChangeWriter::KnownSweep& ChangeWriter::sweep_of(const SweepId& id) {
    const KnownSweep* sweep = known_sweep(id);
    if (sweep == nullptr) throw std::runtime_error("no sweep '" + id.text + "' in the database");
    return *sweep;
}

ChangeWriter::KnownRun* ChangeWriter::find_known_run(const RunId& id) {
    if (const auto found = runs_.find(id.text); found != runs_.end()) return &found->second;
    sqlite::Rows row = find_run_.query(id.text);
    if (!row.next()) return nullptr;
    KnownRun run{row.integer(0), row.integer(3), stored_run_state(row.text(1)),
                 row.get_optional<Fence>(2)};
    if (is_ended(run.state) && !run.fence) settled_.push_back(id.text);
    return &runs_.emplace(id.text, run).first->second;
}

ChangeWriter::KnownRun& ChangeWriter::known_run(const RunId& id) {
    KnownRun* run = find_known_run(id);
    if (run == nullptr) throw std::runtime_error("no run '" + id.text + "' in the database");
    return *run;
}

void ChangeWriter::insert_sweep(const NewSweep& sweep) {
    const Key key = keys_.next_sweep++;
    const std::string freed = number_list(sweep.record.coverage.freed);
    const std::string taken = number_list(sweep.record.coverage.taken);
    Binder bind(insert_sweep_, 1);
    bind(key, sweep.record.id.text);
    bind_sweep(bind, sweep.record, freed, taken);
    bind(sweep.record.loose, sweep.record.needs_own_agent);
    insert_sweep_.finish();
    insert_origin_.run(key, sweep.origin.spec, sweep.origin.method, sweep.origin.seed,
                       sweep.origin.cwd);
    if (const Prior* const prior = sweep.origin.prior.get()) {
        insert_prior_.run(key, prior->source, prior->metric,
                          static_cast<std::uint64_t>(prior->runs.size()), valued(*prior),
                          to_json_lines(*prior));
    }
    std::int64_t position = 0;
    for (const auto& [name, value] : sweep.origin.env)
        insert_variable_.run(key, position++, name, value);
    const Key project =
        clients_.project_key(sweep.record.entity, sweep.record.project, sweep.record.created_at);
    sweeps_.emplace(sweep.record.id.text, KnownSweep{key, project});
}

void ChangeWriter::edit_origin(const EditedOrigin& edited) {
    edit_origin_.run(sweep_of(edited.sweep).key, edited.origin.spec, edited.origin.method,
                     edited.origin.seed);
}

void ChangeWriter::update_sweep(const SweepRecord& sweep) {
    const std::string freed = number_list(sweep.coverage.freed);
    const std::string taken = number_list(sweep.coverage.taken);
    Binder bind(update_sweep_, 1);
    bind(sweep_of(sweep.id).key);
    bind_sweep(bind, sweep, freed, taken);
    update_sweep_.finish();
}

void ChangeWriter::insert_run(const Run& run) {
    if (run.client) clients_.make_room(run.id);
    const KnownSweep& sweep = sweep_of(run.sweep);
    const Key key = keys_.next_run++;
    const ConfigText config = config_text(run.config);
    const SummaryText summary = summary_text(run.summary);
    Binder bind(insert_run_, 1);
    bind(key, run.id.text, sweep.key, run.number, run.name, word(run.origin), run.suggestion,
         config.plain, config.exact, stored(run.created_at));
    bind_life(bind, run, summary);
    bind(to_string(run.state), fence_of(run), sweep.project);
    insert_run_.finish();
    runs_.insert_or_assign(run.id.text, KnownRun{key, sweep.project, run.state, fence_of(run)});
    if (run.client) clients_.write_client(key, sweep.project, *run.client);
    if (run.settled()) settled_.push_back(run.id.text);
}

void ChangeWriter::update_run(const Run& run, bool edited) {
    KnownRun& known = known_run(run.id);
    const SummaryText summary = summary_text(run.summary);
    const bool same = known.state == run.state && known.fence == fence_of(run);
    sqlite::Statement& update = same ? update_run_in_state_ : update_run_;
    Binder bind(update, 1);
    bind(known.key);
    bind_life(bind, run, summary);
    if (!same) bind(to_string(run.state), fence_of(run));
    update.finish();
    known.state = run.state;
    known.fence = fence_of(run);
    if (run.client) clients_.write_client(known.key, known.project, *run.client);
    if (edited) {
        const ConfigText config = config_text(run.config);
        edit_run_.run(known.key, run.name, config.plain, config.exact);
    }
    if (run.settled()) settled_.push_back(run.id.text);
}

void ChangeWriter::write_attempt(const Attempt& attempt) {
    write_attempt_.run(known_run(attempt.run).key, attempt.attempt, to_string(attempt.state),
                       stored(attempt.end_reason), attempt.exit_code, attempt.term_signal,
                       attempt.end_detail, stored(attempt.agent), attempt.host, attempt.pid,
                       stored(attempt.started_at), stored(attempt.ended_at));
}

void ChangeWriter::write_metrics(const MetricLines& lines) {
    const Key run = known_run(lines.run).key;
    std::uint64_t number = lines.first_line;
    for (const std::string& line : lines.lines)
        write_metric_.run(run, lines.attempt, number++, line);
}

void ChangeWriter::insert_event(const AuditEvent& event) {
    std::optional<Key> sweep;
    std::optional<Key> run;
    if (!event.sweep.empty()) {
        if (const KnownSweep* known = known_sweep(event.sweep)) sweep = known->key;
    }
    if (!event.run.empty()) {
        if (const KnownRun* known = find_known_run(event.run)) run = known->key;
    }
    insert_event_.run(event.id, stored(event.time), event.actor, event.sweep.text, event.run.text,
                      sweep, run, event.attempt, event.kind, event.from, event.to, event.reason,
                      event.detail);
}

void ChangeWriter::write_agent(const AgentRecord& agent) {
    write_agent_.run(agent.id.text, agent.host, agent.boot_id, agent.pid, to_string(agent.state),
                     agent.slots, agent.gpus, agent.local, stored(agent.only_sweep),
                     stored(agent.heartbeat_at), agent.foreign ? "foreign" : "own",
                     stored(agent.created_at));
}

void ChangeWriter::delete_run(const RunId& id) {
    delete_run_.run(known_run(id).key);
    settled_.push_back(id.text);
}

void ChangeWriter::delete_sweep(const SweepId& id) {
    const Key key = sweep_of(id).key;
    delete_environment_.run(key);
    delete_sweep_.run(key);
    // Its runs are gone with it.
    sweeps_.clear();
    runs_.clear();
}

bool ChangeWriter::purge() {
    Key key = 0;
    {
        sqlite::Statement find = database_.prepare(kPurgeTarget);
        sqlite::Rows row = find.query();
        if (!row.next()) return false;
        key = row.integer(0);
    }
    for (const std::string_view remove : {kPurgeMetrics, kPurgeLines, kPurgeRuns, kPurgeSweep}) {
        database_.prepare(remove).run(key);
        if (database_.changes() > 0) break;
    }
    return true;
}

}  // namespace sweepctl
