// search_bench quality OUT METHOD,... PROBLEM,... PARALLEL BUDGET SEED0 SEED1
//     appends a line for each checkpoint of each experiment that OUT does not have yet
// search_bench time OUT
//     appends the CPU time of single suggestions with long histories
// search_bench problem NAME SEED
//     for other programs: prints the space as JSON, then for each line that it reads (a JSON list
//     of values) "TRUTH OBSERVED FAILED"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/search/strategies.hpp"

#include "experiment.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <numeric>
#include <set>
#include <sstream>
#include <string>
#include <tuple>

using namespace sweepctl;
using namespace sweepctl::bench;

namespace {

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string word; std::getline(stream, word, ',');)
        result.push_back(word);
    return result;
}

void quality(const std::vector<std::string>& arguments) {
    const std::string& out = arguments[0];
    const auto parallel = std::stoul(arguments[3]);
    const auto budget = std::stoul(arguments[4]);
    std::set<std::string> have;
    {
        std::ifstream before(out);
        for (std::string line; std::getline(before, line);) {
            const auto fields = words(line);
            if (fields.size() > 4 && std::strtoul(fields[4].c_str(), nullptr, 10) >= budget)
                have.insert(fields[0] + fields[1] + "," + fields[2] + "," + fields[3]);
        }
    }
    std::vector<std::size_t> at;
    for (const std::size_t n : {10UL, 20UL, 25UL, 50UL, 75UL, 100UL, 150UL, 200UL, 500UL, 1000UL}) {
        if (n < budget) at.push_back(n);
    }
    at.push_back(budget);
    std::ofstream file(out, std::ios::app | std::ios::ate);
    if (file.tellp() == 0) file << "problem,method,par,seed,n,val,best_true,cpu_ms\n";
    for (auto seed = std::stoul(arguments[5]); seed < std::stoul(arguments[6]); ++seed) {
        for (const std::string& name : words(arguments[2])) {
            const Problem made = problem(name);
            for (const std::string& method : words(arguments[1])) {
                const std::string key =
                    name + method + "," + std::to_string(parallel) + "," + std::to_string(seed);
                if (have.contains(key)) continue;
                for (const Reached& r :
                     experiment(made, method == "random" ? Method::random : Method::bayes, parallel,
                                at, seed)) {
                    file << name << "," << method << "," << parallel << "," << seed << "," << r.runs
                         << "," << r.value << "," << r.best << "," << r.cpu_ms << "\n";
                }
                file.flush();
            }
        }
    }
}

void time_suggestions(const std::string& out) {
    std::ofstream file(out, std::ios::app);
    file << "method,d,n,cpu_ms_median,cpu_ms_mean,call_ms_max,reps\n";
    for (const char* name : {"levy2", "levy6", "levy20"}) {
        const Problem made = problem(name);
        SearchOptions options;
        options.method = Method::bayes;
        options.seed = 1;
        const auto random = make_random(made.space, 3);
        for (const std::uint64_t n :
             {10UL, 100UL, 300UL, 1000UL, 3000UL, 10000UL, 30000UL, 100000UL}) {
            const auto memory = make_strategy(made.space, options)->memory();
            for (std::uint64_t k = 0; k < n; ++k) {
                const Config config = *random->suggest(k, {});
                const double y = made.truth(values_of(made, config));
                memory->observe({k, config, RunFate::finished, MetricValues{y, y, y}});
            }
            std::vector<double> took;
            double longest = 0;
            const std::uint64_t reps = 40;
            Config config;
            for (std::uint64_t i = 0; i < reps; ++i) {
                double all = 0;
                const auto timed = [&](auto&& call) {
                    const double before = cpu_ms();
                    call();
                    const double each = cpu_ms() - before;
                    all += each;
                    longest = std::max(longest, each);
                };
                // As the controller: the answer to a run's end, and then what nobody waits for.
                if (i > 0) {
                    const double y = made.truth(values_of(made, config));
                    const Observation end{n + i - 1, config, RunFate::finished,
                                          MetricValues{y, y, y}};
                    timed([&] { memory->observe(end); });
                }
                while (!memory->ready(n + i))
                    timed([&] { memory->prepare(n + i); });
                timed([&] { config = *memory->suggest(n + i); });
                timed([&] {
                    memory->observe({n + i, config, RunFate::pending, std::nullopt});
                });
                for (bool more = true; more;)
                    timed([&] { more = memory->prepare_ahead(); });
                // The first one reads the history anew, once in a controller's life.
                if (i > 0) took.push_back(all);
            }
            const double mean = std::accumulate(took.begin(), took.end(), 0.0) /
                                static_cast<double>(took.size());
            file << "sweepctl," << made.space.parameters.size() << "," << n << "," << median(took)
                 << "," << mean << "," << longest << "," << reps << "\n";
            file.flush();
        }
    }
}

ParamMap described(const Parameter& parameter) {
    ParamMap map{{"name", parameter.path.front()}};
    if (const auto* choice = std::get_if<Categorical>(&parameter.distribution)) {
        map.emplace_back("kind", "category");
        map.emplace_back("values", ParamList(choice->values));
    } else if (const auto* range = std::get_if<IntUniform>(&parameter.distribution)) {
        map.emplace_back("kind", "int");
        map.emplace_back("low", range->min);
        map.emplace_back("high", range->max);
        map.emplace_back("log", false);
    } else if (const auto* uniform = std::get_if<Uniform>(&parameter.distribution)) {
        const bool whole = uniform->quantum.has_value();
        map.emplace_back("kind", whole ? "int" : "float");
        map.emplace_back("low", whole ? ParamValue(static_cast<std::int64_t>(uniform->min))
                                      : ParamValue(uniform->min));
        map.emplace_back("high", whole ? ParamValue(static_cast<std::int64_t>(uniform->max))
                                       : ParamValue(uniform->max));
        map.emplace_back("log", uniform->scale != Scale::linear);
    }
    return map;
}

void serve_problem(const std::string& name, std::uint64_t seed) {
    const Problem made = problem(name);
    ParamList space;
    for (const Parameter& parameter : made.space.parameters)
        space.emplace_back(described(parameter));
    std::cout << to_json(ParamMap{{"optimum", made.optimum}, {"space", std::move(space)}})
              << std::endl;
    Dice noise(5000 + seed);
    std::cout.precision(17);
    for (std::string line; std::getline(std::cin, line);) {
        const Result<ParamValue, JsonError> values = parse_json(line);
        const Values& list = *values->get_if<ParamList>();
        std::cout << made.truth(list) << " " << made.observe(list, noise) << " "
                  << (made.fails && made.fails(list)) << std::endl;
    }
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    if (arguments.size() == 8 && arguments[0] == "quality") {
        quality({arguments.begin() + 1, arguments.end()});
    } else if (arguments.size() == 2 && arguments[0] == "time") {
        time_suggestions(arguments[1]);
    } else if (arguments.size() == 3 && arguments[0] == "problem") {
        serve_problem(arguments[1], std::stoul(arguments[2]));
    } else {
        std::cerr << "search_bench quality OUT METHODS PROBLEMS PARALLEL BUDGET SEED0 SEED1\n"
                     "search_bench time OUT\n"
                     "search_bench problem NAME SEED\n";
        return 2;
    }
    return 0;
}
