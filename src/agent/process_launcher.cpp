#include "sweepctl/agent/process_launcher.hpp"

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/check.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/runner/contract.hpp"

#include "agent/exit_watch.hpp"
#include "agent/journal_shelf.hpp"
#include "agent/launch_pool.hpp"
#include "agent/process_table.hpp"
#include "agent/watched_run.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <functional>
#include <map>
#include <system_error>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sweepctl {

namespace {

using Descriptor =
    boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

constexpr std::chrono::milliseconds kBetweenLooks{10};

class ProcessLauncher final : public Launcher {
public:
    ProcessLauncher(boost::asio::io_context& context,
                    ProcessLauncherOptions options,
                    LauncherEvents& events)
        : context_(context),
          events_(events),
          setting_(std::move(options.runner_path), options.force_posix_spawn),
          mark_(std::move(options.run_mark)),
          order_patience_(options.order_patience),
          inotify_(context),
          watch_descriptor_(context),
          next_look_(context),
          shelf_(std::move(options.journal_directory),
                 options.journal_bytes_max,
                 setting_.null.get(),
                 [this](const std::string& path) { watch(path); }),
          pool_(setting_, watch_, options.threads, [this] { results_are_there(); }) {
        watch_descriptor_.assign(watch_.descriptor());
        wait_for_exits();
        const int inotify = ::inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        if (inotify >= 0) {
            inotify_.assign(inotify);
            wait_for_journal();
        } else {
            follow_by_polling("inotify cannot be had", errno);
        }
    }

    ~ProcessLauncher() override {
        settle();
        watch_descriptor_.release();  // It belongs to watch_.
    }

    std::vector<JournalRecord> recover() override {
        std::vector<JournalRecord> records;
        shelf_.recover([&](std::uint64_t journal, JournalRecord record) {
            take_note(journal, record);
            records.push_back(std::move(record));
        });
        return records;
    }

    void launch(LaunchRequest request) override {
        WatchedRun& watched = find_or_add(request.run, request.attempt);
        SWEEPCTL_CHECK(watched.phase == WatchedRun::Phase::over);
        let_go_of_journal(watched);
        watched.phase = WatchedRun::Phase::launching;
        watched.started = watched.ended = watched.drained = watched.forgotten = false;
        watched.orders.clear();
        watched.kill_delay = request.kill_delay;
        try {
            const JournalShelf::Current journal = shelf_.take();
            watched.journal = journal.number;
            watched.writing = true;
            pool_.submit(std::move(request), watched.number, journal.fd);
        } catch (const std::system_error& error) {
            const LaunchFailure failure{LaunchStage::journal, error.code().value(),
                                        shelf_.directory()};
            later(watched, [this, failure](WatchedRun& failed) { launch_failed(failed, failure); });
        }
    }

    bool adopt(const RunId& run, std::uint32_t attempt, const RunnerIdentity& runner) override {
        WatchedRun& watched = find_or_add(run, attempt);
        SWEEPCTL_CHECK(watched.phase == WatchedRun::Phase::over);
        watched.phase = WatchedRun::Phase::live;
        watched.started = true;
        if (watched.journal) {
            shelf_.add_writer(*watched.journal);
            watched.writing = true;
        }
        // Whether it may have left something behind.
        bool hunted = runner.boot_id == setting_.boot;
        if (hunted) {
            UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, runner.pid, 0)));
            // Opened first and compared then: now the descriptor means the process of that start
            // time, or one that is gone.
            if (pidfd.valid() && process_start_time(runner.pid) == runner.start_time) {
                hunted = false;
                if (writes_to_us(watched, runner.pid)) {
                    if (const int error = watch_.add(pidfd.get(), watched.number))
                        throw std::system_error(
                            error, std::system_category(),
                            "cannot watch the runner of run '" + run.text + "'");
                    take_over(watched, runner.pid, std::move(pidfd));
                    return true;
                }
                log_warn("run ", run.text, ": its runner, pid ", runner.pid,
                         ", belongs to the directory that this one is a copy of");
            }
        }
        later(watched, [this, hunted](WatchedRun& gone) {
            read_journals();  // It may have written since they were recovered.
            if (hunted) {
                runner_gone(gone, std::nullopt);
            } else {
                over(gone, 0);
            }
        });
        return false;
    }

    bool signal(const RunId& run,
                std::uint32_t attempt,
                RunnerOrder order,
                int signal_number) override {
        const auto found = runs_.find({run, attempt});
        if (found == runs_.end()) return false;
        WatchedRun& watched = *found->second;
        switch (watched.phase) {
            case WatchedRun::Phase::launching:
                watched.orders.push_back({order, signal_number});
                pool_.wake_me();
                absorb_results();
                return true;
            case WatchedRun::Phase::live:
                return watched.pidfd.valid() && send_order(watched, {order, signal_number});
            case WatchedRun::Phase::leaving:
            case WatchedRun::Phase::over: return false;
        }
        std::abort();
    }

    void forget(const RunId& run, std::uint32_t attempt) override {
        const auto found = runs_.find({run, attempt});
        if (found == runs_.end()) return;
        found->second->forgotten = true;
        drop_if_forgotten(found);
    }

private:
    using Key = std::pair<RunId, std::uint32_t>;
    using WatchedRuns = std::map<Key, std::shared_ptr<WatchedRun>>;

    // Owned by nobody else: a shared_ptr so that a callback can tell whether it is still there.
    WatchedRun& find_or_add(const RunId& run, std::uint32_t attempt) {
        auto [place, is_new] = runs_.try_emplace({run, attempt});
        if (is_new) {
            place->second = std::make_shared<WatchedRun>();
            place->second->run = run;
            place->second->attempt = attempt;
            place->second->number = ++last_number_;
            by_number_[last_number_] = place->second.get();
        }
        return *place->second;
    }

    /// Does it from the loop, not inside the agent's call.
    template <typename Task>
    void later(WatchedRun& watched, Task task) {
        std::weak_ptr<WatchedRun> weak = runs_.at({watched.run, watched.attempt});
        post(context_, [weak = std::move(weak), task = std::move(task)] {
            if (const auto still_there = weak.lock()) task(*still_there);
        });
    }

    // --- the journal

    void watch(const std::string& path) {
        if (!inotify_.is_open()) return;
        if (::inotify_add_watch(inotify_.native_handle(), path.c_str(), IN_MODIFY) < 0)
            follow_by_polling("'" + path + "' cannot be watched", errno);
    }

    void follow_by_polling(const std::string& why, int error) {
        if (polling_) return;
        polling_ = true;
        log_warn(why, ": ", std::generic_category().message(error),
                 "; looking into the exit journal ten times a second");
        poll_again();
    }

    void poll_again() {
        next_look_.after(std::chrono::milliseconds(100), [this] {
            poll_again();
            read_journals();
        });
    }

    void wait_for_journal() {
        inotify_.async_wait(Descriptor::wait_read, [this, alive = std::weak_ptr(alive_)](
                                                       const boost::system::error_code& error) {
            if (error || alive.expired()) return;
            std::array<char, 4096> events;
            while (::read(inotify_.native_handle(), events.data(), events.size()) > 0) {
            }
            // Not before a while has passed: of a run that is short the whole story is read
            // at its end.
            if (!polling_) next_look_.after(kBetweenLooks, [this] { wait_for_journal(); });
            read_journals();
        });
    }

    void read_journals() {
        std::vector<JournalRecord> records;
        shelf_.read_new([&](std::uint64_t journal, JournalRecord record) {
            take_note(journal, record);
            records.push_back(std::move(record));
        });
        if (!records.empty()) events_.journal(records);
    }

    void take_note(std::uint64_t journal, const JournalRecord& record) {
        WatchedRun& watched = find_or_add(run_of(record), attempt_of(record));
        if (!watched.journal) {
            shelf_.hold(journal);
            watched.journal = journal;
        }
        if (watched.journal != journal) return;  // Of an earlier claim, which is over.
        watched.started = true;
        watched.ended = !std::holds_alternative<Started>(record);
        if (!watched.ended) {
            watched.drained = false;
        } else if (const auto* ended = std::get_if<Ended>(&record)) {
            watched.drained = ended->drained;
        } else {
            watched.drained = true;
        }
    }

    /// In a copy of a state directory the records speak of the original's runners.
    [[nodiscard]] bool writes_to_us(const WatchedRun& watched, int runner) const {
        struct stat ours {};
        struct stat its {};
        const std::string opened =
            "/proc/" + std::to_string(runner) + "/fd/" + std::to_string(contract::kJournalFd);
        return watched.journal && ::stat(shelf_.path(*watched.journal).c_str(), &ours) == 0 &&
               ::stat(opened.c_str(), &its) == 0 && ours.st_dev == its.st_dev &&
               ours.st_ino == its.st_ino;
    }

    void stop_writing(WatchedRun& watched) {
        if (std::exchange(watched.writing, false)) shelf_.remove_writer(*watched.journal);
    }

    void let_go_of_journal(WatchedRun& watched) {
        if (const auto journal = std::exchange(watched.journal, std::nullopt))
            shelf_.release(*journal);
    }

    // --- launches

    void results_are_there() {  // On a launcher thread.
        post(context_, [this, alive = std::weak_ptr(alive_)] {
            if (!alive.expired()) absorb_results();
        });
    }

    /// Tells the agent nothing, so it may be called inside a call.
    void absorb_results() {
        for (LaunchPool::Result& result : pool_.take_results()) {
            WatchedRun& watched = *by_number_.at(result.number);
            shelf_.launched(*watched.journal);
            if (result.failure) {
                later(watched, [this, failure = *result.failure](WatchedRun& failed) {
                    launch_failed(failed, failure);
                });
            } else if (!result.runner.pidfd.valid()) {
                watched.phase = WatchedRun::Phase::live;
                watched.pid = result.runner.pid;
                runners_.insert(watched.pid);
                later(watched, [this](WatchedRun& unwatched) { give_up(unwatched); });
            } else {
                take_over(watched, result.runner.pid, std::move(result.runner.pidfd));
                for (const OrderToRunner& order : std::exchange(watched.orders, {}))
                    send_order(watched, order);
            }
        }
    }

    /// A runner that cannot be watched would be lost to us.
    void give_up(WatchedRun& watched) {
        log_error("run ", watched.run.text,
                  ": no descriptor was left to watch its runner with, killing it");
        ::kill(watched.pid, SIGKILL);
        siginfo_t info;
        ::waitid(P_PID, static_cast<id_t>(watched.pid), &info, WEXITED | WNOWAIT);
        read_journals();
        conclude(watched);
    }

    void launch_failed(WatchedRun& watched, const LaunchFailure& failure) {
        stop_writing(watched);
        watched.phase = WatchedRun::Phase::over;
        watched.forgotten = true;  // It left no record that anybody needs.
        const RunId run = watched.run;
        const std::uint32_t attempt = watched.attempt;
        drop_if_forgotten(runs_.find({run, attempt}));
        events_.launch_failed(run, attempt, failure);
    }

    // --- runners

    void take_over(WatchedRun& watched, int pid, UniqueFd pidfd) {
        watched.phase = WatchedRun::Phase::live;
        watched.pid = pid;
        watched.pidfd = std::move(pidfd);
        runners_.insert(pid);
    }

    void wait_for_exits() {
        watch_descriptor_.async_wait(
            Descriptor::wait_read,
            [this, alive = std::weak_ptr(alive_)](const boost::system::error_code& error) {
                if (error || alive.expired()) return;
                wait_for_exits();
                while (take_exits()) {
                }
            });
    }

    /// False: there was none.
    bool take_exits() {
        const std::vector<std::uint64_t> numbers = watch_.ended();
        if (numbers.empty()) return false;
        absorb_results();
        for (const std::uint64_t number : numbers)
            stop_watching(*by_number_.at(number));
        read_journals();  // All that they have written is there by now.
        for (const std::uint64_t number : numbers) {
            // What the agent does when it is told of one must not harm the next.
            const auto found = by_number_.find(number);
            if (found != by_number_.end() && found->second->phase == WatchedRun::Phase::live)
                conclude(*found->second);
        }
        return true;
    }

    void stop_watching(WatchedRun& watched) {
        if (!watched.pidfd.valid()) return;
        watch_.remove(watched.pidfd.get());
        watched.pidfd.reset();
    }

    bool send_order(WatchedRun& watched, const OrderToRunner& order) {
        const int error = send_to_runner(watched.pidfd.get(), order);
        if (error == 0) {
            if (order.order == RunnerOrder::kill) {
                check_after(watched, order_patience_);
            } else if (order.order != RunnerOrder::forward && !watched.check) {
                check_after(watched, std::max(order_patience_, watched.kill_delay));
            }
            return true;
        }
        if (error != ESRCH)
            log_warn("run ", watched.run.text, ": an order could not be sent to its runner: ",
                     std::generic_category().message(error));
        return false;
    }

    void check_after(WatchedRun& watched, std::chrono::milliseconds pause) {
        if (!watched.check) watched.check.emplace(context_);
        watched.check->after(pause, [this, &watched] { check(watched); });
    }

    /// By now the run would have been killed. A runner that somebody keeps from doing so, stopped
    /// or in a debugger, is taken along; what it leaves is hunted as after any death of a runner.
    void check(WatchedRun& watched) {
        if (!watched.pidfd.valid()) return;
        if (!ignores_orders(watched.pid)) return check_after(watched, order_patience_);
        log_warn("run ", watched.run.text, ": its runner, pid ", watched.pid,
                 ", takes no orders, killing it");
        ::syscall(SYS_pidfd_send_signal, watched.pidfd.get(), SIGKILL, nullptr, 0);
    }

    /// The runner is dead, and its records were read. Its zombie, if it is our child, is kept until
    /// we know that it has left nothing behind: meanwhile its session's number means nothing else.
    void conclude(WatchedRun& watched) {
        siginfo_t info{};
        if (!watched.started &&
            ::waitid(P_PID, static_cast<id_t>(watched.pid), &info, WEXITED | WNOHANG | WNOWAIT) ==
                0 &&
            info.si_pid != 0) {
            reap(watched);
            launch_failed(watched, failure_without_start(info));
        } else {
            runner_gone(watched, watched.pid);
        }
    }

    static LaunchFailure failure_without_start(const siginfo_t& info) {
        if (info.si_code != CLD_EXITED) return {LaunchStage::runner_lost, 0, {}};
        if (info.si_status >= contract::kExitNoStartRecord)
            return {LaunchStage::start_record, info.si_status - contract::kExitNoStartRecord, {}};
        if (info.si_status == contract::kExitAgentGone) return {LaunchStage::runner, ESRCH, {}};
        if (info.si_status == contract::kExitNoProc) return {LaunchStage::runner, ENOENT, "/proc"};
        return {LaunchStage::runner, EINVAL, {}};
    }

    /// `session`: its number, if it cannot have been given to others yet.
    void runner_gone(WatchedRun& watched, std::optional<int> session) {
        if (watched.drained) {
            over(watched, 0);
            return;
        }
        watched.phase = WatchedRun::Phase::leaving;
        watched.hunt.emplace(watched.run, watched.attempt, mark_, session);
        watched.next_pass.emplace(context_);
        hunt(watched);
    }

    void hunt(WatchedRun& watched) {
        // A runner that is just being started is a child of ours that nobody knows yet.
        pool_.pause();
        const bool done = watched.hunt->pass(
            [this](int pid) { return runners_.contains(pid) || pool_.has_started(pid); });
        pool_.resume();
        if (done) {
            over(watched, watched.hunt->killed());
            return;
        }
        watched.next_pass->after(watched.pass_pause, [this, &watched] { hunt(watched); });
        watched.pass_pause = std::min(watched.pass_pause * 2, std::chrono::milliseconds(1000));
    }

    void over(WatchedRun& watched, int leftovers_killed) {
        reap(watched);
        stop_writing(watched);
        watched.phase = WatchedRun::Phase::over;
        watched.check.reset();
        watched.hunt.reset();
        watched.next_pass.reset();
        const RunId run = watched.run;
        const std::uint32_t attempt = watched.attempt;
        events_.runner_gone(run, attempt, leftovers_killed);
        if (const auto found = runs_.find({run, attempt}); found != runs_.end())
            drop_if_forgotten(found);
    }

    void reap(WatchedRun& watched) {
        stop_watching(watched);
        if (watched.pid == 0) return;
        runners_.erase(watched.pid);
        siginfo_t info;
        ::waitid(P_PID, static_cast<id_t>(watched.pid), &info, WEXITED | WNOHANG);
        watched.pid = 0;
    }

    void drop_if_forgotten(WatchedRuns::iterator place) {
        WatchedRun& watched = *place->second;
        if (!watched.forgotten || watched.phase != WatchedRun::Phase::over) return;
        let_go_of_journal(watched);
        by_number_.erase(watched.number);
        runs_.erase(place);
    }

    /// Until they have started their programs, runners die with the thread that started them.
    void settle() {
        pool_.pause();
        absorb_results();
        // The start record comes first, the runner's own life a little later: when it has started
        // the program, or when that has ended already.
        const auto is_starting = [](auto& entry) {
            WatchedRun& watched = *entry.second;
            return watched.pidfd.valid() && !watched.ended && !has_ended(watched.pidfd.get()) &&
                   !program_pid_of(watched.pid);
        };
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
        while (std::any_of(runs_.begin(), runs_.end(), is_starting) &&
               std::chrono::steady_clock::now() < deadline) {
            ::poll(nullptr, 0, 1);
            try {
                shelf_.read_new([this](std::uint64_t journal, const JournalRecord& record) {
                    take_note(journal, record);
                });
            } catch (const std::system_error& error) {
                log_error(error.what());
                return;
            }
        }
    }

    boost::asio::io_context& context_;
    LauncherEvents& events_;
    SpawnSetting setting_;
    std::string mark_;
    std::chrono::milliseconds order_patience_;
    Descriptor inotify_;
    ExitWatch watch_;
    Descriptor watch_descriptor_;
    Timer next_look_;  ///< into the journals
    bool polling_ = false;
    JournalShelf shelf_;
    WatchedRuns runs_;
    std::unordered_map<std::uint64_t, WatchedRun*> by_number_;
    std::uint64_t last_number_ = 0;
    std::unordered_set<int> runners_;  ///< pids of all that are watched
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
    LaunchPool pool_;
};

}  // namespace

std::unique_ptr<Launcher> make_process_launcher(boost::asio::io_context& context,
                                                ProcessLauncherOptions options,
                                                LauncherEvents& events) {
    return std::make_unique<ProcessLauncher>(context, std::move(options), events);
}

}  // namespace sweepctl
