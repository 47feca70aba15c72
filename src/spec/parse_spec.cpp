#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include "spec/fields.hpp"
#include "spec/parse_command.hpp"
#include "spec/parse_extension.hpp"
#include "spec/parse_metric.hpp"
#include "spec/parse_parameters.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

namespace sweepctl {

namespace {

const std::vector<std::string_view>& known_keys() {
    static const std::vector<std::string_view> keys{
        "method",   "parameters", "program",   "command", "name",      "description",
        "entity",   "project",    "metric",    "metrics", "run_cap",   "early_terminate",
        "sweepctl", "controller", "scheduler", "job",     "image_uri", "apiVersion",
        "kind",     "settings",   "launch",    "imports"};
    return keys;
}

class SpecReader {
public:
    SpecReader(const YamlNode& root, const SpecOptions& options, Findings& findings)
        : options_(options), findings_(findings), fields_(root, "", findings) {}

    SweepSpec read() {
        const std::optional<Method> method = read_method();
        if (method) spec_.method = *method;
        read_parameters(method);
        parse_command(fields_, parameters_, options_, spec_, findings_);
        spec_.name = fields_.name_text("name");
        spec_.description = fields_.name_text("description");
        spec_.project = fields_.name_text("project");
        spec_.entity = fields_.name_text("entity");
        spec_.policy.run_cap =
            fields_.count("run_cap", 1, std::numeric_limits<std::uint64_t>::max());
        read_metric(method);
        if (const YamlNode* node = fields_.map("early_terminate")) read_early_terminate(*node);
        read_foreign_keys();
        if (const YamlNode* node = fields_.map("sweepctl")) {
            parse_extension(*node, parameters_, spec_, findings_);
        }
        if (method) refuse_methods_to_come(*method);
        fields_.refuse_unknown(known_keys(),
                               options_.strict ? Fields::Unknown::refuse : Fields::Unknown::warn,
                               stand_ins_);
        return std::move(spec_);
    }

private:
    [[nodiscard]] const YamlNode* find(std::string_view key) const {
        const YamlNode* node = fields_.node().find(key);
        return node == nullptr || node->is_null() ? nullptr : node;
    }
    void error_at(std::string_view key, std::string message, std::string hint = {}) {
        findings_.error(fields_.node().entry(key)->key_place, std::move(message), std::move(hint));
    }

    /// What a required key stands for. Where it is missing that is said, and what stands under a
    /// key that looks like it is read in its place, so that its mistakes are not left for later.
    const YamlNode* required(std::string_view key, std::string_view hint) {
        if (const YamlNode* node = find(key)) return node;
        const std::string message = "'" + std::string(key) + "' is missing";
        const std::vector<std::string_view>& known = known_keys();
        for (const YamlNode::Entry& entry : fields_.node().entries) {
            if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
            if (did_you_mean(entry.key, {key}).empty()) continue;
            findings_.error(
                entry.key_place, message,
                "is '" + shown(entry.key) + "' meant to be '" + std::string(key) + "'?");
            stand_ins_.emplace_back(entry.key);
            return entry.value->is_null() ? nullptr : entry.value;
        }
        findings_.error(fields_.node().place, message, std::string(hint));
        return nullptr;
    }

    std::optional<Method> read_method() {
        constexpr std::array methods{Method::grid, Method::random, Method::bayes, Method::custom};
        method_node_ = required(
            "method", "write 'method: grid' to try every combination, or 'method: random'");
        if (method_node_ == nullptr) return std::nullopt;
        const YamlNode& node = *method_node_;
        const std::vector<std::string_view> words{"grid", "random", "bayes", "custom"};
        for (std::size_t i = 0; i < words.size(); ++i) {
            if (node.kind == YamlNode::Kind::scalar && node.text == words[i]) return methods[i];
        }
        findings_.error(node.place,
                        node.kind == YamlNode::Kind::scalar
                            ? "unknown method '" + shown(node.text) + "'"
                            : "'method' must be a text, not " + node.described(),
                        suggest(node.text, {"grid", "random", "bayes"}));
        return std::nullopt;
    }

    void read_parameters(std::optional<Method> method) {
        const YamlNode* scheduler = find("scheduler");
        const bool elsewhere = scheduler != nullptr && scheduler->find("search_space") != nullptr;
        const YamlNode* node = required(
            "parameters", elsewhere ? "'scheduler.search_space' is not acted on: list them here"
                                    : "a parameter looks like 'lr: {min: 0.001, max: 0.1}'");
        if (node == nullptr) return;
        ParsedParameters parsed = parse_parameters(*node, method, findings_);
        spec_.space = std::move(parsed.space);
        parameters_ = std::move(parsed.paths);
    }

    void read_metric(std::optional<Method> method) {
        if (const YamlNode* node = fields_.map("metric")) parse_metric(*node, spec_, findings_);
        if (const YamlNode* node = fields_.get("metrics")) {
            check_metrics(*node, findings_);
            if (find("metric") != nullptr) {
                error_at("metrics", "both 'metric' and 'metrics' are there", "keep one of the two");
            }
            if (method && *method != Method::custom) {
                error_at("metrics",
                         "'metrics' goes with 'method: custom' only, not with '" +
                             std::string(to_string(*method)) + "'",
                         "name the one that counts under 'metric'");
            }
        }
        if (method == Method::bayes && find("metric") == nullptr) {
            findings_.error(method_node_->place, "'method: bayes' needs a 'metric'",
                            "write 'metric: {name: val_loss, goal: minimize}'");
        }
    }

    void read_early_terminate(const YamlNode& node) {
        parse_early_terminate(node, spec_, findings_);
        if (find("metric") == nullptr) {
            error_at("early_terminate", "'early_terminate' needs a 'metric'",
                     "write 'metric: {name: val_loss, goal: minimize}'");
        }
    }

    /// Keys of W&B that mean nothing here: their worst mistakes, then that they mean nothing.
    void read_foreign_keys() {
        if (const YamlNode* controller = fields_.map("controller")) {
            Fields fields(*controller, "controller", findings_);
            const auto type = fields.word("type", {"local", "cloud"});
            if (controller->find("type") == nullptr) {
                fields.error(*controller, "'controller.type' is missing", "known: local, cloud");
            }
            if (type == 0 && find("scheduler") != nullptr) {
                error_at("scheduler", "'scheduler' does not go with 'controller: {type: local}'",
                         "keep one of the two");
            }
        }
        if (const YamlNode* scheduler = fields_.map("scheduler")) {
            Fields fields(*scheduler, "scheduler", findings_);
            static_cast<void>(fields.word("engine", {"optuna", "ax", "wandb"}));
            for (const char* key : {"optimizer", "search_space"}) {
                if (scheduler->find(key) == nullptr || scheduler->find("source") != nullptr)
                    continue;
                findings_.error(scheduler->entry(key)->key_place,
                                std::string("'scheduler.") + key + "' needs 'scheduler.source'");
            }
            if (find("early_terminate") != nullptr) {
                error_at("scheduler", "'scheduler' does not go with 'early_terminate'",
                         "keep one of the two");
            }
        }
        std::string ignored;
        const YamlNode::Entry* first = nullptr;
        for (const YamlNode::Entry& entry : fields_.node().entries) {
            constexpr std::array<std::string_view, 6> foreign{"job",       "image_uri", "launch",
                                                              "scheduler", "settings",  "imports"};
            if (std::find(foreign.begin(), foreign.end(), entry.key) == foreign.end()) continue;
            if (first == nullptr) first = &entry;
            ignored.append(ignored.empty() ? "'" : ", '").append(entry.key).append("'");
        }
        if (first != nullptr) {
            findings_.warning(first->key_place, "not acted on: " + ignored,
                              "sweepctl runs the program on its own agents");
        }
    }

    void refuse_methods_to_come(Method method) {
        switch (method) {
            case Method::grid:
            case Method::random: return;
            case Method::bayes:
                if (find("parameters") != nullptr && !has_choice()) {
                    error_at("parameters", "'method: bayes' needs a parameter that can vary",
                             "all parameters here have one value");
                }
                return;
            case Method::custom:
                if (find("scheduler") == nullptr) {
                    findings_.error(method_node_->place, "'method: custom' needs a 'scheduler'");
                }
                break;
        }
        findings_.error(
            method_node_->place,
            "method '" + std::string(to_string(method)) + "' is not in this version yet",
            "use 'method: grid', 'method: random' or 'method: bayes'");
    }
    [[nodiscard]] bool has_choice() const {
        const auto& parameters = spec_.space.parameters;
        return std::any_of(parameters.begin(), parameters.end(), [](const Parameter& parameter) {
            return !std::holds_alternative<Constant>(parameter.distribution);
        });
    }

    const SpecOptions& options_;
    Findings& findings_;
    Fields fields_;
    SweepSpec spec_;
    const YamlNode* method_node_ = nullptr;
    std::vector<std::vector<std::string>> parameters_;
    std::vector<std::string_view> stand_ins_;  ///< keys read in the place of missing ones
};

}  // namespace

ParsedSpec parse_spec(std::string_view text, const SpecOptions& options) {
    Findings findings;
    ParsedSpec parsed;
    const YamlDocument document = parse_yaml(text, findings);
    const YamlNode* root = document.root();
    if (root == nullptr || root->is_null() ||
        (root->kind != YamlNode::Kind::scalar && root->items.empty() && root->entries.empty())) {
        if (!findings.has_errors()) {
            findings.error({}, "the spec is empty",
                           "it needs at least 'program', 'method' and 'parameters'");
        }
    } else if (root->kind != YamlNode::Kind::map) {
        const bool colon =
            root->kind == YamlNode::Kind::scalar && root->text.find(':') != std::string::npos;
        findings.error(
            root->place, "the spec must be a map of keys, not " + root->described(),
            colon ? "a space is missing after the ':'" : "it begins like 'method: random'");
    } else {
        SweepSpec spec = SpecReader(*root, options, findings).read();
        spec.text = text;
        if (!findings.has_errors()) parsed.spec = std::move(spec);
    }
    parsed.diagnostics = findings.take();
    return parsed;
}

}  // namespace sweepctl
