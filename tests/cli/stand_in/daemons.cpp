// In place of the daemons: says what it was told to be, so that a test can look at it.

#include "sweepctl/cli/daemon_entry.hpp"

#include <cstdio>

namespace sweepctl {

namespace {

void say(const char* name, const std::string& value) {
    std::printf("%s %s\n", name, value.c_str());
}

template <typename Number>
std::string text_of(const std::optional<Number>& number) {
    return number ? std::to_string(*number) : "-";
}

}  // namespace

int run_controller(const ServeOptions& options) {
    say("home", options.home);
    say("slots", text_of(options.slots));
    say("port", text_of(options.port));
    say("heartbeat_timeout", options.heartbeat_timeout
                                 ? std::to_string(options.heartbeat_timeout->count()) + " ms"
                                 : "-");
    say("log_level", options.log_level);
    say("log_file", options.log_file);
    return 0;
}

int run_agent(const AgentOptions& options) {
    say("home", options.home);
    say("server", options.server);
    say("token", options.token);
    say("sweep", options.sweep.value_or("-"));
    say("slots", text_of(options.slots));
    std::string gpus = options.gpus ? "" : "-";
    for (const std::string& id : options.gpus.value_or(std::vector<std::string>{}))
        gpus += (gpus.empty() ? "" : ",") + id;
    say("gpus", gpus);
    say("count", text_of(options.count));
    say("count_successful", text_of(options.count_successful));
    say("max_consecutive_failed_runs", text_of(options.max_consecutive_failed_runs));
    say("term_timeout_ms",
        options.term_timeout ? std::to_string(options.term_timeout->count()) : "-");
    say("forward_signals", options.forward_signals ? "true" : "false");
    say("local", options.local ? "true" : "false");
    return 0;
}

int run_fsck(const std::string& home, bool json) {
    say("home", home);
    say("json", json ? "true" : "false");
    return 0;
}

}  // namespace sweepctl
