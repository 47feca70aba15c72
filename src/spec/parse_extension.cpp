#include "spec/parse_extension.hpp"

#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/duration.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <string>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::uint64_t kSmallMax = 1'000'000;  ///< for counts of slots, runs, attempts

/// How many unknown names get a hint: more than that nobody is shown anyway.
constexpr std::size_t kHintsMax = 100;

std::string dotted_name(const std::vector<std::string>& path) {
    std::string name;
    for (const std::string& level : path)
        name.append(name.empty() ? "" : ".").append(level);
    return name;
}

class ExtensionReader {
public:
    ExtensionReader(const YamlNode& node,
                    const std::vector<std::vector<std::string>>& paths,
                    SweepSpec& spec,
                    Findings& findings)
        : paths_(paths), spec_(spec), findings_(findings), fields_(node, "sweepctl", findings) {}

    void read() {
        fields_.refuse_unknown({"parallel",          "kill_delay", "straggler_grace",
                                "heartbeat_timeout", "timeout",    "retry",
                                "resources",         "env",        "workdir",
                                "interpreter",       "seed",       "order",
                                "grid_exclusive",    "fail_fast",  "metrics",
                                "forward_signals",   "when",       "zip",
                                "repeats",           "early_stop"},
                               Fields::Unknown::refuse);
        SweepPolicy& policy = spec_.policy;
        ProgramSpec& program = spec_.program;
        if (const auto parallel = fields_.count("parallel", 1, kSmallMax)) {
            policy.parallel = static_cast<std::uint32_t>(*parallel);
        }
        read_duration(fields_, "kill_delay", Duration{0}, program.kill_delay);
        read_duration(fields_, "straggler_grace", Duration{0}, program.straggler_grace);
        read_duration(fields_, "heartbeat_timeout", Duration{1000}, policy.heartbeat_timeout);
        if (Duration timeout{}; read_duration(fields_, "timeout", Duration{1}, timeout)) {
            policy.timeout = timeout;
        }
        if (const YamlNode* retry = fields_.map("retry")) read_retry(*retry);
        if (const YamlNode* resources = fields_.map("resources")) read_resources(*resources);
        if (const YamlNode* env = fields_.map("env")) read_env(*env);
        program.workdir = fields_.text("workdir");
        if (auto interpreter = fields_.text("interpreter")) {
            program.interpreter = std::move(*interpreter);
        }
        spec_.seed = fields_.count("seed", 0, std::numeric_limits<std::uint64_t>::max());
        read_grid_keys();
        if (const YamlNode* fail_fast = fields_.get("fail_fast")) read_fail_fast(*fail_fast);
        if (const YamlNode* metrics = fields_.map("metrics")) read_metrics(*metrics);
        program.forward_signals = fields_.flag("forward_signals").value_or(true);
        if (const YamlNode* early_stop = fields_.map("early_stop")) read_early_stop(*early_stop);
        read_features_to_come();
    }

private:
    /// True: `out` is set.
    bool read_duration(Fields& fields, std::string_view key, Duration min, Duration& out) {
        const YamlNode* node = fields.get(key);
        if (node == nullptr) return false;
        std::optional<Duration> duration;
        if (node->kind == YamlNode::Kind::scalar) {
            findings_.remark(node->place, node->text, node->reading.oddity);
            double scratch = 0;
            const double* seconds = node->reading.value.number(scratch);
            if (seconds == nullptr) {
                duration = parse_duration(node->text);
            } else if (*seconds >= 0 && *seconds <= 3650.0 * 86'400) {
                duration = Duration{static_cast<std::int64_t>(*seconds * 1000)};
            }
        }
        const std::string name = "'" + fields.full_name(key) + "'";
        if (!duration) {
            fields.error(*node, name + " must be a duration, not " + node->described(),
                         "write '30' or '30s' (seconds), '500ms', '5m', '2h' or '1d'");
            return false;
        }
        if (*duration < min) {
            fields.error(*node, name + " must be at least " + duration_text(min) + ", not " +
                                    node->described());
            return false;
        }
        out = *duration;
        return true;
    }

    void read_retry(const YamlNode& node) {
        Fields fields(node, "sweepctl.retry", findings_);
        fields.refuse_unknown({"max", "on"}, Fields::Unknown::refuse);
        RetryPolicy& retry = spec_.policy.retry;
        retry.max = static_cast<std::uint32_t>(fields.count("max", 0, kSmallMax).value_or(0));
        const YamlNode* on = fields.get("on");
        if (on == nullptr) return;
        retry.states.clear();
        if (on->kind == YamlNode::Kind::list) {
            for (const YamlNode* item : on->items)
                read_retry_reason(*item);
        } else {
            read_retry_reason(*on);
        }
    }
    void read_retry_reason(const YamlNode& node) {
        RetryPolicy& retry = spec_.policy.retry;
        if (const auto* code = node.reading.value.get_if<std::int64_t>();
            code != nullptr && *code >= 1 && *code <= 255) {
            retry.exit_codes.push_back(static_cast<int>(*code));
            return;
        }
        const std::vector<std::string_view> words{"failed", "crashed", "killed"};
        for (const std::string_view word : words) {
            if (node.kind != YamlNode::Kind::scalar || node.text != word) continue;
            retry.states.push_back(*run_state_from(word));
            return;
        }
        findings_.error(node.place,
                        "'sweepctl.retry.on' takes states and exit codes, not " + node.described(),
                        suggest(node.text, words) + ", exit codes from 1 to 255");
    }

    void read_resources(const YamlNode& node) {
        Fields fields(node, "sweepctl.resources", findings_);
        fields.refuse_unknown({"cpus", "gpus"}, Fields::Unknown::refuse);
        Resources& resources = spec_.policy.resources;
        resources.cpus = static_cast<std::uint32_t>(fields.count("cpus", 1, kSmallMax).value_or(1));
        resources.gpus = static_cast<std::uint32_t>(fields.count("gpus", 0, kSmallMax).value_or(0));
    }

    /// Values are the texts as written: `RATE: 1e-5` is 1e-5 and `FLAG: on` is on.
    void read_env(const YamlNode& node) {
        constexpr std::array<std::string_view, 10> per_run{
            "WANDB_RUN_ID",      "WANDB_SWEEP_ID",   "WANDB_SWEEP_PARAM_PATH", "SWEEPCTL_RUN_ID",
            "SWEEPCTL_SWEEP_ID", "SWEEPCTL_ATTEMPT", "SWEEPCTL_SLOT",          "SWEEPCTL_METRICS",
            "SWEEPCTL_RUN_DIR",  "SWEEPCTL_REPEAT"};
        for (const YamlNode::Entry& entry : node.entries) {
            const std::string& name = entry.key;
            if (name.empty() ||
                name.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
                findings_.error(entry.key_place,
                                "'" + shown(name) + "' cannot name an environment variable",
                                "letters, digits and '_' make a name");
                continue;
            }
            if (std::find(per_run.begin(), per_run.end(), name) != per_run.end()) {
                findings_.warning(entry.key_place,
                                  "'" + name + "' is set for each run, whatever is written here");
            }
            const YamlNode& value = *entry.value;
            if (value.kind != YamlNode::Kind::scalar || value.is_null()) {
                findings_.error(
                    value.place,
                    "'sweepctl.env." + shown(name) + "' must be a text, not " + value.described(),
                    value.is_null() ? "write \"\" for an empty one" : "");
                continue;
            }
            if (value.text.find('\0') != std::string::npos) {
                findings_.error(value.place, "'sweepctl.env." + shown(name) + "' holds a NUL byte",
                                "take it out");
                continue;
            }
            spec_.program.env.emplace_back(name, value.text);
        }
    }

    void read_grid_keys() {
        constexpr std::array orders{GridOrder::listed, GridOrder::random};
        if (const auto order = fields_.word("order", {"listed", "random"})) {
            spec_.order = orders[*order];
        }
        spec_.grid_exclusive = fields_.flag("grid_exclusive").value_or(false);
        for (const char* key : {"order", "grid_exclusive"}) {
            const YamlNode::Entry* entry = fields_.node().entry(key);
            if (entry == nullptr || spec_.method == Method::grid) continue;
            findings_.warning(entry->key_place,
                              std::string("'sweepctl.") + key + "' says nothing to 'method: " +
                                  std::string(to_string(spec_.method)) + "'",
                              "it is for grids");
        }
    }

    void read_fail_fast(const YamlNode& node) {
        if (const bool* on = node.reading.value.get_if<bool>()) {
            if (!*on) spec_.policy.fail_fast.reset();
            return;
        }
        if (node.kind != YamlNode::Kind::map) {
            return findings_.error(
                node.place, "'sweepctl.fail_fast' must be a map or false, not " + node.described(),
                "write '{runs: 10, within: 30s}', or false to turn it off");
        }
        Fields fields(node, "sweepctl.fail_fast", findings_);
        fields.refuse_unknown({"runs", "within"}, Fields::Unknown::refuse);
        FailFast& fail_fast = spec_.policy.fail_fast.emplace();
        fail_fast.runs =
            static_cast<std::uint32_t>(fields.count("runs", 1, kSmallMax).value_or(fail_fast.runs));
        read_duration(fields, "within", Duration{1}, fail_fast.within);
    }

    void read_metrics(const YamlNode& node) {
        constexpr std::array kinds{StdoutMetrics::none, StdoutMetrics::json, StdoutMetrics::kv};
        Fields fields(node, "sweepctl.metrics", findings_);
        fields.refuse_unknown({"stdout"}, Fields::Unknown::refuse);
        if (const auto kind = fields.word("stdout", {"none", "json", "kv"})) {
            spec_.program.stdout_metrics = kinds[*kind];
        }
    }

    void read_early_stop(const YamlNode& node) {
        constexpr std::uint64_t iterations_max = std::uint64_t{1} << 53U;
        Fields fields(node, "sweepctl.early_stop", findings_);
        if (node.find("type") == nullptr) {
            fields.error(node, "'sweepctl.early_stop.type' is missing", "known: median, asha");
        }
        const auto type = fields.word("type", {"median", "asha"});
        const auto min_iter = fields.count("min_iter", 1, iterations_max);
        const bool twice = spec_.policy.early_stop.has_value();
        if (type == 1) {
            AshaRule rule;
            rule.min_iter = min_iter.value_or(rule.min_iter);
            if (const auto eta = fields.number("eta")) {
                if (*eta <= 1) {
                    fields.error(*node.find("eta"),
                                 "'sweepctl.early_stop.eta' must be above 1, not " +
                                     node.find("eta")->described());
                } else {
                    rule.eta = *eta;
                }
            }
            fields.refuse_unknown({"type", "min_iter", "eta"}, Fields::Unknown::refuse);
            spec_.policy.early_stop = rule;
        } else {
            MedianRule rule;
            rule.min_iter = min_iter.value_or(rule.min_iter);
            rule.min_runs = fields.count("min_runs", 1, kSmallMax).value_or(rule.min_runs);
            fields.refuse_unknown({"type", "min_iter", "min_runs"}, Fields::Unknown::refuse);
            spec_.policy.early_stop = rule;
        }
        if (twice) {
            findings_.error(node.place,
                            "both 'early_terminate' and 'sweepctl.early_stop' are there",
                            "keep one of the two");
        }
        if (!spec_.policy.metric) {
            findings_.error(node.place, "'sweepctl.early_stop' needs a 'metric'",
                            "write 'metric: {name: val_loss, goal: minimize}' at the top");
        }
    }

    /// Checks the shape of what this version does not do, then says so.
    void read_features_to_come() {
        if (const YamlNode* when = fields_.map("when")) {
            for (const YamlNode::Entry& entry : when->entries) {
                check_parameter(entry.key_place, entry.key, "when");
                if (entry.value->reading.value.get_if<std::string>() != nullptr) continue;
                findings_.error(entry.value->place,
                                "'sweepctl.when." + shown(entry.key) + "' must be a filter, not " +
                                    entry.value->described(),
                                "write it as a text, as in \"optimizer = sgd\"");
            }
            not_yet("when");
        }
        if (const YamlNode* zip = fields_.list("zip")) {
            for (const YamlNode* names : zip->items)
                check_zipped(*names);
            not_yet("zip");
        }
        if (fields_.count("repeats", 1, kSmallMax).value_or(1) > 1) not_yet("repeats");
    }
    void not_yet(std::string_view key) {
        findings_.error(fields_.node().entry(key)->key_place,
                        "'sweepctl." + std::string(key) + "' is not in this version yet",
                        "take it out to launch the sweep without it");
    }
    void check_zipped(const YamlNode& names) {
        if (names.kind != YamlNode::Kind::list || names.items.size() < 2) {
            return findings_.error(names.place,
                                   "'sweepctl.zip' takes lists of parameters that vary together, "
                                   "two or more in each",
                                   "write '[[a, b]]'");
        }
        std::optional<std::size_t> length;
        for (const YamlNode* name : names.items) {
            const Parameter* parameter = check_parameter(name->place, name->text, "zip");
            const auto* choice =
                parameter == nullptr ? nullptr : std::get_if<Categorical>(&parameter->distribution);
            if (choice == nullptr) continue;
            if (length && *length != choice->values.size()) {
                findings_.error(name->place, "parameter '" + shown(name->text) + "' has " +
                                                 counted(choice->values.size(), "value") +
                                                 ", those it varies with have " +
                                                 std::to_string(*length));
            }
            length = choice->values.size();
        }
    }
    /// The parameter of a dotted name; nullptr where there is none, which is an error, or where it
    /// is wrong itself.
    const Parameter* check_parameter(Place place, const std::string& name, std::string_view key) {
        if (parameters_.empty()) {
            for (const Parameter& parameter : spec_.space.parameters)
                parameters_.emplace(dotted_name(parameter.path), &parameter);
            for (const std::vector<std::string>& path : paths_)
                parameters_.try_emplace(dotted_name(path), nullptr);
        }
        if (const auto found = parameters_.find(name); found != parameters_.end()) {
            return found->second;
        }
        std::string hint;
        if (++unknown_parameters_ <= kHintsMax) {
            std::vector<std::string_view> names;
            for (const auto& known : parameters_)
                names.emplace_back(known.first);
            hint = suggest(name, names);
        }
        findings_.error(place,
                        "'sweepctl." + std::string(key) + "' names '" + shown(name) +
                            "', which is no parameter",
                        std::move(hint));
        return nullptr;
    }

    const std::vector<std::vector<std::string>>& paths_;
    SweepSpec& spec_;
    Findings& findings_;
    Fields fields_;
    std::map<std::string, const Parameter*> parameters_;  ///< by dotted name, made when needed
    std::size_t unknown_parameters_ = 0;
};

}  // namespace

void parse_extension(const YamlNode& node,
                     const std::vector<std::vector<std::string>>& parameters,
                     SweepSpec& spec,
                     Findings& findings) {
    ExtensionReader(node, parameters, spec, findings).read();
}

}  // namespace sweepctl
