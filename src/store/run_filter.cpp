#include "sweepctl/store/run_filter.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"

#include "store/run_filter_node.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace sweepctl {

namespace {

/// As people mean it: 3 equals 3.0, NaN equals NaN, maps are equal in any order.
bool same(const ParamValue& left, const ParamValue& right) {
    double left_scratch = 0.0;
    double right_scratch = 0.0;
    const double* const left_number = left.number(left_scratch);
    const double* const right_number = right.number(right_scratch);
    if (left_number != nullptr && right_number != nullptr) {
        return *left_number == *right_number ||
               (std::isnan(*left_number) && std::isnan(*right_number));
    }
    const auto* left_list = left.get_if<ParamList>();
    const auto* right_list = right.get_if<ParamList>();
    if (left_list != nullptr && right_list != nullptr) {
        return std::equal(left_list->begin(), left_list->end(), right_list->begin(),
                          right_list->end(), same);
    }
    const auto* left_map = left.get_if<ParamMap>();
    const auto* right_map = right.get_if<ParamMap>();
    if (left_map != nullptr && right_map != nullptr) {
        return left_map->size() == right_map->size() &&
               std::all_of(left_map->begin(), left_map->end(), [&](const auto& entry) {
                   const ParamValue* other = find(*right_map, entry.first);
                   return other != nullptr && same(entry.second, *other);
               });
    }
    return left == right;
}

bool equals(const ParamValue* value, const FilterLiteral& literal, bool any_element) {
    if (value == nullptr) return literal.value.is_null();
    const auto* list = any_element ? value->get_if<ParamList>() : nullptr;
    if (list != nullptr && literal.value.get_if<ParamList>() == nullptr) {
        return std::any_of(list->begin(), list->end(), [&](const ParamValue& element) {
            return equals(&element, literal, false);
        });
    }
    if (literal.bare) {
        if (const auto* text = value->get_if<std::string>()) return *text == *literal.bare;
    }
    return same(*value, literal.value);
}

/// Less than zero, zero, more than zero; nullopt: these two have no order.
std::optional<int> order(const ParamValue& left, const ParamValue& right) {
    double left_scratch = 0.0;
    double right_scratch = 0.0;
    const double* const left_number = left.number(left_scratch);
    const double* const right_number = right.number(right_scratch);
    if (left_number != nullptr && right_number != nullptr) {
        if (std::isnan(*left_number) || std::isnan(*right_number)) return std::nullopt;
        return *left_number < *right_number ? -1 : *left_number > *right_number ? 1 : 0;
    }
    const auto* left_text = left.get_if<std::string>();
    const auto* right_text = right.get_if<std::string>();
    if (left_text == nullptr || right_text == nullptr) return std::nullopt;
    return left_text->compare(*right_text);
}

bool matches_pattern(const ParamValue* value, const TextPattern& pattern, bool any_element) {
    if (value == nullptr || value->is_null()) return false;
    if (const auto* list = any_element ? value->get_if<ParamList>() : nullptr) {
        return std::any_of(list->begin(), list->end(), [&](const ParamValue& element) {
            return matches_pattern(&element, pattern, false);
        });
    }
    if (const auto* text = value->get_if<std::string>()) return pattern.found_in(*text);
    return pattern.found_in(to_json(*value));
}

bool holds(const RunFilter::Node& node, const RunValues& values) {
    const auto child = [&](const FilterNode& one) { return holds(*one, values); };
    const auto compared = [&]() -> std::optional<int> {
        const ParamValue* value = values.value(node.key);
        if (value == nullptr) return std::nullopt;
        return order(*value, node.literal.value);
    };
    switch (node.op) {
        case FilterOp::all: return std::all_of(node.children.begin(), node.children.end(), child);
        case FilterOp::any: return std::any_of(node.children.begin(), node.children.end(), child);
        case FilterOp::none: return std::none_of(node.children.begin(), node.children.end(), child);
        case FilterOp::equal: return equals(values.value(node.key), node.literal, node.any_element);
        case FilterOp::less: return compared().value_or(1) < 0;
        case FilterOp::less_equal: return compared().value_or(1) <= 0;
        case FilterOp::greater: return compared().value_or(-1) > 0;
        case FilterOp::greater_equal: return compared().value_or(-1) >= 0;
        case FilterOp::matches:
            return matches_pattern(values.value(node.key), *node.pattern, node.any_element);
        case FilterOp::exists: return values.value(node.key) != nullptr;
    }
    std::abort();
}

void collect_keys(RunFilter::Node& node, std::vector<RunKey*>& keys) {
    switch (node.op) {
        case FilterOp::all:
        case FilterOp::any:
        case FilterOp::none:
            for (const FilterNode& child : node.children)
                collect_keys(*child, keys);
            return;
        case FilterOp::equal:
        case FilterOp::less:
        case FilterOp::less_equal:
        case FilterOp::greater:
        case FilterOp::greater_equal:
        case FilterOp::matches:
        case FilterOp::exists: keys.push_back(&node.key); return;
    }
}

/// Takes the conditions `sweep = ID` out of what must hold in `node`. False: nothing is left of it.
bool take_sweep_terms(FilterNode& node, std::vector<std::string>& sweeps) {
    if (node->op == FilterOp::all) {
        auto& terms = node->children;
        const bool any = !terms.empty();
        terms.erase(
            std::remove_if(terms.begin(), terms.end(),
                           [&](FilterNode& term) { return !take_sweep_terms(term, sweeps); }),
            terms.end());
        return !any || !terms.empty();
    }
    const auto* id = node->literal.value.get_if<std::string>();
    const bool is_term = node->op == FilterOp::equal && node->key.source == KeySource::field &&
                         node->key.name == "sweep" && id != nullptr;
    if (is_term) sweeps.push_back(*id);
    return !is_term;
}

}  // namespace

FilterNode make_group(FilterOp op, std::vector<FilterNode> children) {
    auto node = std::make_unique<RunFilter::Node>();
    node->op = op;
    node->children = std::move(children);
    return node;
}

FilterNode make_not(FilterNode child) {
    std::vector<FilterNode> children;
    children.push_back(std::move(child));
    return make_group(FilterOp::none, std::move(children));
}

FilterNode make_comparison(FilterOp op, RunKey key, FilterLiteral literal) {
    auto node = std::make_unique<RunFilter::Node>();
    node->op = op;
    node->key = std::move(key);
    node->any_element = is_list_field(node->key);
    node->literal = std::move(literal);
    return node;
}

RunFilter::RunFilter(std::unique_ptr<Node> root) : root_(std::move(root)) {
    SWEEPCTL_CHECK(root_ != nullptr);
}
RunFilter::RunFilter(RunFilter&&) noexcept = default;
RunFilter& RunFilter::operator=(RunFilter&&) noexcept = default;
RunFilter::~RunFilter() = default;

bool RunFilter::matches(const RunValues& values) const {
    return holds(*root_, values);
}

std::vector<RunKey*> RunFilter::keys() {
    std::vector<RunKey*> keys;
    collect_keys(*root_, keys);
    return keys;
}

std::vector<std::string> RunFilter::take_sweeps() {
    std::vector<std::string> sweeps;
    if (!take_sweep_terms(root_, sweeps)) root_ = make_group(FilterOp::all, {});
    return sweeps;
}

bool RunFilter::is_empty() const {
    return root_->op == FilterOp::all && root_->children.empty();
}

Result<RunFilter, FilterError> parse_run_filter(std::string_view text, FilterWords words) {
    if (text.size() > kFilterLengthMax) {
        return Failure{FilterError{
            kFilterLengthMax,
            "a filter may not be longer than " + std::to_string(kFilterLengthMax) + " characters"}};
    }
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    const bool mongo =
        words == FilterWords::wandb || (first != std::string_view::npos && text[first] == '{');
    Result<FilterNode, FilterError> root =
        mongo ? parse_filter_mongo(text, words) : parse_filter_words(text);
    if (!root.ok()) return Failure{root.error()};
    return RunFilter(std::move(*root));
}

const ParamValue* find_path(const ParamMap& map, std::string_view path) {
    if (const ParamValue* value = find(map, path)) return value;
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
         dot = path.find('.', dot + 1)) {
        const ParamValue* group = find(map, path.substr(0, dot));
        const auto* inner = group == nullptr ? nullptr : group->get_if<ParamMap>();
        if (inner == nullptr) continue;
        if (const ParamValue* value = find_path(*inner, path.substr(dot + 1))) return value;
    }
    return nullptr;
}

}  // namespace sweepctl
