#include "spec/parse_metric.hpp"

#include <array>
#include <string>

namespace sweepctl {

namespace {

constexpr std::array kGoals{Goal::minimize, Goal::maximize};
constexpr std::array kImputes{Impute::latest, Impute::best, Impute::worst};

/// The metric of a map, with defaults where a key is missing or wrong.
MetricGoal read_goal(Fields& fields) {
    MetricGoal metric;
    if (auto name = fields.name_text("name")) {
        metric.name = std::move(*name);
    } else if (fields.node().find("name") == nullptr) {
        fields.error(fields.node(), "'" + fields.full_name("name") + "' is missing",
                     "it is the key that the program logs, as in 'name: val_loss'");
    }
    if (const auto goal = fields.word("goal", {"minimize", "maximize"}))
        metric.goal = kGoals[*goal];
    metric.target = fields.number("target");
    return metric;
}

/// Positions in a history are exact up to here.
constexpr std::uint64_t kIterationsMax = std::uint64_t{1} << 53U;
/// So many bands nobody means.
constexpr std::uint64_t kBandsMax = 10'000;

}  // namespace

void parse_metric(const YamlNode& node, SweepSpec& spec, Findings& findings) {
    Fields fields(node, "metric", findings);
    spec.policy.metric = read_goal(fields);
    if (const auto impute = fields.word("impute", {"latest", "best", "worst"})) {
        spec.impute = kImputes[*impute];
    }
    const auto running =
        fields.word("impute_while_running", {"latest", "best", "worst", "false", "False", "FALSE"});
    if (running && *running < kImputes.size()) spec.impute_while_running = kImputes[*running];
    fields.refuse_unknown({"name", "goal", "target", "impute", "impute_while_running"},
                          Fields::Unknown::refuse_near);
}

void check_metrics(const YamlNode& node, Findings& findings) {
    if (node.kind != YamlNode::Kind::list || node.items.size() < 2) {
        return findings.error(node.place, "'metrics' must be a list of at least two metrics",
                              "a single one is a map under 'metric'");
    }
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const YamlNode& item = *node.items[i];
        const std::string name = "metrics[" + std::to_string(i) + "]";
        if (item.kind != YamlNode::Kind::map) {
            findings.error(item.place, "'" + name + "' must be a map, not " + item.described());
            continue;
        }
        Fields fields(item, name, findings);
        read_goal(fields);
    }
}

void parse_early_terminate(const YamlNode& node, SweepSpec& spec, Findings& findings) {
    Fields fields(node, "early_terminate", findings);
    fields.refuse_unknown({"type", "min_iter", "max_iter", "s", "eta", "strict"},
                          Fields::Unknown::refuse_near);
    if (node.find("type") == nullptr) {
        fields.error(node, "'early_terminate.type' is missing", "write 'type: hyperband'");
    } else {
        static_cast<void>(fields.word("type", {"hyperband"}));
    }

    HyperbandRule hyperband;
    hyperband.min_iter = fields.count("min_iter", 1, kIterationsMax);
    hyperband.max_iter = fields.count("max_iter", 1, kIterationsMax);
    if (const auto s = fields.count("s", 0, kBandsMax)) {
        hyperband.s = static_cast<std::uint32_t>(*s);
    }
    hyperband.eta = fields.number("eta").value_or(hyperband.eta);
    if (hyperband.eta <= 1) {
        fields.error(*node.find("eta"),
                     "'early_terminate.eta' must be above 1, not " + node.find("eta")->described());
        hyperband.eta = 3;
    }
    hyperband.strict = fields.flag("strict").value_or(hyperband.strict);

    const bool by_max = node.find("max_iter") != nullptr || node.find("s") != nullptr;
    if (node.find("min_iter") == nullptr && !by_max) {
        fields.error(node, "'early_terminate' has neither 'min_iter' nor 'max_iter'",
                     "give it 'min_iter', or 'max_iter' and 's'");
    } else if (by_max && node.find("min_iter") == nullptr) {
        for (const char* key : {"max_iter", "s"}) {
            if (node.find(key) != nullptr) continue;
            fields.error(node, std::string("'early_terminate' has no '") + key + "'",
                         "give it 'min_iter', or 'max_iter' and 's'");
        }
    }
    if (hyperband.max_iter && hyperband.s && bands_of(hyperband).empty()) {
        fields.error(node, "'early_terminate' has no band to stop runs at",
                     "raise 's' or 'max_iter', or lower 'eta'");
    }
    spec.policy.early_stop = hyperband;
}

}  // namespace sweepctl
