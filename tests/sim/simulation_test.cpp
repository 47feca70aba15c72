#include "sim/simulation.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

// Histories of a small cluster under every kind of bad luck. A failing seed names itself; to see
// its history: SWEEPCTL_SIM_SEED=N SWEEPCTL_SIM_TRACE=1 sim_tests "[replay]". What happened in all
// of them, and how often: SWEEPCTL_SIM_COVERAGE=1.

using namespace sweepctl::sim;

namespace {

volatile std::sig_atomic_t current_seed = 0;

/// A broken belief aborts: say in which history.
extern "C" void say_seed(int) {
    std::fprintf(stderr, "sim: aborted in seed %d\n", static_cast<int>(current_seed));
    std::_Exit(1);
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

void play(std::uint64_t first, std::uint64_t count) {
    std::signal(SIGABRT, say_seed);
    Summary total;
    for (std::uint64_t seed = first; seed < first + count; ++seed) {
        current_seed = static_cast<std::sig_atomic_t>(seed);
        const Summary summary = simulate(seed, false);
        INFO(summary.foul);
        INFO("replay: SWEEPCTL_SIM_SEED=" << seed << " SWEEPCTL_SIM_TRACE=1 sim_tests [replay]");
        REQUIRE(summary.foul.empty());
        total.steps += summary.steps;
        total.executions += summary.executions;
        total.commits += summary.commits;
        for (const auto& [what, times] : summary.happened)
            total.happened[what] += times;
    }
    // A quiet world would prove nothing.
    CHECK(total.executions > 5 * count);
    std::printf("%llu histories: %llu steps, %llu programs, %llu commits\n",
                static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(total.steps),
                static_cast<unsigned long long>(total.executions),
                static_cast<unsigned long long>(total.commits));
    if (std::getenv("SWEEPCTL_SIM_COVERAGE") == nullptr) return;
    for (const auto& [what, times] : total.happened)
        std::printf("%9llu  %s\n", static_cast<unsigned long long>(times), what.c_str());
}

}  // namespace

TEST_CASE("sim: whatever happens, every promise is kept", "[sim]") {
    play(number_from("SWEEPCTL_SIM_FIRST", 1), number_from("SWEEPCTL_SIM_COUNT", 250));
}

TEST_CASE("sim: the same for long", "[sim][.slow]") {
    play(1'000'001, 20'000);
}

TEST_CASE("sim: one history again", "[replay][.]") {
    std::signal(SIGABRT, say_seed);
    const std::uint64_t seed = number_from("SWEEPCTL_SIM_SEED", 1);
    const Summary summary = simulate(seed, std::getenv("SWEEPCTL_SIM_TRACE") != nullptr);
    INFO(summary.foul);
    CHECK(summary.foul.empty());
}

TEST_CASE("sim: a seed is a history, to the last step", "[sim]") {
    for (const std::uint64_t seed : {3U, 14U, 159U}) {
        const Summary once = simulate(seed, false);
        const Summary again = simulate(seed, false);
        CHECK(once.steps == again.steps);
        CHECK(once.executions == again.executions);
        CHECK(once.commits == again.commits);
        CHECK(once.foul == again.foul);
    }
}
