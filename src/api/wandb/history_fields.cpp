// What a run logged: history, system metrics, console.

#include "sweepctl/core/json_text.hpp"

#include "api/wandb/connection.hpp"
#include "api/wandb/wire_context.hpp"
#include "api/wandb/wire_schema.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl::api {

namespace {

using graphql::Field;
using graphql::JsonText;
using graphql::Node;
using graphql::Resolved;

constexpr std::size_t kSamplesDefault = 500;
/// What one answer may hold at the most; clients page by step beyond it.
constexpr std::int64_t kSamplesMax = 1'000'000;
constexpr std::size_t kTailLines = 1;
/// Each is looked for in each row.
constexpr std::size_t kKeysMax = 1'000;

std::size_t samples_of(std::optional<std::int64_t> given) {
    if (!given) return kSamplesDefault;
    return static_cast<std::size_t>(std::clamp<std::int64_t>(*given, 0, kSamplesMax));
}

/// Whoever asks for as many samples as there are steps means all rows. A run that began anew under its
/// old name has several rows of one step.
void keep_all_rows_of_a_page(HistoryQuery& query) {
    if (!query.min_step || !query.max_step || *query.min_step < 0 || *query.max_step < 0) return;
    const std::int64_t steps = *query.max_step - *query.min_step;
    if (std::cmp_greater_equal(query.samples, std::max<std::int64_t>(steps, 1)))
        query.samples = kSamplesMax;
}

Resolved history(const WireRun& run, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    const graphql::Arguments arguments = field.arguments();
    HistoryQuery query;
    query.samples = samples_of(arguments.integer("samples"));
    query.min_step = arguments.integer("minStep");
    query.max_step = arguments.integer("maxStep");
    keep_all_rows_of_a_page(query);
    return history_rows(*session, run.id, query);
}

Resolved events(const WireRun& run, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    return event_rows(*session, run.id, samples_of(field.arguments().integer("samples")));
}

std::optional<std::int64_t> step_in(const ParamMap& spec, std::string_view name) {
    const ParamValue* const value = find(spec, name);
    if (value == nullptr) return std::nullopt;
    if (const auto* whole = value->get_if<std::int64_t>()) return *whole;
    double scratch = 0.0;
    const double* const number = value->number(scratch);
    constexpr double kExact = 9'007'199'254'740'992.0;
    if (number == nullptr || !(std::abs(*number) <= kExact)) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

/// {"keys": ["_step", "loss"], "samples": 500, "minStep": 0, "maxStep": 9}; the last step belongs to it.
HistoryQuery query_of(const ParamMap& spec) {
    HistoryQuery query;
    query.max_included = true;
    query.samples = samples_of(step_in(spec, "samples"));
    query.min_step = step_in(spec, "minStep");
    query.max_step = step_in(spec, "maxStep");
    keep_all_rows_of_a_page(query);
    const ParamValue* const keys = find(spec, "keys");
    if (const auto* list = keys == nullptr ? nullptr : keys->get_if<ParamList>()) {
        for (const ParamValue& key : *list) {
            const auto* const name = key.get_if<std::string>();
            const bool known =
                name == nullptr ||
                std::find(query.keys.begin(), query.keys.end(), *name) != query.keys.end();
            if (!known) query.keys.push_back(*name);
        }
    }
    return query;
}

Resolved sampled_history(const WireRun& run, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    ParamList answers;
    for (const std::string& text : field.arguments().texts("specs")) {
        const auto parsed = parse_json(text);
        const auto* const spec = parsed ? (*parsed).get_if<ParamMap>() : nullptr;
        if (spec == nullptr) return graphql::Error{"a history spec is not a JSON object", 400};
        const ParamValue* const keys = find(*spec, "keys");
        const auto* const list = keys == nullptr ? nullptr : keys->get_if<ParamList>();
        if (list != nullptr && list->size() > kKeysMax) {
            return graphql::Error{
                "a history spec names more than " + std::to_string(kKeysMax) + " keys", 400};
        }
        ParamList rows;
        // Whoever asks for nothing in particular only counts the specs.
        if (!spec->empty()) {
            for (const std::string& row : history_objects(*session, run.id, query_of(*spec))) {
                if (auto object = parse_json(row)) rows.push_back(std::move(*object));
            }
        }
        answers.emplace_back(std::move(rows));
    }
    return answers;
}

/// The lines as a JSON array of texts.
Resolved tail(std::vector<std::string> lines) {
    return ParamList(lines.begin(), lines.end());
}

struct ParquetHistory {
    bool any_lines = false;
};

Resolved console(const WireRun& run, const Field& field) {
    ReadSession* const session = wire(field).session;
    if (session == nullptr) return only_in_queries(field);
    ConsolePage page;
    if (field.arguments().integer("last")) {
        page = last_console_lines(*session, run.id, page_limit(field, 0, "last"));
    } else {
        constexpr std::size_t kLinesDefault = 1000;
        Result<ConsolePage, QueryError> read =
            console_lines(*session, run.id, page_limit(field, kLinesDefault),
                          field.arguments().text_or("after", ""));
        if (!read) return error_of(read.error());
        page = std::move(read).value();
    }
    WireConnection connection;
    connection.page.has_next = page.has_next;
    if (!page.lines.empty()) connection.page.end_cursor = page.lines.back().cursor;
    connection.nodes = Node::each(std::move(page.lines));
    return Node::of(std::move(connection));
}

Resolved text_or_null(const std::string& text) {
    if (text.empty()) return nullptr;
    return text;
}

}  // namespace

void add_history_fields(graphql::SchemaBuilder& schema, graphql::ObjectBuilder<WireRun>& run) {
    schema.object<ParquetHistory>("ParquetHistory")
        .field("parquetUrls: [String!]!", [](const ParquetHistory&) { return ParamList{}; })
        // Where live data begin. A client that exports files alone is told by it that they are not all.
        .field("liveData: [JSON]!", [](const ParquetHistory& history) {
            ParamList live;
            if (history.any_lines) live.emplace_back(ParamMap{{"_step", std::int64_t{0}}});
            return live;
        });
    schema.object<ConsoleLine>("LogLine")
        .field("number: Int!", &ConsoleLine::number)
        .field("line: String!", &ConsoleLine::line)
        .field("level: String",
               [](const ConsoleLine& line) { return line.level == "error" ? line.level : ""; })
        .field("label: String", [](const ConsoleLine& line) { return text_or_null(line.label); })
        .field("timestamp: String",
               [](const ConsoleLine& line) { return text_or_null(line.timestamp); });
    add_connection<ConsoleLine>(schema, "LogLine",
                                [](const ConsoleLine& line) { return line.cursor; });
    run.field("history(samples: Int, minStep: Int64, maxStep: Int64): [JSONString!]!", history)
        .field("events(samples: Int): [JSONString!]!", events)
        .field("sampledHistory(specs: [JSONString!]!): [JSON]!", sampled_history)
        // Nothing is ever in parquet files: all of it is live.
        .field("parquetHistory(liveKeys: [String!]!): ParquetHistory!",
               [](const WireRun& each) {
                   return Node::of(ParquetHistory{each.history_lines + each.metric_lines > 0});
               })
        .field("historyTail: JSONString",
               [](const WireRun& each, const Field& field) -> Resolved {
                   if (wire(field).session == nullptr) return only_in_queries(field);
                   return tail(history_tail(*wire(field).session, each.id, kTailLines));
               })
        .field("eventsTail: JSONString",
               [](const WireRun& each, const Field& field) -> Resolved {
                   if (wire(field).session == nullptr) return only_in_queries(field);
                   return tail(events_tail(*wire(field).session, each.id, kTailLines));
               })
        .field("logLines(first: Int, after: String, last: Int, useImprovedPagination: Boolean): "
               "LogLineConnection!",
               console);
}

}  // namespace sweepctl::api
