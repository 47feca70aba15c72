#include "sweepctl/store/memory_store.hpp"

#include <algorithm>
#include <stdexcept>

namespace sweepctl {

namespace {

/// Changes to the disk that are undone, the last first, unless kept.
class Undo {
public:
    Undo() = default;
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo() {
        for (auto step = steps_.rbegin(); step != steps_.rend(); ++step)
            (*step)();
    }
    void keep() { steps_.clear(); }

    /// The entry `key` is about to change, to come or to go.
    template <typename Key, typename Value>
    void remember(std::map<Key, Value>& map, const Key& key) {
        const auto found = map.find(key);
        if (found == map.end()) {
            steps_.push_back([&map, key] { map.erase(key); });
        } else {
            steps_.push_back([&map, key, old = found->second] { map.insert_or_assign(key, old); });
        }
    }
    void then(std::function<void()> step) { steps_.push_back(std::move(step)); }

private:
    std::vector<std::function<void()>> steps_;
};

using Numbers = std::set<std::pair<SweepId, std::uint64_t>>;

/// One commit, all or nothing.
class DiskWrite {
public:
    explicit DiskWrite(MemoryDisk& disk) : disk_(disk) {}

    void write(const Changes& changes) {
        for (const NewSweep& sweep : changes.new_sweeps)
            insert_sweep(sweep);
        for (const SweepRecord& sweep : changes.sweeps)
            update_sweep(sweep);
        for (const EditedOrigin& edited : changes.edited_origins)
            edit_origin(edited);
        // First, since a new run may take the suggestion of a deleted one.
        for (const RunId& run : changes.deleted_runs)
            erase_run(run);
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
            append_event(event);
        for (const AgentRecord& agent : changes.agents) {
            undo_.remember(disk_.agents, agent.id);
            disk_.agents[agent.id] = agent;
        }
        for (const AgentId& agent : changes.deleted_agents) {
            undo_.remember(disk_.agents, agent);
            disk_.agents.erase(agent);
        }
        for (const SweepId& sweep : changes.deleted_sweeps)
            erase_sweep(sweep);
        raise_serials(changes.serials);
        ++disk_.commits;
        undo_.keep();
    }

private:
    template <typename Map, typename Key>
    void require(const Map& map, const Key& id, const char* what) {
        if (!map.contains(id))
            throw std::runtime_error(std::string("no ") + what + " '" + id.text + "'");
    }
    template <typename Key, typename Value>
    Value& changing(std::map<Key, Value>& map, const Key& id, const char* what) {
        require(map, id, what);
        undo_.remember(map, id);
        return map.find(id)->second;
    }
    void claim(Numbers& numbers, const SweepId& sweep, std::uint64_t number, const char* what) {
        if (!numbers.emplace(sweep, number).second) {
            throw std::runtime_error(std::string("a run of sweep '") + sweep.text + "' has " +
                                     what + " " + std::to_string(number) + " already");
        }
        undo_.then([&numbers, sweep, number] { numbers.erase({sweep, number}); });
    }
    void release(Numbers& numbers, const SweepId& sweep, std::uint64_t number) {
        if (numbers.erase({sweep, number}) == 0) return;
        undo_.then([&numbers, sweep, number] { numbers.emplace(sweep, number); });
    }

    void insert_sweep(const NewSweep& sweep) {
        if (disk_.sweeps.contains(sweep.record.id)) {
            throw std::runtime_error("sweep '" + sweep.record.id.text + "' is there already");
        }
        undo_.remember(disk_.sweeps, sweep.record.id);
        disk_.sweeps.emplace(sweep.record.id, sweep);
        ensure_project({sweep.record.entity, sweep.record.project, sweep.record.created_at, {}});
    }

    void update_sweep(const SweepRecord& sweep) {
        SweepRecord& stored = changing(disk_.sweeps, sweep.id, "sweep").record;
        const bool loose = stored.loose;
        const bool needs_own_agent = stored.needs_own_agent;
        stored = sweep;
        stored.loose = loose;
        stored.needs_own_agent = needs_own_agent;
    }

    void edit_origin(const EditedOrigin& edited) {
        SweepOrigin& stored = changing(disk_.sweeps, edited.sweep, "sweep").origin;
        stored.spec = edited.origin.spec;
        stored.method = edited.origin.method;
        stored.seed = edited.origin.seed;
    }

    void ensure_project(const ProjectRow& project) {
        const std::pair key(project.entity, project.name);
        const auto known = disk_.projects.find(key);
        undo_.remember(disk_.projects, key);
        if (known == disk_.projects.end()) {
            ProjectRow& made = disk_.projects[key] = project;
            if (!made.description) made.description.emplace();
        } else if (project.description) {
            known->second.description = project.description;
        }
    }

    void write_clients(const Changes& changes) {
        for (const ProjectRow& project : changes.projects)
            ensure_project(project);
        for (const DetailsPatch& patch : changes.details)
            write_details(patch);
        for (const StreamLines& lines : changes.streams)
            write_lines(lines);
        for (const FileRow& file : changes.files) {
            require(disk_.runs, file.run, "run");
            const std::pair key(file.run, file.name);
            undo_.remember(disk_.files, key);
            disk_.files[key] = file;
        }
        for (const DeletedFile& file : changes.deleted_files) {
            const std::pair key(file.run, file.name);
            undo_.remember(disk_.files, key);
            disk_.files.erase(key);
        }
        for (const std::uint64_t serial : changes.skipped_serials) {
            if (!disk_.skipped_serials.insert(serial).second) continue;
            undo_.then([&skipped = disk_.skipped_serials, serial] { skipped.erase(serial); });
        }
    }

    void write_details(const DetailsPatch& patch) {
        require(disk_.runs, patch.run, "run");
        undo_.remember(disk_.details, patch.run);
        RunDetails& stored = disk_.details[patch.run];
        const auto take = [](auto& into, const auto& from) {
            if (from) into = from;
        };
        take(stored.notes, patch.details.notes);
        take(stored.group, patch.details.group);
        take(stored.job_type, patch.details.job_type);
        take(stored.tags, patch.details.tags);
        take(stored.commit, patch.details.commit);
        take(stored.program, patch.details.program);
        take(stored.repo, patch.details.repo);
        take(stored.username, patch.details.username);
        take(stored.config_json, patch.details.config_json);
        take(stored.summary_json, patch.details.summary_json);
        take(stored.system_metrics_json, patch.details.system_metrics_json);
    }

    void write_lines(const StreamLines& lines) {
        require(disk_.runs, lines.run, "run");
        const std::pair key(lines.run, lines.stream);
        if (!disk_.streams.contains(key)) undo_.remember(disk_.streams, key);
        auto& stream = disk_.streams[key];
        std::uint64_t number = lines.first_line;
        for (const std::string& line : lines.lines) {
            undo_.remember(stream, number);
            stream[number++] = line;
        }
    }

    void insert_run(const Run& run) {
        require(disk_.sweeps, run.sweep, "sweep");
        if (disk_.runs.contains(run.id)) {
            throw std::runtime_error("run '" + run.id.text + "' is there already");
        }
        claim(disk_.numbers, run.sweep, run.number, "number");
        if (run.suggestion) claim(disk_.suggestions, run.sweep, *run.suggestion, "suggestion");
        undo_.remember(disk_.runs, run.id);
        disk_.runs.emplace(run.id, run);
    }

    void update_run(const Run& run, bool edited) {
        Run& stored = changing(disk_.runs, run.id, "run");
        // What a run is created with never changes.
        Run next = run;
        next.sweep = stored.sweep;
        next.number = stored.number;
        if (!edited) next.name = stored.name;
        next.origin = stored.origin;
        next.suggestion = stored.suggestion;
        if (!edited) next.config = stored.config;
        next.created_at = stored.created_at;
        stored = std::move(next);
    }

    void write_attempt(const Attempt& attempt) {
        require(disk_.runs, attempt.run, "run");
        const std::pair key(attempt.run, attempt.attempt);
        undo_.remember(disk_.attempts, key);
        disk_.attempts[key] = attempt;
    }

    void write_metrics(const MetricLines& lines) {
        require(disk_.runs, lines.run, "run");
        const std::pair key(lines.run, lines.attempt);
        if (!disk_.metrics.contains(key)) undo_.remember(disk_.metrics, key);
        auto& history = disk_.metrics[key];
        std::uint64_t number = lines.first_line;
        for (const std::string& line : lines.lines) {
            undo_.remember(history, number);
            history[number++] = line;
        }
    }

    void append_event(const AuditEvent& event) {
        if (!disk_.events.empty() && event.id <= disk_.events.back().id) {
            throw std::runtime_error("event " + std::to_string(event.id) + " is there already");
        }
        disk_.events.push_back(event);
        undo_.then([&events = disk_.events] { events.pop_back(); });
    }

    void erase_run(const RunId& id) {
        const Run& run = changing(disk_.runs, id, "run");
        release(disk_.numbers, run.sweep, run.number);
        if (run.suggestion) release(disk_.suggestions, run.sweep, *run.suggestion);
        erase_of_run(disk_.attempts, id);
        erase_of_run(disk_.metrics, id);
        erase_of_run(disk_.streams, id);
        erase_of_run(disk_.files, id);
        if (disk_.details.contains(id)) {
            undo_.remember(disk_.details, id);
            disk_.details.erase(id);
        }
        disk_.runs.erase(id);
    }

    /// Removes the entries whose key begins with this run.
    template <typename Map>
    void erase_of_run(Map& map, const RunId& run) {
        auto at = map.lower_bound({run, {}});
        while (at != map.end() && at->first.first == run) {
            undo_.remember(map, at->first);
            at = map.erase(at);
        }
    }

    void erase_sweep(const SweepId& id) {
        (void)changing(disk_.sweeps, id, "sweep");
        std::vector<RunId> runs;
        for (const auto& [run_id, run] : disk_.runs) {
            if (run.sweep == id) runs.push_back(run_id);
        }
        for (const RunId& run : runs)
            erase_run(run);
        disk_.sweeps.erase(id);
    }

    /// Never back: see the SQLite store.
    void raise_serials(const Serials& given) {
        Serials& serials = disk_.serials;
        serials.next_sweep = std::max(serials.next_sweep, given.next_sweep);
        serials.next_run = std::max(serials.next_run, given.next_run);
        serials.next_fence = std::max(serials.next_fence, given.next_fence);
        serials.next_event = std::max(serials.next_event, given.next_event);
    }

    MemoryDisk& disk_;
    Undo undo_;
};

}  // namespace

MemoryStore::MemoryStore(std::shared_ptr<MemoryDisk> disk, std::function<void()> wake)
    : disk_(std::move(disk)), wake_(std::move(wake)) {}

Snapshot MemoryStore::load() {
    write(waiting());
    Snapshot snapshot;
    for (const auto& [id, sweep] : disk_->sweeps)
        snapshot.sweeps.push_back(sweep);
    for (const auto& [id, run] : disk_->runs) {
        if (!run.settled()) snapshot.runs.push_back(run);
    }
    const auto in_order = [](const Run& left, const Run& right) {
        return std::pair(left.sweep, left.number) < std::pair(right.sweep, right.number);
    };
    std::sort(snapshot.runs.begin(), snapshot.runs.end(), in_order);
    for (const auto& [id, agent] : disk_->agents)
        snapshot.agents.push_back(agent);
    for (auto at = disk_->skipped_serials.lower_bound(disk_->serials.next_run);
         at != disk_->skipped_serials.end(); ++at) {
        snapshot.skipped_serials.push_back(*at);
    }
    snapshot.serials = disk_->serials;
    snapshot.id_key = disk_->id_key;
    return snapshot;
}

void MemoryStore::commit(Changes changes, std::function<void(std::optional<StoreError>)> done) {
    queue_.push_back(Commit{std::move(changes), std::move(done), epoch_, false, std::nullopt});
    wake_();
}

void MemoryStore::poll() {
    write(queue_.size());
    std::vector<Commit> finished;
    finished.swap(queue_);
    for (Commit& commit : finished) {
        if (commit.error) {
            ++epoch_;
            commit.error->changes = std::move(commit.changes);
        }
        commit.done(std::move(commit.error));
    }
}

std::optional<Run> MemoryStore::find_run(const RunId& id) {
    write(queue_.size());
    const auto found = disk_->runs.find(id);
    if (found == disk_->runs.end()) return std::nullopt;
    return found->second;
}

std::optional<Run> MemoryStore::find_run_named(const std::string& entity,
                                               const std::string& project,
                                               const std::string& name) {
    write(queue_.size());
    const auto here = [&](const Run& run) {
        const SweepRecord& sweep = disk_->sweeps.at(run.sweep).record;
        return sweep.entity == entity && sweep.project == project;
    };
    for (const auto& [id, run] : disk_->runs) {
        if (run.client && run.client->wire_name == name && here(run)) return run;
    }
    const auto found = disk_->runs.find(RunId{name});
    if (found == disk_->runs.end() || !here(found->second)) return std::nullopt;
    return found->second;
}

std::optional<BestRun> MemoryStore::best_without(const SweepId& id, const RunId& without) {
    write(queue_.size());
    const auto sweep = disk_->sweeps.find(id);
    if (sweep == disk_->sweeps.end()) return std::nullopt;
    const bool maximize = sweep->second.record.metric_maximize;
    std::vector<const Run*> runs;
    for (const auto& [run_id, run] : disk_->runs) {
        if (run.sweep == id && run_id != without) runs.push_back(&run);
    }
    std::sort(runs.begin(), runs.end(),
              [](const Run* left, const Run* right) { return left->number < right->number; });
    std::optional<BestRun> best;
    for (const Run* run : runs) {
        for (const MetricSummary& metric : run->summary) {
            if (metric.name != sweep->second.record.metric_name || metric.count == 0) continue;
            const double value = maximize ? metric.max : metric.min;
            if (!best || (maximize ? value > best->value : value < best->value)) {
                best = BestRun{run->id, value};
            }
        }
    }
    return best;
}

std::size_t MemoryStore::waiting() const {
    return static_cast<std::size_t>(
        std::count_if(queue_.begin(), queue_.end(),
                      [](const Commit& commit) { return !commit.written && !commit.error; }));
}

void MemoryStore::write(std::size_t count) {
    for (Commit& commit : queue_) {
        if (count == 0) return;
        if (commit.written || commit.error) continue;
        write(commit);
        --count;
    }
}

void MemoryStore::write(Commit& commit) {
    if (failed_ && commit.epoch <= failed_->epoch) {
        commit.error = StoreError{failed_->full,
                                  "not tried, since an earlier commit failed: " + failed_->message};
        return;
    }
    try {
        if (disk_->full) throw std::runtime_error("the disk is full");
        DiskWrite(*disk_).write(commit.changes);
        commit.written = true;
    } catch (const std::runtime_error& error) {
        failed_ = Failed{commit.epoch, disk_->full, error.what()};
        commit.error = StoreError{disk_->full, error.what()};
    }
}

}  // namespace sweepctl
