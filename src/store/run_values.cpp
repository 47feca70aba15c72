#include "store/run_values.hpp"

#include "sweepctl/base/check.hpp"

#include "store/run_text.hpp"

#include <array>
#include <cstddef>

namespace sweepctl {

namespace {

enum class Kind : std::uint8_t { text, number, flag, sweep, project, entity };

struct Column {
    std::string_view name;
    Kind kind;
};
// In the order of kRunValueColumns; the last three are not columns but of the sweep.
constexpr std::array kColumns{
    Column{"id", Kind::text},           Column{"name", Kind::text},
    Column{"state", Kind::text},        Column{"stopping", Kind::flag},
    Column{"attempt", Kind::number},    Column{"end_reason", Kind::text},
    Column{"exit_code", Kind::number},  Column{"term_signal", Kind::number},
    Column{"created_at", Kind::number}, Column{"started_at", Kind::number},
    Column{"ended_at", Kind::number},   Column{"heartbeat_at", Kind::number},
    Column{"agent", Kind::text},        Column{"host", Kind::text},
    Column{"pid", Kind::number},        Column{"preempting", Kind::flag},
    Column{"requeued", Kind::flag},     Column{"number", Kind::number},
    Column{"sweep", Kind::sweep},       Column{"project", Kind::project},
    Column{"entity", Kind::entity},
};
constexpr int kConfigColumn = 18;
constexpr int kSummaryColumn = 20;

int column_of(std::string_view name) {
    for (std::size_t i = 0; i < kColumns.size(); ++i) {
        if (kColumns[i].name == name) return static_cast<int>(i);
    }
    SWEEPCTL_CHECK(!"every field that a key may name has a column");
    return 0;
}

/// The plain text and the exact one beside it, at `column`.
ParamMap map_at(const sqlite::Rows& row, int column) {
    const std::string_view plain = row.text(column);
    if (row.is_null(column + 1)) return config_from_text(plain, std::nullopt);
    return config_from_text(plain, row.text(column + 1));
}

/// A W&B client may write config.lr.value for config.lr.
const ParamValue* find_with_value(const ParamMap& map, const std::string& name) {
    constexpr std::string_view kSuffix = ".value";
    if (const ParamValue* value = find_path(map, name)) return value;
    if (!name.ends_with(kSuffix)) return nullptr;
    return find_path(map, std::string_view(name).substr(0, name.size() - kSuffix.size()));
}

}  // namespace

const std::string_view kRunValueColumns =
    "runs.id, runs.name, runs.state, runs.stopping, runs.attempt, runs.end_reason, runs.exit_code,"
    " runs.term_signal, runs.created_at, runs.started_at, runs.ended_at, runs.heartbeat_at,"
    " runs.agent, runs.host, runs.pid, runs.preempting, runs.requeued, runs.number, runs.config,"
    " runs.config_exact, runs.summary, runs.summary_exact";

RowValues::RowValues(const sqlite::Rows& row, int first, const SweepNames& sweep)
    : row_(row), first_(first), sweep_(sweep) {}

void RowValues::next_run() {
    for (Known& one : fields_)
        one.read = false;
    config_.reset();
    summary_.reset();
}

const ParamMap& RowValues::config() const {
    if (!config_) config_ = map_at(row_, first_ + kConfigColumn);
    return *config_;
}

const ParamMap& RowValues::summary() const {
    if (!summary_) summary_ = map_at(row_, first_ + kSummaryColumn);
    return *summary_;
}

RowValues::Known& RowValues::known(const RunKey& key) const {
    for (Known& one : fields_) {
        if (one.key == &key) return one;
    }
    Known& fresh = fields_.emplace_back();
    fresh.key = &key;
    fresh.column = column_of(key.name);
    return fresh;
}

const ParamValue* RowValues::field(const RunKey& key) const {
    Known& one = known(key);
    if (!one.read) {
        one.read = true;
        one.value = nullptr;
        const int column = first_ + one.column;
        switch (kColumns[static_cast<std::size_t>(one.column)].kind) {
            case Kind::text:
                if (!row_.is_null(column)) one.value = row_.string(column);
                break;
            case Kind::number:
                if (!row_.is_null(column)) one.value = row_.integer(column);
                break;
            case Kind::flag: one.value = row_.get<bool>(column); break;
            case Kind::sweep: one.value = sweep_.id; break;
            case Kind::project: one.value = sweep_.project; break;
            case Kind::entity: one.value = sweep_.entity; break;
        }
    }
    return one.value.is_null() ? nullptr : &one.value;
}

const ParamValue* RowValues::value(const RunKey& key) const {
    switch (key.source) {
        case KeySource::field: return field(key);
        case KeySource::config: return find_with_value(config(), key.name);
        case KeySource::summary: return find_with_value(summary(), key.name);
        case KeySource::either: break;
    }
    SWEEPCTL_CHECK(!"bare names are settled before they are looked up");
    return nullptr;
}

}  // namespace sweepctl
