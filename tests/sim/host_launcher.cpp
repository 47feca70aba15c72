#include "sim/host_launcher.hpp"

#include "sweepctl/agent/run_files.hpp"

#include <algorithm>

namespace sweepctl::sim {

// --- The launcher
// ---------------------------------------------------------------------------------------

HostLauncher::HostLauncher(Host& host, Agenda& agenda, LifeRef agent, Enter enter)
    : host_(host), agenda_(agenda), agent_(std::move(agent)), enter_(std::move(enter)) {
    host_.on_journal = [this] { soon([this] { read_journal(); }); };
    host_.on_runner_exit = [this](int pid) {
        soon([this, pid] {
            for (const auto& [key, watched] : watched_) {
                if (watched.pid != pid || watched.over) continue;
                runner_ended(Key(key));
                return;
            }
        });
    };
}

HostLauncher::~HostLauncher() {
    host_.on_journal = [] {};
    host_.on_runner_exit = [](int) {};
}

/// From the agent's loop, a moment later: no event happens inside a call.
void HostLauncher::soon(Agenda::Task task) {
    agenda_.after(agenda_.random.between(Duration{0}, Duration{2}), agent_,
                  [this, task = std::move(task)] { enter_(task); });
}

std::vector<JournalRecord> HostLauncher::recover() {
    read_ = host_.journal.size();
    for (const JournalRecord& record : host_.journal)
        note(record);
    return host_.journal;
}

void HostLauncher::note(const JournalRecord& record) {
    Noted& noted = noted_[{run_of(record), attempt_of(record)}];
    noted.started = true;
    if (std::holds_alternative<Started>(record)) {
        noted.drained = false;
    } else if (const auto* ended = std::get_if<Ended>(&record)) {
        noted.drained = ended->drained;
    } else {
        noted.drained = true;
    }
}

void HostLauncher::read_journal() {
    if (read_ == host_.journal.size()) return;
    const std::vector<JournalRecord> records(
        host_.journal.begin() + static_cast<std::ptrdiff_t>(read_), host_.journal.end());
    read_ = host_.journal.size();
    for (const JournalRecord& record : records)
        note(record);
    events_->journal(records);
}

void HostLauncher::launch(LaunchRequest request) {
    const Key key{request.run, request.attempt};
    Watched& watched = watched_[key];
    if (!watched.over && watched.pid) throw Foul("launch of " + key.first.text + ", which lives");
    watched = {};
    noted_.erase(key);
    forgotten_.erase(key);
    host_.start_runner(std::move(request), agent_,
                       {[this, key](const LaunchFailure& failure) {
                            soon([this, key, failure] { launch_failed(key, failure); });
                        },
                        [this, key](int pid) {
                            Watched& born = watched_.at(key);
                            born.pid = pid;
                            for (const auto& [order, signal] : std::exchange(born.orders, {}))
                                host_.order(pid, order, signal);
                        }});
}

void HostLauncher::launch_failed(const Key& key, const LaunchFailure& failure) {
    watched_.erase(key);
    events_->launch_failed(key.first, key.second, failure);
}

bool HostLauncher::adopt(const RunId& run, std::uint32_t attempt, const RunnerIdentity& runner) {
    const Key key{run, attempt};
    Watched& watched = watched_[key];
    watched.pid = runner.pid;
    if (host_.runner_alive(runner)) return true;
    watched.pid = -1;  // Another process may have this number by now.
    soon([this, key] { runner_ended(key); });
    return false;
}

void HostLauncher::runner_ended(const Key& key) {
    read_journal();
    const Noted noted = noted_[key];
    if (!noted.started) {
        launch_failed(key, {LaunchStage::runner_lost, 0, {}});
        return;
    }
    watched_.at(key).over = true;
    if (noted.drained) {
        events_->runner_gone(key.first, key.second, 0);
        return;
    }
    agenda_.after(agenda_.random.between(Duration{1}, Duration{300}), agent_,
                  [this, key] { enter_([this, key] { runner_gone(key); }); });
}

void HostLauncher::runner_gone(const Key& key) {
    const int killed = host_.kill_leftovers(key.first, key.second);
    events_->runner_gone(key.first, key.second, killed);
}

bool HostLauncher::signal(const RunId& run,
                          std::uint32_t attempt,
                          RunnerOrder order,
                          int signal_number) {
    const auto found = watched_.find({run, attempt});
    if (found == watched_.end() || found->second.over) return false;
    if (!found->second.pid) {
        found->second.orders.emplace_back(order, signal_number);
        return true;
    }
    host_.order(*found->second.pid, order, signal_number);
    return true;
}

void HostLauncher::forget(const RunId& run, std::uint32_t attempt) {
    forgotten_.insert({run, attempt});
    if (agenda_.random.chance(30)) drop_old_journal();
}

/// A journal is deleted when nobody needs anything in it.
void HostLauncher::drop_old_journal() {
    if (read_ != host_.journal.size() || host_.processes() != 0) return;
    const bool needed = std::any_of(
        host_.journal.begin(), host_.journal.end(), [this](const JournalRecord& record) {
            return !forgotten_.contains({run_of(record), attempt_of(record)});
        });
    if (needed) return;
    host_.journal.clear();
    read_ = 0;
}

// --- The files
// -------------------------------------------------------------------------------------------

HostFiles::HostFiles(Host& host, Agenda& agenda, LifeRef agent, Enter enter)
    : host_(host), agenda_(agenda), agent_(std::move(agent)), enter_(std::move(enter)) {
    host_.on_file = [this](const std::string& path) {
        if (const auto output = outputs_.extract(path)) {
            const auto [run, attempt] = output.mapped();
            agenda_.after(
                agenda_.random.between(Duration{0}, Duration{3}), agent_,
                [this, run = run, attempt = attempt] {
                    enter_([this, run, attempt] { reader_->output_changed(run, attempt); });
                });
        }
        if (!followed_.contains(path)) return;
        agenda_.after(agenda_.random.between(Duration{0}, Duration{3}), agent_, [this, path] {
            enter_([this, path] {
                const auto found = followed_.find(path);
                if (found == followed_.end()) return;
                const auto [run, attempt] = found->second;
                reader_->metrics_changed(run, attempt);
            });
        });
    };
}

void HostFiles::follow(const RunId& run, std::uint32_t attempt, const std::string& path) {
    followed_[path] = {run, attempt};
}

void HostFiles::unfollow(const RunId& run, std::uint32_t attempt) {
    const auto its = [&](const auto& entry) { return entry.second == std::pair(run, attempt); };
    std::erase_if(followed_, its);
    std::erase_if(outputs_, its);
}

void HostFiles::follow_output(const RunId& run, std::uint32_t attempt, const std::string& path) {
    outputs_[path] = {run, attempt};
}

MetricsChunk HostFiles::read_metrics(const std::string& path,
                                     std::uint64_t offset,
                                     MetricsFormat format,
                                     bool final) {
    const auto file = host_.files.find(path);
    if (file == host_.files.end() || offset >= file->second.size()) return {offset, {}, false, {}};
    constexpr std::size_t kPiece = 200;  // Small, so that files come in several.
    const std::string_view rest = std::string_view(file->second).substr(offset);
    const bool whole = rest.size() <= kPiece;
    return metrics_lines(rest.substr(0, kPiece), offset, final && whole, format);
}

std::string HostFiles::locate(const std::string& sweeps_dir,
                              const RunId& run,
                              std::uint32_t attempt) {
    constexpr std::string_view kEnding = ".log";
    const std::string name = "/" + run.text + "." + std::to_string(attempt) + ".log";
    for (const auto& [path, content] : host_.files) {
        if (path.starts_with(sweeps_dir) && path.ends_with(name))
            return path.substr(0, path.size() - kEnding.size());
    }
    return {};
}

LogChunk HostFiles::read_log(const std::string&, std::uint64_t, std::uint32_t) {
    return {};
}

std::vector<std::string> HostFiles::environment_of(int pid) {
    const LaunchRequest* request = host_.request_of(pid);
    return request == nullptr ? std::vector<std::string>{} : request->env;
}

std::optional<int> HostFiles::program_pid(int runner_pid) {
    if (host_.request_of(runner_pid) == nullptr) return std::nullopt;
    return runner_pid + 100'000;
}

}  // namespace sweepctl::sim
