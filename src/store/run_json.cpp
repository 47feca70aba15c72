#include "store/run_json.hpp"

namespace sweepctl {

const std::string_view kRunJsonColumns =
    "runs.number, runs.id, runs.name, runs.state, runs.stopping, runs.attempt, runs.end_reason,"
    " runs.exit_code, runs.term_signal, runs.config, runs.summary, runs.created_at,"
    " runs.started_at, runs.ended_at, runs.heartbeat_at, runs.agent, runs.host, runs.pid,"
    " runs.preempting";

void append_run_members(JsonObject& json,
                        const SweepNames& sweep,
                        const sqlite::Rows& row,
                        int first) {
    json.text("id", row, first + 1);
    json.text("name", row, first + 2);
    json.text("sweep", sweep.id);
    json.text("project", sweep.project);
    json.text("entity", sweep.entity);
    json.text("state", row, first + 3);
    json.flag("stopping", row.get<bool>(first + 4));
    json.number<std::uint32_t>("attempt", row, first + 5);
    json.text("end_reason", row, first + 6);
    json.number<int>("exit_code", row, first + 7);
    json.number<int>("term_signal", row, first + 8);
    json.raw("config", row.text(first + 9));  // Stored as the API shows them.
    json.raw("summary", row.text(first + 10));
    json.time("created_at", row, first + 11);
    json.time("started_at", row, first + 12);
    json.time("ended_at", row, first + 13);
    json.time("heartbeat_at", row, first + 14);
    json.text("agent", row, first + 15);
    json.text("host", row, first + 16);
    json.number<int>("pid", row, first + 17);
    json.flag("preempting", row.get<bool>(first + 18));
    json.number<std::uint64_t>("number", row, first);
}

}  // namespace sweepctl
