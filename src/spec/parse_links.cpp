#include "spec/parse_links.hpp"

#include "sweepctl/base/counted.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/store/run_filter.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>
#include <utility>

namespace sweepctl {

namespace {

/// How many unknown names get a hint: more than that nobody is shown anyway.
constexpr std::size_t kHintsMax = 100;

/// A grid knows how many cells it has by trying all combinations of what conditions look at.
constexpr double kCombinationsMax = 100'000;

std::string dotted_name(const std::vector<std::string>& path) {
    std::string name;
    for (const std::string& level : path)
        name.append(name.empty() ? "" : ".").append(level);
    return name;
}

/// A filter's keys are parameters here.
class ConfigValues final : public RunValues {
public:
    explicit ConfigValues(const Config& config) : config_(config) {}
    [[nodiscard]] const ParamValue* value(const RunKey& key) const override {
        return find_path(config_, key.name);
    }

private:
    const Config& config_;
};

/// About how many values a grid has of it.
double values_in_grid(const Distribution& distribution) {
    if (const auto* choice = std::get_if<Categorical>(&distribution))
        return static_cast<double>(choice->values.size());
    if (const auto* range = std::get_if<IntUniform>(&distribution))
        return static_cast<double>(range->max) - static_cast<double>(range->min) + 1;
    const auto* uniform = std::get_if<Uniform>(&distribution);
    if (uniform == nullptr || !uniform->quantum) return 1;
    return (uniform->max - uniform->min) / uniform->quantum->q + 1;
}

}  // namespace

LinksReader::LinksReader(const std::vector<std::vector<std::string>>& paths,
                         SweepSpec& spec,
                         Findings& findings)
    : spec_(spec), findings_(findings) {
    const std::vector<Parameter>& known = spec.space.parameters;
    for (std::size_t i = 0; i < known.size(); ++i)
        parameters_.try_emplace(dotted_name(known[i].path), Named{i});
    for (const std::vector<std::string>& path : paths)
        parameters_.try_emplace(dotted_name(path), Named{});
}

std::string LinksReader::name_of(std::size_t parameter) const {
    return dotted_name(spec_.space.parameters[parameter].path);
}

/// nullptr: there is none of that name, which is an error.
const LinksReader::Named* LinksReader::named(Place place,
                                             const std::string& name,
                                             const std::string& where) {
    if (const auto found = parameters_.find(name); found != parameters_.end())
        return &found->second;
    std::string hint;
    if (++unknown_ <= kHintsMax) {
        std::vector<std::string_view> names;
        for (const auto& known : parameters_)
            names.emplace_back(known.first);
        hint = suggest(name, names);
    }
    findings_.error(place, "'" + where + "' names '" + shown(name) + "', which is no parameter",
                    std::move(hint));
    return nullptr;
}

// --- zip
// -------------------------------------------------------------------------------------------------

void LinksReader::read_zip(const YamlNode& groups) {
    for (const YamlNode* names : groups.items)
        read_group(*names);
}

void LinksReader::read_group(const YamlNode& names) {
    if (names.kind != YamlNode::Kind::list || names.items.size() < 2) {
        return findings_.error(names.place,
                               "'sweepctl.zip' takes lists of parameters that vary together, two "
                               "or more in each",
                               "write '[[a, b]]'");
    }
    std::vector<std::size_t> group;
    std::optional<std::size_t> length;
    for (const YamlNode* name : names.items) {
        const Named* parameter = named(name->place, name->text, "sweepctl.zip");
        if (parameter == nullptr || !parameter->index) continue;
        const std::size_t index = *parameter->index;
        const std::string called = "parameter '" + shown(name->text) + "'";
        const auto* choice = std::get_if<Categorical>(&spec_.space.parameters[index].distribution);
        if (choice == nullptr || !choice->probabilities.empty()) {
            findings_.error(name->place,
                            called + (choice == nullptr ? " has no list of values to vary together"
                                                        : " has probabilities of its own"),
                            "zipped parameters have 'values' and nothing else");
            continue;
        }
        const auto has = [&](const std::vector<std::size_t>& other) {
            return std::find(other.begin(), other.end(), index) != other.end();
        };
        if (has(group) || std::any_of(spec_.space.zips.begin(), spec_.space.zips.end(), has)) {
            findings_.error(name->place, called + " is zipped twice");
            continue;
        }
        if (length && *length != choice->values.size()) {
            findings_.error(name->place,
                            called + " has " + counted(choice->values.size(), "value") +
                                ", those it varies with have " + std::to_string(*length));
        }
        length = choice->values.size();
        group.push_back(index);
    }
    std::sort(group.begin(), group.end());
    if (group.size() > 1) spec_.space.zips.push_back(std::move(group));
}

// --- when
// ------------------------------------------------------------------------------------------------

void LinksReader::read_when(const YamlNode& conditions, Place key_place) {
    for (const YamlNode::Entry& entry : conditions.entries)
        read_condition(entry);
    check_zipped_conditions();
    put_in_order();
    if (spec_.method == Method::grid) check_combinations(key_place);
}

void LinksReader::read_condition(const YamlNode::Entry& entry) {
    const std::string where = "sweepctl.when." + shown(entry.key);
    const Named* parameter = named(entry.key_place, entry.key, "sweepctl.when");
    const Place place = entry.value->place;
    const auto* text = entry.value->reading.value.get_if<std::string>();
    if (text == nullptr) {
        return findings_.error(place,
                               "'" + where + "' must be a filter, not " + entry.value->described(),
                               "write it as a text, as in \"optimizer = sgd\"");
    }
    Result<RunFilter, FilterError> parsed = parse_run_filter(*text);
    if (!parsed) {
        return findings_.error(place,
                               "'" + where + "' cannot be read at character " +
                                   std::to_string(parsed.error().offset + 1) + ": " +
                                   parsed.error().message,
                               "a filter looks like \"optimizer = sgd and depth > 2\"");
    }
    const auto filter = std::make_shared<RunFilter>(std::move(parsed).value());
    std::set<std::size_t> reads;
    bool readable = true;
    for (const RunKey* key : filter->keys()) {
        if (key->source == KeySource::summary ||
            (key->source == KeySource::field && parameters_.contains(key->name))) {
            findings_.error(place, "'" + where + "' looks at the run's '" + shown(key->name) + "'",
                            "a parameter of that name is 'config." + shown(key->name) + "'");
            readable = false;
            continue;
        }
        const Named* read = named(place, key->name, where);
        readable = readable && read != nullptr && read->index;
        if (readable) reads.insert(*read->index);
    }
    if (!readable || parameter == nullptr || !parameter->index) return;
    if (reads.contains(*parameter->index)) {
        return findings_.error(place, "'" + where + "' looks at itself",
                               "it can depend on the other parameters");
    }
    const std::string macro = "${" + entry.key + "}";
    for (const std::string& item : spec_.program.command) {
        if (item.find(macro) == std::string::npos) continue;
        findings_.error(place,
                        "'" + shown(entry.key) + "' is absent where '" + where +
                            "' does not hold, but the command has '" + shown(macro) + "'",
                        "${args} leaves out what is absent");
    }
    Condition condition;
    condition.parameter = *parameter->index;
    condition.reads.assign(reads.begin(), reads.end());
    condition.text = *text;
    condition.holds = [filter](const Config& config) {
        return filter->matches(ConfigValues(config));
    };
    spec_.space.conditions.push_back(std::move(condition));
    places_.push_back(place);
}

/// Parameters that vary together are there together.
void LinksReader::check_zipped_conditions() {
    const std::vector<Condition>& conditions = spec_.space.conditions;
    for (const std::vector<std::size_t>& group : spec_.space.zips) {
        std::set<std::string> texts;
        std::size_t count = 0;
        Place place;
        for (std::size_t i = 0; i < conditions.size(); ++i) {
            if (!std::binary_search(group.begin(), group.end(), conditions[i].parameter)) continue;
            place = places_[i];
            ++count;
            texts.insert(conditions[i].text);
        }
        if (count == 0 || (count == group.size() && texts.size() == 1)) continue;
        findings_.error(place,
                        "'sweepctl.when." + shown(name_of(group.front())) +
                            "' and those it is zipped with must have the same condition, or none",
                        "give '" + shown(name_of(group.front())) + "' and '" +
                            shown(name_of(group.back())) + "' the same text");
    }
}

/// Each after those that it looks at.
void LinksReader::put_in_order() {
    std::vector<Condition>& conditions = spec_.space.conditions;
    std::vector<Condition> ordered;
    std::set<std::size_t> waiting;  // parameters whose condition is not in `ordered` yet
    for (const Condition& condition : conditions)
        waiting.insert(condition.parameter);
    while (ordered.size() < conditions.size()) {
        const std::size_t before = ordered.size();
        for (const Condition& condition : conditions) {
            if (!waiting.contains(condition.parameter)) continue;
            const bool ready =
                std::none_of(condition.reads.begin(), condition.reads.end(),
                             [&](std::size_t read) { return waiting.contains(read); });
            if (!ready) continue;
            waiting.erase(condition.parameter);
            ordered.push_back(condition);
        }
        if (ordered.size() > before) continue;
        for (std::size_t i = 0; i < conditions.size(); ++i) {
            if (!waiting.contains(conditions[i].parameter)) continue;
            findings_.error(places_[i], "'sweepctl.when." +
                                            shown(name_of(conditions[i].parameter)) +
                                            "' depends on itself by way of other conditions");
        }
        return;
    }
    conditions = std::move(ordered);
}

void LinksReader::check_combinations(Place key_place) {
    std::set<std::size_t> looked_at;
    for (const Condition& condition : spec_.space.conditions) {
        for (std::size_t read : condition.reads) {
            for (const std::vector<std::size_t>& group : spec_.space.zips) {
                if (std::binary_search(group.begin(), group.end(), read)) read = group.front();
            }
            looked_at.insert(read);
        }
    }
    double combinations = 1;
    for (const std::size_t parameter : looked_at)
        combinations *= values_in_grid(spec_.space.parameters[parameter].distribution);
    if (combinations <= kCombinationsMax) return;
    findings_.error(key_place,
                    "'sweepctl.when' looks at parameters of too many combinations for a grid",
                    "a grid tries all of them to know its size, 100,000 at most");
}

}  // namespace sweepctl
