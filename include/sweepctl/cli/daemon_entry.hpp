#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// The verbs that are programs of their own. The command line parses their options and calls them;
// src/app defines them, where the parts they are made of are put together. Each returns the exit
// code, and reports its own errors on stderr or in its log.

namespace sweepctl {

struct ServeOptions {
    std::string home;                    ///< absolute; may not exist yet
    std::optional<std::uint32_t> slots;  ///< of the local agent; none: one a core
    std::optional<std::uint16_t> port;   ///< of TCP; none: the one used last, else 9127, else any
    /// Runs of no sweep whose W&B client is silent for longer have crashed.
    std::optional<std::chrono::milliseconds> heartbeat_timeout;
    std::string log_level = "info";
    /// Where the log goes, appended; empty: stderr.
    std::string log_file;
    /// Written to ("ready\n") and closed once the doors are open; closed without a word when that
    /// fails. -1: nobody waits.
    int ready_fd = -1;
};

struct AgentOptions {
    std::string home;                  ///< absolute
    std::string server;                ///< as ServerAddress::parse() takes it
    std::string token;                 ///< for a server over TCP
    std::optional<std::string> sweep;  ///< serve this one only; an id or a prefix of one
    std::optional<std::uint32_t> slots;
    std::optional<std::vector<std::string>> gpus;   ///< their ids; none: all that it may use
    std::optional<std::uint64_t> count;             ///< leave after so many ended runs
    std::optional<std::uint64_t> count_successful;  ///< leave after so many finished ones
    std::optional<std::uint64_t> max_consecutive_failed_runs;  ///< none: 5; 0: never give up
    std::optional<std::chrono::milliseconds> term_timeout;
    bool forward_signals = true;
    bool local = false;  ///< started by the controller of `home`, whose agent it is
    std::string log_level = "info";
    std::string log_file;  ///< empty: stderr
};

[[nodiscard]] int run_controller(const ServeOptions& options);
[[nodiscard]] int run_agent(const AgentOptions& options);
/// Looks, and changes nothing. 0: all is well; 1: it is not, as it says on stdout.
[[nodiscard]] int run_fsck(const std::string& home, bool json);

}  // namespace sweepctl
