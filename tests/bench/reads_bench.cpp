// What a W&B client's reads cost at the server, in a database of its own:
//
//   reads_bench [RUNS]      prints a line for each read: name, median time and CPU time in
//                           milliseconds, how much came; separated by tabs
//
// RUNS (100,000) runs with eight parameters and five metrics each; every second one has a W&B
// client, with the configuration and the summary as that writes them.

#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/project_reads.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

using namespace sweepctl;

constexpr std::int64_t kLongHistory = 100'000;

double seconds(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

class WaitingStore {
public:
    explicit WaitingStore(const std::string& path)
        : store_(open_sqlite_store(path, [this] {
              const std::lock_guard lock(mutex_);
              woken_ = true;
              changed_.notify_one();
          })) {}
    Snapshot load() { return store_->load(); }
    void commit(Changes changes) {
        bool done = false;
        store_->commit(std::move(changes), [&](std::optional<StoreError> error) {
            if (error) {
                std::fprintf(stderr, "reads_bench: %s\n", error->message.c_str());
                std::exit(1);
            }
            done = true;
        });
        while (!done) {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, [this] { return woken_; });
            woken_ = false;
            lock.unlock();
            store_->poll();
        }
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool woken_ = false;
    std::unique_ptr<Store> store_;
};

Run make_run(std::uint64_t number, const SweepId& sweep, std::uint64_t key, WallTime now) {
    const auto n = static_cast<std::int64_t>(number);
    Run run;
    run.id = RunId{id_text(number, key)};
    run.sweep = sweep;
    run.number = number;
    run.name = "bright-field-" + std::to_string(number);
    run.suggestion = number - 1;
    run.config = {{"batch_size", 32 << (n % 4)},
                  {"dataset", "cifar10"},
                  {"dropout", static_cast<double>(n % 7) * 0.1},
                  {"epochs", 30},
                  {"layers", n % 5 + 1},
                  {"lr", static_cast<double>(n % 1000) * 1e-5},
                  {"optimizer", n % 2 == 0 ? "adam" : "sgd"},
                  {"seed", n}};
    run.created_at = now + Duration{n};
    run.started_at = run.created_at;
    run.heartbeat_at = run.created_at;
    run.host = "node-1";
    run.agent = AgentId{"bench000"};
    run.pid = 1;
    run.state = n % 10 == 0 ? RunState::failed : RunState::finished;
    run.end_reason = EndReason::exit;
    run.exit_code = n % 10 == 0 ? 1 : 0;
    run.ended_at = run.created_at + Duration{60'000};
    for (const char* name : {"accuracy", "epoch", "loss", "val_accuracy", "val_loss"}) {
        MetricSummary metric;
        metric.name = name;
        metric.count = 30;
        metric.first = 1.0;
        metric.min = metric.latest = 1.0 / static_cast<double>(number);
        metric.max = 1.0;
        metric.last = ParamValue(metric.latest);
        run.summary.push_back(std::move(metric));
    }
    return run;
}

/// As wandb.init() and the file stream say it.
void add_client(Changes& changes, Run& run) {
    run.client.emplace();
    run.client->history_lines = 30;
    run.client->last_step = 29;
    RunDetails details;
    details.tags = {"a", "b"};
    details.group = "fold " + std::to_string(run.number % 10);
    details.job_type = "train";
    details.username = "alice";
    std::string config = "{\"_wandb\":{\"value\":{\"cli_version\":\"0.31.0\",\"m\":\"" +
                         std::string(1'000, 'x') + "\"}}";
    for (const auto& [name, value] : run.config)
        config += ",\"" + name + "\":{\"value\":" + to_json(value) + "}";
    details.config_json = config + "}";
    std::string summary = "{\"_step\":29,\"_runtime\":60.5";
    for (const MetricSummary& metric : run.summary)
        summary += ",\"" + metric.name + "\":" + to_json(metric.last);
    details.summary_json = summary + "}";
    changes.details.push_back({run.id, std::move(details)});
}

void fill(const std::string& path, std::uint64_t runs) {
    WaitingStore store(path);
    const Snapshot empty = store.load();
    Serials serials = empty.serials;
    const WallTime now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    const SweepId sweep_id{"sbench00"};
    NewSweep sweep;
    sweep.record.id = sweep_id;
    sweep.record.name = "bench";
    sweep.record.entity = "local";
    sweep.record.project = "digits";
    sweep.record.status = SweepStatus::finished;
    sweep.record.created_at = now;
    sweep.record.next_number = runs + 1;
    sweep.record.metric_name = "loss";
    sweep.record.counts[RunState::finished] = runs;
    sweep.origin.method = "random";
    sweep.origin.spec = "method: random\n";
    Changes first;
    first.serials = serials;
    first.projects = {{"local", "digits", now, std::nullopt}};
    const SweepRecord first_record = sweep.record;
    first.new_sweeps.push_back(std::move(sweep));
    store.commit(std::move(first));
    {
        // One of another project with a long history.
        NewSweep drawer;
        drawer.record = first_record;
        drawer.record.id = SweepId{"dbench00"};
        drawer.record.project = "long";
        drawer.record.loose = true;
        drawer.origin.method = "none";
        Changes changes;
        changes.serials = serials;
        changes.projects = {{"local", "long", now, std::nullopt}};
        Run run = make_run(1, drawer.record.id, empty.id_key, now);
        run.id = RunId{"long0000"};
        run.client.emplace();
        run.client->history_lines = kLongHistory;
        run.client->last_step = kLongHistory - 1;
        changes.new_sweeps.push_back(std::move(drawer));
        StreamLines lines{run.id, RunStream::history, 0, {}};
        for (std::int64_t step = 0; step < kLongHistory; ++step) {
            const std::string number = std::to_string(step);
            lines.lines.push_back("{\"loss\":0." + number + ",\"acc\":0." + number +
                                  ",\"epoch\":3,\"_runtime\":" + number + ".5,\"_step\":" + number +
                                  ",\"_timestamp\":1.7953416e+09}");
        }
        changes.streams.push_back(std::move(lines));
        changes.runs.push_back({std::move(run), true});
        store.commit(std::move(changes));
    }
    for (std::uint64_t number = 1; number <= runs;) {
        Changes changes;
        for (int i = 0; i < 5000 && number <= runs; ++i, ++number) {
            Run run = make_run(number, sweep_id, empty.id_key, now);
            if (number % 2 == 0) {
                add_client(changes, run);
            } else {
                run.metrics_lines = 1;
                changes.metrics.push_back({run.id, 1, 0, {R"({"loss":0.5})"}});
            }
            changes.runs.push_back({std::move(run), true});
        }
        changes.serials = serials;
        store.commit(std::move(changes));
    }
}

ProjectRunsQuery query_of(const std::string& filter, const std::string& order) {
    ProjectRunsQuery query;
    query.entity = "local";
    query.project = "digits";
    query.filter = filter;
    query.order = order;
    return query;
}

[[noreturn]] void fail(const std::string& message) {
    std::fprintf(stderr, "reads_bench: %s\n", message.c_str());
    std::exit(1);
}

class Bench {
public:
    explicit Bench(std::string path) : path_(std::move(path)) {}

    /// Median of a few, each on the same session, as the controller's reader has it.
    template <typename Query>
    void measure(const char* name, const Query& query) {
        std::vector<double> wall;
        std::vector<double> cpu;
        std::uint64_t result = 0;
        read_database(path_, [&](ReadSession& session) {
            for (int i = 0; i < 7; ++i) {
                const double begin = seconds(CLOCK_MONOTONIC);
                const double cpu_begin = seconds(CLOCK_THREAD_CPUTIME_ID);
                result = query(session);
                cpu.push_back((seconds(CLOCK_THREAD_CPUTIME_ID) - cpu_begin) * 1000.0);
                wall.push_back((seconds(CLOCK_MONOTONIC) - begin) * 1000.0);
            }
        });
        std::printf("%s\t%.3f\t%.3f\t%llu\n", name, median(std::move(wall)), median(std::move(cpu)),
                    static_cast<unsigned long long>(result));
    }
    void page(const char* name, const ProjectRunsQuery& query) {
        measure(name, [&](ReadSession& session) {
            const auto page = project_runs(session, query);
            if (!page.ok()) fail(page.error().message);
            return page->runs.size();
        });
    }
    void count(const char* name, const ProjectRunsQuery& query) {
        measure(name, [&](ReadSession& session) {
            const auto count = project_run_count(session, query);
            if (!count.ok()) fail(count.error().message);
            return *count;
        });
    }
    /// Page after page, each with the count, as a client asks for them.
    void listing(const char* name, ProjectRunsQuery query) {
        measure(name, [&](ReadSession& session) {
            std::uint64_t runs = 0;
            query.cursor.clear();
            for (bool more = true; more && runs < 10'000;) {
                const auto page = project_runs(session, query);
                if (!page.ok() || !project_run_count(session, query).ok()) fail("no page");
                runs += page->runs.size();
                more = page->has_next;
                if (more) query.cursor = page->runs.back().cursor;
            }
            return runs;
        });
    }

    void history(const char* name, std::size_t samples, std::int64_t min, std::int64_t max) {
        HistoryQuery query;
        query.samples = samples;
        if (max > min) {
            query.min_step = min;
            query.max_step = max;
        }
        measure(name, [&](ReadSession& session) {
            return history_rows(session, long_run_, query).size();
        });
    }
    void scan(const char* name, bool keyed) {
        measure(name, [&](ReadSession& session) {
            std::uint64_t rows = 0;
            for (std::int64_t at = 0; at < kLongHistory; at += 1'000) {
                HistoryQuery query;
                query.samples = 1'000;
                query.min_step = at;
                query.max_step = at + 1'000;
                if (keyed) query.keys = {"loss", "_step"};
                rows += keyed ? history_objects(session, long_run_, query).size()
                              : history_rows(session, long_run_, query).size();
            }
            return rows;
        });
    }

private:
    std::string path_;
    RunId long_run_{"long0000"};
};

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t runs = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 100'000;
    std::string directory = std::filesystem::temp_directory_path() / "reads_bench.XXXXXX";
    if (::mkdtemp(directory.data()) == nullptr) fail("no temporary directory");
    const std::string path = directory + "/sweepctl.db";
    fill(path, runs);
    Bench bench(path);
    ProjectRunsQuery lazy = query_of("{}", "+created_at");
    lazy.wanted = RunColumns{false, false, false, false};
    bench.page("first page of 50, lazy", lazy);
    bench.page("first page of 50, whole runs", query_of("{}", "+created_at"));
    bench.count("count of all", query_of("{}", ""));
    bench.listing("listing of 10,000 runs in pages of 50, lazy", lazy);
    bench.listing("listing of 10,000 runs, whole", query_of("{}", "+created_at"));
    bench.listing("the same of one sweep",
                  query_of(R"({"$and": [{"sweep": "sbench00"}]})", "+created_at"));
    bench.count("count: config.lr > 0.005", query_of(R"({"config.lr": {"$gt": 0.005}})", ""));
    bench.count("count: config.optimizer.value = adam",
                query_of(R"({"config.optimizer.value": "adam"})", ""));
    bench.count("count: summary_metrics.val_loss < 0.001",
                query_of(R"({"summary_metrics.val_loss": {"$lt": 0.001}})", ""));
    bench.count("count: config and summary",
                query_of(R"({"$and": [{"config.lr": {"$gt": 0.005}},)"
                         R"( {"summary_metrics.loss": {"$lt": 0.001}}]})",
                         ""));
    bench.count("count: state = failed", query_of(R"({"state": "failed"})", ""));
    bench.count("count: display_name ~ 99$",
                query_of(R"({"display_name": {"$regex": "99$"}})", ""));
    bench.count("count: tags = a", query_of(R"({"tags": "a"})", ""));
    bench.count("count: a parameter that none has", query_of(R"({"config.nope": 1})", ""));
    bench.count("count: a metric that none has", query_of(R"({"summary_metrics.nope": 1})", ""));
    bench.history("history of 100,000 steps, 500 samples", 500, 0, 0);
    bench.history("the same, one range of 1,000 steps", 1'000, 70'000, 71'000);
    bench.scan("the same, scanned in ranges of 1,000", false);
    bench.scan("the same, two keys", true);
    bench.page("first page where config.lr > 0.0099 (rare)",
               query_of(R"({"config.lr": {"$gt": 0.0099}})", "+created_at"));
    bench.page("first page by summary_metrics.loss", query_of("{}", "+summary_metrics.loss"));
    bench.page("first page by config.lr.value", query_of("{}", "-config.lr.value"));
    if (std::getenv("KEEP"))
        std::printf("%s\n", path.c_str());
    else
        std::filesystem::remove_all(directory);
    return 0;
}
