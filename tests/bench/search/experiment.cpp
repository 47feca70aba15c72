#include "experiment.hpp"

#include "sweepctl/search/strategies.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <utility>

#include <time.h>

namespace sweepctl::bench {

double cpu_ms() {
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t half = values.size() / 2;
    return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

std::vector<Reached> experiment(const Problem& problem,
                                Method method,
                                std::size_t parallel,
                                const std::vector<std::size_t>& at,
                                std::uint64_t seed) {
    SearchOptions options;
    options.method = method;
    options.seed = seed;
    const auto strategy = make_strategy(problem.space, options);
    const auto memory = strategy->memory();
    Dice durations(1000 + seed);
    Dice noise(5000 + seed);
    std::map<std::pair<double, std::uint64_t>, Config> flying;  // by the time they end

    const std::size_t budget = at.back();
    std::vector<Reached> reached;
    std::uint64_t asked = 0;
    double now = 0;
    double spent = 0;
    double longest = 0;
    constexpr double never = std::numeric_limits<double>::infinity();
    double best_seen = never;
    double value = never;
    double best = never;
    for (std::size_t done = 0; done < budget;) {
        while (flying.size() < parallel && asked < budget) {
            const double before = cpu_ms();
            std::optional<Config> config =
                memory ? memory->suggest(asked) : strategy->suggest(asked, {});
            if (!config) break;
            if (memory) memory->observe({asked, *config, RunFate::pending, std::nullopt});
            const double took = cpu_ms() - before;
            spent += took;
            longest = std::max(longest, took);
            flying.emplace(std::pair(now + 0.5 + durations.uniform(), asked), std::move(*config));
            ++asked;
        }
        if (flying.empty()) break;  // Exhausted.
        if (memory) {               // As the controller, when its orders are on their way.
            const double before = cpu_ms();
            while (memory->prepare_ahead()) {
            }
            spent += cpu_ms() - before;
        }
        const auto ended = flying.extract(flying.begin());
        now = ended.key().first;
        const Values values = values_of(problem, ended.mapped());
        const double truth = problem.truth(values);
        const double seen = problem.observe(values, noise);
        const bool failed = problem.fails && problem.fails(values);
        if (memory) {
            const double before = cpu_ms();
            memory->observe(
                {ended.key().second, ended.mapped(), failed ? RunFate::failed : RunFate::finished,
                 failed ? std::nullopt : std::optional(MetricValues{seen, seen, seen})});
            spent += cpu_ms() - before;
        }
        ++done;
        if (!failed) {
            best = std::min(best, truth);
            if (seen < best_seen) {
                best_seen = seen;
                value = truth;
            }
        }
        if (std::find(at.begin(), at.end(), done) != at.end()) {
            reached.push_back({done, value, best, spent / static_cast<double>(done), longest});
        }
    }
    return reached;
}

}  // namespace sweepctl::bench
