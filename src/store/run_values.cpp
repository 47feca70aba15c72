#include "store/run_values.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"

#include "store/json_members.hpp"
#include "store/run_text.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>

namespace sweepctl {

namespace {

// Always read.
constexpr std::string_view kBase = "runs.key, runs.sweep, runs.number, runs.state";
constexpr int kKey = 0;
constexpr int kSweep = 1;
constexpr int kNumber = 2;
constexpr int kState = 3;
constexpr int kBaseCount = 4;

constexpr std::string_view kFieldColumns =
    ", runs.id, runs.name, runs.stopping, runs.attempt, runs.end_reason, runs.exit_code,"
    " runs.term_signal, runs.created_at, runs.started_at, runs.ended_at, runs.heartbeat_at,"
    " runs.agent, runs.host, runs.pid, runs.preempting, runs.requeued";
enum FieldColumn : int {
    id,
    name,
    stopping,
    attempt,
    end_reason,
    exit_code,
    term_signal,
    created_at,
    started_at,
    ended_at,
    heartbeat_at,
    agent,
    host,
    pid,
    preempting,
    requeued,
    field_count,
};
constexpr std::string_view kConfigColumns = ", runs.config, runs.config_exact";
constexpr std::string_view kSummaryColumns = ", runs.summary, runs.summary_exact";
constexpr int kTextColumnCount = 2;

// Read for a run only when a key asks for it and the run itself does not tell.
constexpr std::string_view kWireName = "SELECT wire_name FROM run_clients WHERE run = ?1";
constexpr std::string_view kClientSummary = "SELECT summary_json FROM run_clients WHERE run = ?1";
constexpr std::string_view kClientConfig = "SELECT config_json FROM run_details WHERE run = ?1";
constexpr std::string_view kDetails =
    "SELECT tags, run_group, job_type, notes, commit_hash, username, program, repo"
    " FROM run_details WHERE run = ?1";

enum class From : std::uint8_t {
    text,
    number,
    flag,
    base_state,
    base_number,
    sweep,
    project,
    entity,
    updated_at,
    duration,
    wire_name,
    tags,
    detail,
};

struct Source {
    std::string_view name;
    From from;
    int column = 0;  ///< of kFieldColumns or kDetails
};
// Everything that keys may name.
constexpr std::array kSources{
    Source{"id", From::text, FieldColumn::id},
    Source{"name", From::text, FieldColumn::name},
    Source{"state", From::base_state},
    Source{"stopping", From::flag, FieldColumn::stopping},
    Source{"attempt", From::number, FieldColumn::attempt},
    Source{"end_reason", From::text, FieldColumn::end_reason},
    Source{"exit_code", From::number, FieldColumn::exit_code},
    Source{"term_signal", From::number, FieldColumn::term_signal},
    Source{"created_at", From::number, FieldColumn::created_at},
    Source{"started_at", From::number, FieldColumn::started_at},
    Source{"ended_at", From::number, FieldColumn::ended_at},
    Source{"heartbeat_at", From::number, FieldColumn::heartbeat_at},
    Source{"agent", From::text, FieldColumn::agent},
    Source{"host", From::text, FieldColumn::host},
    Source{"pid", From::number, FieldColumn::pid},
    Source{"preempting", From::flag, FieldColumn::preempting},
    Source{"requeued", From::flag, FieldColumn::requeued},
    Source{"number", From::base_number},
    Source{"sweep", From::sweep},
    Source{"project", From::project},
    Source{"entity", From::entity},
    Source{"updated_at", From::updated_at},
    Source{"duration", From::duration},
    Source{"wire_name", From::wire_name},
    Source{"tags", From::tags},
    Source{"group", From::detail, 1},
    Source{"job_type", From::detail, 2},
    Source{"notes", From::detail, 3},
    Source{"commit", From::detail, 4},
    Source{"username", From::detail, 5},
    Source{"program", From::detail, 6},
    Source{"repo", From::detail, 7},
};
constexpr int kUsernameColumn = 5;

int source_of(std::string_view field) {
    for (std::size_t i = 0; i < kSources.size(); ++i) {
        if (kSources[i].name == field) return static_cast<int>(i);
    }
    SWEEPCTL_CHECK(!"every field that a key may name has a source");
    return 0;
}

const Source& source_at(int index) {
    return kSources[static_cast<std::size_t>(index)];
}

bool in_field_columns(From from) {
    switch (from) {
        case From::text:
        case From::number:
        case From::flag:
        case From::updated_at:
        case From::duration:
        case From::wire_name: return true;
        case From::base_state:
        case From::base_number:
        case From::sweep:
        case From::project:
        case From::entity:
        case From::tags:
        case From::detail: return false;
    }
    return false;
}

bool parse_value(std::string_view text, ParamValue& value) {
    Result<ParamValue, JsonError> parsed = parse_json(text);
    if (!parsed.ok()) return false;
    value = std::move(*parsed);
    return true;
}

/// The exact text where there is one beside the plain one.
std::string_view exact_text(const sqlite::Rows& row, int column) {
    return row.is_null(column + 1) ? row.text(column) : row.text(column + 1);
}

}  // namespace

ValueColumns ValueColumns::of(const std::vector<RunKey*>& keys) {
    ValueColumns columns;
    for (const RunKey* key : keys) {
        switch (key->source) {
            case KeySource::field:
                columns.fields |= in_field_columns(source_at(source_of(key->name)).from);
                break;
            case KeySource::config: columns.config = true; break;
            case KeySource::summary:
            case KeySource::logged: columns.summary = true; break;
            case KeySource::tag: break;
            case KeySource::either: columns.config = columns.summary = true; break;
        }
    }
    return columns;
}

std::string ValueColumns::sql() const {
    std::string text(kBase);
    if (fields) text += kFieldColumns;
    if (config) text += kConfigColumns;
    if (summary) text += kSummaryColumns;
    return text;
}

RowValues::RowValues(ReadSession& session, const sqlite::Rows& row, ValueColumns columns)
    : session_(session), row_(row) {
    fields_at_ = kBaseCount;
    config_at_ = fields_at_ + (columns.fields ? FieldColumn::field_count : 0);
    summary_at_ = config_at_ + (columns.config ? kTextColumnCount : 0);
}

void RowValues::next_run(const SweepNames& sweep) {
    sweep_ = &sweep;
    for (Known& one : known_)
        one.read = false;
}

std::int64_t RowValues::key() const {
    return row_.integer(kKey);
}

std::uint64_t RowValues::number() const {
    return row_.get<std::uint64_t>(kNumber);
}

std::string_view RowValues::state() const {
    return row_.text(kState);
}

std::int64_t RowValues::sweep_key() const {
    return row_.integer(kSweep);
}

std::string_view RowValues::config_text() const {
    return exact_text(row_, config_at_);
}

std::string_view RowValues::summary_text() const {
    return exact_text(row_, summary_at_);
}

ParamMap RowValues::config() const {
    return config_from_text(config_text(), std::nullopt);
}

ParamMap RowValues::summary() const {
    return config_from_text(summary_text(), std::nullopt);
}

bool RowValues::has_parameter(const std::string& name) const {
    ParamValue value;
    return find_parameter(name, value);
}

bool RowValues::has_metric(const std::string& name) const {
    ParamValue value;
    return find_metric(name, value);
}

sqlite::Rows RowValues::look_up(sqlite::Statement*& statement, std::string_view sql) const {
    if (statement == nullptr) statement = &session_.statement(sql);
    return statement->query(key());
}

/// A W&B client may write config.lr.value for config.lr.
bool RowValues::find_parameter(const std::string& name, ParamValue& value) const {
    if (const auto text = json_path(config_text(), name, true)) return parse_value(*text, value);
    sqlite::Rows client = look_up(client_config_, kClientConfig);
    if (!client.next() || client.is_null(0)) return false;
    const auto text = wrapped_path(client.text(0), name);
    return text && parse_value(*text, value);
}

bool RowValues::find_metric(const std::string& name, ParamValue& value) const {
    if (const auto text = json_path(summary_text(), name, true)) return parse_value(*text, value);
    sqlite::Rows client = look_up(client_summary_, kClientSummary);
    if (!client.next() || client.is_null(0)) return false;
    const auto text = json_path(client.text(0), name, true);
    return text && parse_value(*text, value);
}

std::optional<std::int64_t> RowValues::time(int column) const {
    return row_.get_optional<std::int64_t>(fields_at_ + column);
}

bool RowValues::find_detail(int field, ParamValue& value) const {
    const Source& source = source_at(field);
    sqlite::Rows row = look_up(details_, kDetails);
    const bool there = row.next() && !row.is_null(source.column);
    if (source.from == From::tags) {
        if (!there || !parse_value(row.text(source.column), value)) return false;
        const auto* list = value.get_if<ParamList>();
        return list != nullptr && !list->empty();  // No tags are none, as tags that are null.
    }
    if (there) {
        value = row.string(source.column);
    } else if (source.column == kUsernameColumn && !user_.empty()) {
        value = user_;
    } else {
        return false;
    }
    return true;
}

bool RowValues::find_field(int field, ParamValue& value) const {
    const Source& source = source_at(field);
    const int column = fields_at_ + source.column;
    switch (source.from) {
        case From::text:
            if (row_.is_null(column)) return false;
            value = row_.string(column);
            return true;
        case From::number:
            if (row_.is_null(column)) return false;
            value = row_.integer(column);
            return true;
        case From::flag: value = row_.get<bool>(column); return true;
        case From::base_state: value = row_.string(kState); return true;
        case From::base_number: value = row_.integer(kNumber); return true;
        case From::sweep: value = sweep_->id; return !sweep_->loose;
        case From::project: value = sweep_->project; return true;
        case From::entity: value = sweep_->entity; return true;
        case From::updated_at: {
            std::int64_t latest = row_.integer(fields_at_ + FieldColumn::created_at);
            for (const int one :
                 {FieldColumn::started_at, FieldColumn::ended_at, FieldColumn::heartbeat_at})
                latest = std::max(latest, time(one).value_or(latest));
            value = latest;
            return true;
        }
        case From::duration: {
            const auto begin = time(FieldColumn::started_at);
            auto end = time(FieldColumn::ended_at);
            if (!end) end = time(FieldColumn::heartbeat_at);
            if (!begin || !end) return false;
            value = static_cast<double>(*end - *begin) / 1000.0;
            return true;
        }
        case From::wire_name: {
            sqlite::Rows client = look_up(wire_name_, kWireName);
            const bool own = client.next() && !client.is_null(0);
            value = own ? client.string(0) : row_.string(fields_at_ + FieldColumn::id);
            return true;
        }
        case From::tags:
        case From::detail: return find_detail(field, value);
    }
    return false;
}

bool RowValues::find(const RunKey& key, int field, ParamValue& value) const {
    switch (key.source) {
        case KeySource::field: return find_field(field, value);
        case KeySource::config: return find_parameter(key.name, value);
        case KeySource::summary: return find_metric(key.name, value);
        case KeySource::either:
            return find_parameter(key.name, value) || find_metric(key.name, value);
        case KeySource::logged: {
            const bool logged = find_metric(key.name, value);
            value = true;
            return logged;
        }
        case KeySource::tag: {
            if (!find_detail(source_of("tags"), value)) return false;
            const auto* tags = value.get_if<ParamList>();
            const ParamValue wanted(key.name);
            if (std::find(tags->begin(), tags->end(), wanted) == tags->end()) return false;
            value = true;
            return true;
        }
    }
    return false;
}

RowValues::Known& RowValues::known(const RunKey& key) const {
    for (Known& one : known_) {
        if (one.key == &key) return one;
    }
    Known& fresh = known_.emplace_back();
    fresh.key = &key;
    if (key.source == KeySource::field) fresh.field = source_of(key.name);
    return fresh;
}

const ParamValue* RowValues::value(const RunKey& key) const {
    Known& one = known(key);
    if (!one.read) {
        one.read = true;
        one.there = find(key, one.field, one.value);
    }
    return one.there ? &one.value : nullptr;
}

}  // namespace sweepctl
