#include "search/shape.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/choice_key.hpp"
#include "sweepctl/search/strategies.hpp"

#include "search/place.hpp"

#include <utility>

namespace sweepctl {

namespace {

/// One parameter for all of `group`: its k-th value is the list of theirs.
Categorical zipped(const SearchSpace& space, const std::vector<std::size_t>& group) {
    Categorical choice;
    const auto values_of = [&](std::size_t parameter) -> const std::vector<ParamValue>& {
        return std::get<Categorical>(space.parameters[parameter].distribution).values;
    };
    for (std::size_t k = 0; k < values_of(group.front()).size(); ++k) {
        ParamList together;
        for (const std::size_t parameter : group)
            together.push_back(values_of(parameter)[k]);
        choice.values.emplace_back(std::move(together));
    }
    return choice;
}

}  // namespace

Shape::Shape(SearchSpace space) : space_(std::move(space)) {
    const std::vector<Parameter>& parameters = space_.parameters;
    parts_.resize(parameters.size());
    condition_of_.resize(parameters.size());
    std::vector<const std::vector<std::size_t>*> group_of(parameters.size(), nullptr);
    for (const std::vector<std::size_t>& group : space_.zips) {
        for (const std::size_t parameter : group)
            group_of[parameter] = &group;
    }
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const std::vector<std::size_t>* group = group_of[i];
        if (group != nullptr && group->front() != i) continue;
        const std::size_t plain = plain_.parameters.size();
        firsts_.push_back(i);
        if (group == nullptr) {
            plain_.parameters.push_back(parameters[i]);
            parts_[i] = {plain, std::nullopt};
            continue;
        }
        plain_.parameters.push_back({parameters[i].path, zipped(space_, *group)});
        for (std::size_t place = 0; place < group->size(); ++place)
            parts_[(*group)[place]] = {plain, place};
    }
    for (std::size_t i = 0; i < space_.conditions.size(); ++i)
        condition_of_[space_.conditions[i].parameter] = i;
}

bool Shape::holds(const Condition& condition, const std::vector<const ParamValue*>& values) const {
    Config seen;
    for (const std::size_t read : condition.reads) {
        if (values[read] != nullptr) place(seen, space_.parameters[read].path, *values[read]);
    }
    return condition.holds(seen);
}

const ParamValue& Shape::part_of(std::size_t parameter, const ParamValue& plain) const {
    const std::optional<std::size_t>& place = parts_[parameter].place;
    return place ? (*plain.get_if<ParamList>())[*place] : plain;
}

Config Shape::widen(const Config& plain) const {
    std::vector<const ParamValue*> values(parts_.size(), nullptr);
    for (std::size_t i = 0; i < parts_.size(); ++i) {
        const ParamValue* value = at_path(plain, plain_.parameters[parts_[i].plain].path);
        SWEEPCTL_CHECK(value != nullptr);
        values[i] = &part_of(i, *value);
    }
    for (const Condition& condition : space_.conditions) {  // Each after those that it reads.
        if (!holds(condition, values)) values[condition.parameter] = nullptr;
    }
    Config config;
    for (std::size_t i = 0; i < values.size(); ++i) {
        if (values[i] != nullptr) place(config, space_.parameters[i].path, *values[i]);
    }
    return config;
}

std::optional<ParamValue> Shape::group_value(std::size_t plain, const Config& config) const {
    const auto& choice = std::get<Categorical>(plain_.parameters[plain].distribution);
    for (const ParamValue& candidate : choice.values) {
        const ParamList& together = *candidate.get_if<ParamList>();
        bool same = true;
        for (std::size_t i = 0; i < parts_.size() && same; ++i) {
            if (parts_[i].plain != plain) continue;
            const ParamValue* value = at_path(config, space_.parameters[i].path);
            same = value == nullptr || same_choice(*value, together[*parts_[i].place]);
        }
        if (same) return candidate;
    }
    return std::nullopt;
}

std::optional<Config> Shape::narrow(const Config& config) const {
    Config out;
    for (std::size_t plain = 0; plain < firsts_.size(); ++plain) {
        const Parameter& parameter = plain_.parameters[plain];
        if (parts_[firsts_[plain]].place) {
            std::optional<ParamValue> value = group_value(plain, config);
            if (!value) return std::nullopt;
            place(out, parameter.path, std::move(*value));
            continue;
        }
        const ParamValue* value = at_path(config, parameter.path);
        place(out, parameter.path,
              value != nullptr ? *value : value_at(parameter.distribution, 0.5));
    }
    return out;
}

}  // namespace sweepctl
