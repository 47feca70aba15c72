// What early stopping costs, and what it saves.
//
//   early_stop_bench judge RUNS VALUES
//       so many runs log so many values each, in turns; for each rule: "RULE SECONDS STOPPED"
//   early_stop_bench replay TABLE WORKERS SEEDS
//       512 real trainings in random order on so many workers, as if they ran, for each rule of the
//       reference; TABLE is examples/replay/alexnet.csv unpacked. A line each:
//       "RULE EPOCHS GPU_SHARE BEST BEST_AT_5% BEST_AT_10%", medians over the seeds

#include "sweepctl/core/early_stop.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <optional>
#include <queue>
#include <random>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace sweepctl;

struct NamedRule {
    std::string name;
    std::optional<EarlyStopRule> rule;
};

HyperbandRule hyperband(std::uint64_t min_iter, double eta, bool strict) {
    return {min_iter, std::nullopt, std::nullopt, eta, strict};
}

const std::vector<NamedRule> kRules{
    {"none", std::nullopt},
    {"hyperband, min_iter 3, eta 3, strict", hyperband(3, 3, true)},
    {"hyperband, min_iter 3, eta 3, loose", hyperband(3, 3, false)},
    {"hyperband, min_iter 9, eta 3, strict", hyperband(9, 3, true)},
    {"hyperband, min_iter 4, eta 2, strict", hyperband(4, 2, true)},
    {"asha, min_iter 3, eta 3", AshaRule{3, 3}},
    {"asha, min_iter 4, eta 2", AshaRule{4, 2}},
    {"asha, min_iter 9, eta 3 (default)", AshaRule{}},
    {"median, min_iter 5, min_runs 5 (default)", MedianRule{}},
    {"median, min_iter 10, min_runs 5", MedianRule{10, 5}},
};

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const std::size_t n = values.size();
    return (values[(n - 1) / 2] + values[n / 2]) / 2;
}

// --- judge

int judge(std::size_t runs, std::size_t values) {
    std::mt19937_64 random(1);
    std::uniform_real_distribution<double> uniform(0, 1);
    std::vector<double> level(runs);
    for (double& each : level)
        each = uniform(random);
    std::vector<double> logged(runs * values);
    for (std::size_t i = 0; i < logged.size(); ++i) {
        // Curves that fall, of runs that differ.
        const auto step = static_cast<double>(i / runs + 1);
        logged[i] = level[i % runs] + 1 / step + 0.05 * uniform(random);
    }
    for (const NamedRule& named : kRules) {
        if (!named.rule) continue;
        std::vector<double> seconds;
        std::size_t stopped = 0;
        for (int repeat = 0; repeat < 5; ++repeat) {
            stopped = 0;
            EarlyStopping engine(*named.rule, Goal::minimize);
            const auto begin = std::chrono::steady_clock::now();
            for (std::size_t i = 0; i < logged.size(); ++i)
                stopped += engine.take(i % runs, logged[i]).stop ? 1 : 0;
            const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
            seconds.push_back(took.count());
        }
        std::printf("%-42s %.4f s, %zu of %zu values found hopeless\n", named.name.c_str(),
                    median(seconds), stopped, logged.size());
    }
    return 0;
}

// --- replay

struct Training {
    std::vector<double> seconds;  ///< of each epoch
    std::vector<double> accuracy;
};

std::vector<double> numbers(const std::string& text) {
    std::istringstream words(text);
    std::vector<double> out;
    for (double number = 0; words >> number;)
        out.push_back(number);
    return out;
}

std::vector<Training> read_table(const char* path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    std::vector<Training> table;
    while (std::getline(file, line)) {
        const std::size_t last = line.rfind(',');
        const std::size_t before = line.rfind(',', last - 1);
        table.push_back(
            {numbers(line.substr(before + 1, last - before - 1)), numbers(line.substr(last + 1))});
    }
    return table;
}

struct Played {
    double epochs = 0;
    double gpu_seconds = 0;
    double wall_seconds = 0;
    double best = 0;
    std::vector<std::pair<double, double>> bests;  ///< when, how good

    [[nodiscard]] double best_at(double time) const {
        double found = 0;
        for (const auto& [when, value] : bests) {
            if (when <= time) found = value;
        }
        return found;
    }
};

/// Each worker takes the next training when its last one ended or was stopped.
Played simulate(const std::vector<Training>& table,
                const std::vector<std::size_t>& order,
                std::size_t workers,
                const std::optional<EarlyStopRule>& rule) {
    std::optional<EarlyStopping> engine;
    if (rule) engine.emplace(*rule, Goal::maximize);
    struct Epoch {
        double at = 0;
        std::size_t run = 0;
        std::size_t number = 0;  ///< from 0
        bool operator>(const Epoch& other) const {
            return std::pair(at, run) > std::pair(other.at, other.run);
        }
    };
    std::priority_queue<Epoch, std::vector<Epoch>, std::greater<>> epochs;
    Played result;
    std::size_t next = 0;
    const auto start = [&](double now) {
        while (next < order.size() && table[order[next]].accuracy.empty())
            ++next;  // It diverged before its first epoch ended.
        if (next == order.size()) return;
        epochs.push({now + table[order[next]].seconds[0], order[next], 0});
        ++next;
    };
    for (std::size_t worker = 0; worker < workers; ++worker)
        start(0);
    while (!epochs.empty()) {
        const Epoch epoch = epochs.top();
        epochs.pop();
        const Training& training = table[epoch.run];
        const double value = training.accuracy[epoch.number];
        ++result.epochs;
        result.gpu_seconds += training.seconds[epoch.number];
        result.wall_seconds = epoch.at;
        if (value > result.best) {
            result.best = value;
            result.bests.emplace_back(epoch.at, value);
        }
        const bool over = epoch.number + 1 == training.accuracy.size();
        const bool stop = engine && engine->take(epoch.run, value).stop;
        if (over || stop) {
            start(epoch.at);
        } else {
            epochs.push(
                {epoch.at + training.seconds[epoch.number + 1], epoch.run, epoch.number + 1});
        }
    }
    return result;
}

int replay(const char* path, std::size_t workers, std::uint64_t seeds) {
    const std::vector<Training> table = read_table(path);
    if (table.empty()) {
        std::fprintf(stderr, "early_stop_bench: cannot read %s\n", path);
        return 1;
    }
    for (const NamedRule& named : kRules) {
        std::vector<double> epochs;
        std::vector<double> share;
        std::vector<double> best;
        std::vector<double> at5;
        std::vector<double> at10;
        for (std::uint64_t seed = 0; seed < seeds; ++seed) {
            std::vector<std::size_t> order(table.size());
            std::iota(order.begin(), order.end(), 0);
            std::shuffle(order.begin(), order.end(), std::mt19937_64(seed));
            const Played none = simulate(table, order, workers, std::nullopt);
            const Played with = simulate(table, order, workers, named.rule);
            epochs.push_back(with.epochs);
            share.push_back(with.gpu_seconds / none.gpu_seconds);
            best.push_back(with.best);
            at5.push_back(with.best_at(0.05 * none.wall_seconds));
            at10.push_back(with.best_at(0.10 * none.wall_seconds));
        }
        std::printf("| %s | %.0f | %.2f | %.4f | %.4f | %.4f |\n", named.name.c_str(),
                    median(epochs), median(share), median(best), median(at5), median(at10));
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "judge" && argc == 4) {
        return judge(std::strtoull(argv[2], nullptr, 10), std::strtoull(argv[3], nullptr, 10));
    }
    if (what == "replay" && argc == 5) {
        return replay(argv[2], std::strtoull(argv[3], nullptr, 10),
                      std::strtoull(argv[4], nullptr, 10));
    }
    std::fprintf(stderr,
                 "usage: early_stop_bench judge RUNS VALUES | replay TABLE WORKERS SEEDS\n");
    return 2;
}
