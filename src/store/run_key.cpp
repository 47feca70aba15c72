#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/run_state.hpp"
#include "sweepctl/core/time_text.hpp"
#include "sweepctl/store/run_filter.hpp"

#include "store/run_filter_node.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

// What keys may name, and what a run field can be compared with.

namespace sweepctl {

namespace {

enum class FieldKind : std::uint8_t { text, texts, state, reason, flag, number, time };

struct Field {
    std::string_view name;
    FieldKind kind;
};
constexpr std::array kFields{
    Field{"id", FieldKind::text},
    Field{"name", FieldKind::text},
    Field{"sweep", FieldKind::text},
    Field{"project", FieldKind::text},
    Field{"entity", FieldKind::text},
    Field{"state", FieldKind::state},
    Field{"stopping", FieldKind::flag},
    Field{"attempt", FieldKind::number},
    Field{"end_reason", FieldKind::reason},
    Field{"exit_code", FieldKind::number},
    Field{"term_signal", FieldKind::number},
    Field{"created_at", FieldKind::time},
    Field{"started_at", FieldKind::time},
    Field{"ended_at", FieldKind::time},
    Field{"heartbeat_at", FieldKind::time},
    Field{"agent", FieldKind::text},
    Field{"host", FieldKind::text},
    Field{"pid", FieldKind::number},
    Field{"preempting", FieldKind::flag},
    Field{"requeued", FieldKind::flag},
    Field{"number", FieldKind::number},
    Field{"updated_at", FieldKind::time},
    Field{"duration", FieldKind::number},
    Field{"wire_name", FieldKind::text},
    Field{"tags", FieldKind::texts},
    Field{"group", FieldKind::text},
    Field{"job_type", FieldKind::text},
    Field{"notes", FieldKind::text},
    Field{"commit", FieldKind::text},
    Field{"username", FieldKind::text},
    Field{"program", FieldKind::text},
    Field{"repo", FieldKind::text},
};

/// W&B's names for the same.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kOtherNames{{
    {"display_name", "name"},
    {"displayName", "name"},
    {"createdAt", "created_at"},
    {"startedAt", "started_at"},
    {"endedAt", "ended_at"},
    {"heartbeatAt", "heartbeat_at"},
    {"updatedAt", "updated_at"},
    {"jobType", "job_type"},
}};
/// Names that only W&B's clients mean so.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kWandbNames{{
    {"name", "wire_name"},
    {"description", "notes"},
    {"exitcode", "exit_code"},
    {"groupName", "group"},
    {"sweepName", "sweep"},
    {"user", "username"},
    {"user.username", "username"},
}};

constexpr std::array<EndReason, 17> kReasons{EndReason::exit,
                                             EndReason::finish,
                                             EndReason::signal,
                                             EndReason::spawn_error,
                                             EndReason::heartbeat_lost,
                                             EndReason::agent_lost,
                                             EndReason::runner_lost,
                                             EndReason::machine_restart,
                                             EndReason::stop_run,
                                             EndReason::cancel,
                                             EndReason::early_terminate,
                                             EndReason::timeout,
                                             EndReason::target_reached,
                                             EndReason::agent_shutdown,
                                             EndReason::stopped_before_start,
                                             EndReason::cancelled_before_start,
                                             EndReason::preempted};

const Field* find_field(std::string_view name) {
    const auto found = std::find_if(kFields.begin(), kFields.end(),
                                    [&](const Field& field) { return field.name == name; });
    return found == kFields.end() ? nullptr : &*found;
}

std::string quoted(std::string_view text) {
    return "'" + shown(text) + "'";
}

std::string hint(std::string_view word, const std::vector<std::string_view>& known) {
    const std::string_view meant = did_you_mean(word, known);
    if (!meant.empty()) return ": did you mean '" + std::string(meant) + "'?";
    std::string text = "; known:";
    for (const std::string_view one : known)
        text += (&one == &known.front() ? " " : ", ") + std::string(one);
    return text;
}

/// The literal's text: of a bare word as written, of a text as it is.
std::string text_of(const FilterLiteral& literal) {
    if (literal.bare) return *literal.bare;
    if (const auto* text = literal.value.get_if<std::string>()) return *text;
    return {};
}

bool is_text(const FilterLiteral& literal) {
    return literal.bare || literal.value.get_if<std::string>() != nullptr;
}

RunKey field_key(const char* name, std::size_t offset) {
    return RunKey{KeySource::field, name, offset};
}

/// `state = preempting` is running with that flag, `state = preempted` pending again.
Result<FilterNode, FilterError> state_equals(const RunKey& key,
                                             const FilterLiteral& literal,
                                             std::size_t offset) {
    const std::string word = text_of(literal);
    const auto state = run_state_from(word);
    if (!state) {
        std::vector<std::string_view> known;
        for (const RunState one : kAllRunStates)
            known.push_back(to_string(one));
        return Failure{
            FilterError{offset, "unknown run state " + quoted(word) + hint(word, known)}};
    }
    const FilterLiteral canonical{ParamValue(std::string(to_string(*state))), std::nullopt};
    FilterNode is_state = make_comparison(FilterOp::equal, key, canonical);
    const char* const flag = word == "preempting"  ? "preempting"
                             : word == "preempted" ? "requeued"
                                                   : nullptr;
    if (flag == nullptr) return is_state;
    std::vector<FilterNode> both;
    both.push_back(std::move(is_state));
    both.push_back(make_comparison(FilterOp::equal, field_key(flag, key.offset), {true, {}}));
    return make_group(FilterOp::all, std::move(both));
}

/// The literal as a value of the field, or what is wrong with it.
Result<FilterLiteral, std::string> field_literal(const Field& field, const FilterLiteral& literal) {
    if (literal.value.is_null()) return literal;
    const std::string name = quoted(field.name);
    switch (field.kind) {
        case FieldKind::text:
        case FieldKind::state:
            if (!is_text(literal)) return Failure{name + " is compared with a text"};
            return FilterLiteral{ParamValue(text_of(literal)), std::nullopt};
        case FieldKind::texts: {
            const auto* list = literal.value.get_if<ParamList>();
            const bool texts = list != nullptr &&
                               std::all_of(list->begin(), list->end(), [](const ParamValue& one) {
                                   return one.get_if<std::string>() != nullptr;
                               });
            if (texts) return literal;
            if (!is_text(literal)) return Failure{name + " is compared with a text"};
            return FilterLiteral{ParamValue(text_of(literal)), std::nullopt};
        }
        case FieldKind::reason: {
            const std::string word = text_of(literal);
            if (end_reason_from(word)) return FilterLiteral{ParamValue(word), std::nullopt};
            std::vector<std::string_view> known;
            for (const EndReason reason : kReasons)
                known.push_back(to_string(reason));
            return Failure{"unknown end reason " + quoted(word) + hint(word, known)};
        }
        case FieldKind::flag:
            if (literal.value.get_if<bool>() != nullptr) return literal;
            return Failure{name + " is compared with true or false"};
        case FieldKind::number: {
            double scratch = 0.0;
            if (literal.value.number(scratch) != nullptr) return literal;
            return Failure{name + " is compared with a number, not " + quoted(text_of(literal))};
        }
        case FieldKind::time: {
            const auto time = from_rfc3339(text_of(literal));
            if (!time) {
                return Failure{quoted(text_of(literal)) +
                               " is no moment: write 2026-11-22 or 2026-11-22T10:00:00Z"};
            }
            return FilterLiteral{
                ParamValue(static_cast<std::int64_t>(time->time_since_epoch().count())),
                std::nullopt};
        }
    }
    return literal;
}

bool is_ordering(FilterOp op) {
    return op == FilterOp::less || op == FilterOp::less_equal || op == FilterOp::greater ||
           op == FilterOp::greater_equal;
}

}  // namespace

const std::vector<std::string_view>& run_field_names() {
    static const std::vector<std::string_view> names = [] {
        std::vector<std::string_view> all;
        for (const Field& field : kFields)
            all.push_back(field.name);
        return all;
    }();
    return names;
}

bool is_list_field(const RunKey& key) {
    if (key.source != KeySource::field) return false;
    const Field* field = find_field(key.name);
    return field != nullptr && field->kind == FieldKind::texts;
}

Result<RunKey, FilterError> read_run_key(std::string_view name,
                                         std::size_t offset,
                                         FilterWords words) {
    const auto of = [&](std::string_view prefix, KeySource source) -> std::optional<RunKey> {
        if (name.size() <= prefix.size() || name.substr(0, prefix.size()) != prefix) {
            return std::nullopt;
        }
        return RunKey{source, std::string(name.substr(prefix.size())), offset};
    };
    if (auto key = of("config.", KeySource::config)) return std::move(*key);
    if (auto key = of("summary.", KeySource::summary)) return std::move(*key);
    if (auto key = of("summary_metrics.", KeySource::summary)) return std::move(*key);
    if (auto key = of("keys_info.keys.", KeySource::logged)) return std::move(*key);
    if (auto key = of("tags.", KeySource::tag)) return std::move(*key);
    for (const std::string_view map : {"config", "summary", "summary_metrics"}) {
        if (name != map && name != std::string(map) + ".") continue;
        return Failure{FilterError{
            offset, quoted(name) + " is no single value: write " + std::string(map) + ".NAME"}};
    }
    if (name.empty()) return Failure{FilterError{offset, "a key may not be empty"}};
    if (words == FilterWords::wandb) {
        for (const auto& [other, ours] : kWandbNames) {
            if (name == other) return RunKey{KeySource::field, std::string(ours), offset};
        }
    }
    for (const auto& [other, ours] : kOtherNames) {
        if (name == other) return RunKey{KeySource::field, std::string(ours), offset};
    }
    const KeySource source = find_field(name) != nullptr ? KeySource::field : KeySource::either;
    return RunKey{source, std::string(name), offset};
}

Result<RunKey, FilterError> parse_run_key(std::string_view text, FilterWords words) {
    return read_run_key(text, 0, words);
}

Result<FilterNode, FilterError> make_checked_comparison(FilterOp op,
                                                        const RunKey& key,
                                                        FilterLiteral literal,
                                                        std::size_t literal_offset) {
    if (is_ordering(op) && (literal.value.is_null() || literal.value.get_if<bool>() != nullptr)) {
        return Failure{FilterError{literal_offset, "nothing is more or less than null or a flag"}};
    }
    if (op == FilterOp::matches) {
        Result<TextPattern, std::string> pattern = TextPattern::compile(text_of(literal));
        if (!pattern.ok()) return Failure{FilterError{literal_offset, pattern.error()}};
        FilterNode node = make_comparison(op, key);
        node->pattern = std::move(*pattern);
        return node;
    }
    const Field* field = key.source == KeySource::field ? find_field(key.name) : nullptr;
    if (field == nullptr) return make_comparison(op, key, std::move(literal));
    const bool word = field->kind == FieldKind::state || field->kind == FieldKind::reason ||
                      field->kind == FieldKind::flag || field->kind == FieldKind::texts;
    if (word && is_ordering(op)) {
        return Failure{FilterError{key.offset, quoted(key.name) + " has no order: use = or in"}};
    }
    if (field->kind == FieldKind::state && op == FilterOp::equal && !literal.value.is_null()) {
        return state_equals(key, literal, literal_offset);
    }
    Result<FilterLiteral, std::string> checked = field_literal(*field, literal);
    if (!checked.ok()) return Failure{FilterError{literal_offset, checked.error()}};
    return make_comparison(op, key, std::move(*checked));
}

}  // namespace sweepctl
