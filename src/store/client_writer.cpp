#include "store/client_writer.hpp"

#include "sweepctl/core/json_text.hpp"

#include "store/words.hpp"

#include <optional>
#include <string_view>

namespace sweepctl {

namespace {

constexpr std::string_view kInsertProject =
    "INSERT INTO projects (entity, name, created_at, description) VALUES (?1, ?2, ?3, '')"
    " ON CONFLICT DO NOTHING";
constexpr std::string_view kDescribeProject = "UPDATE projects SET description = ?2 WHERE key = ?1";
constexpr std::string_view kFindProject =
    "SELECT key FROM projects WHERE entity = ?1 AND name = ?2";
constexpr std::string_view kMakeRoom =
    "DELETE FROM runs WHERE id = ?1 AND sweep IN (SELECT key FROM sweeps WHERE deleted = 1)";
constexpr std::string_view kWriteClient =
    "INSERT INTO run_clients (run, project, wire_name, speaks, told_to_stop, gone, history_lines,"
    " event_lines, output_lines, event_base, output_base, last_step)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)"
    " ON CONFLICT (run) DO UPDATE SET speaks = ?4, told_to_stop = ?5, gone = ?6,"
    " history_lines = ?7, event_lines = ?8, output_lines = ?9, event_base = ?10,"
    " output_base = ?11, last_step = ?12";
constexpr std::string_view kWriteState =
    "UPDATE run_clients SET summary_json = coalesce(?2, summary_json),"
    " system_metrics_json = coalesce(?3, system_metrics_json) WHERE run = ?1";
constexpr std::string_view kWriteDetails =
    "INSERT INTO run_details (run, notes, run_group, job_type, tags, commit_hash, program, repo,"
    " username, config_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
    " ON CONFLICT (run) DO UPDATE SET notes = coalesce(?2, notes),"
    " run_group = coalesce(?3, run_group), job_type = coalesce(?4, job_type),"
    " tags = coalesce(?5, tags), commit_hash = coalesce(?6, commit_hash),"
    " program = coalesce(?7, program), repo = coalesce(?8, repo),"
    " username = coalesce(?9, username), config_json = coalesce(?10, config_json)";
constexpr std::string_view kWriteLine =
    "INSERT OR REPLACE INTO stream_lines (run, stream, line, data) VALUES (?1, ?2, ?3, ?4)";
constexpr std::string_view kWriteFile =
    "INSERT OR REPLACE INTO files (run, name, size, md5, mimetype, updated_at)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
constexpr std::string_view kDeleteFile = "DELETE FROM files WHERE run = ?1 AND name = ?2";
constexpr std::string_view kSkipSerial =
    "INSERT OR IGNORE INTO skipped_serials (serial) VALUES (?1)";

std::optional<std::string> list_text(const std::optional<std::vector<std::string>>& words) {
    if (!words) return std::nullopt;
    std::string text = "[";
    for (const std::string& each : *words) {
        if (text.size() > 1) text.push_back(',');
        append_json_string(text, each);
    }
    text.push_back(']');
    return text;
}

}  // namespace

ClientWriter::ClientWriter(sqlite::Database& database)
    : insert_project_(database.prepare(kInsertProject)),
      describe_project_(database.prepare(kDescribeProject)),
      find_project_(database.prepare(kFindProject)),
      make_room_(database.prepare(kMakeRoom)),
      write_client_(database.prepare(kWriteClient)),
      write_state_(database.prepare(kWriteState)),
      write_details_(database.prepare(kWriteDetails)),
      write_line_(database.prepare(kWriteLine)),
      write_file_(database.prepare(kWriteFile)),
      delete_file_(database.prepare(kDeleteFile)),
      skip_serial_(database.prepare(kSkipSerial)) {}

ClientWriter::Key ClientWriter::project_key(const std::string& entity,
                                            const std::string& name,
                                            WallTime created_at) {
    std::pair project(entity, name);
    if (const auto known = projects_.find(project); known != projects_.end()) return known->second;
    insert_project_.run(entity, name, created_at.time_since_epoch().count());
    sqlite::Rows row = find_project_.query(entity, name);
    if (!row.next()) throw std::runtime_error("project '" + name + "' cannot be made");
    return projects_.emplace(std::move(project), row.integer(0)).first->second;
}

void ClientWriter::write_project(const ProjectRow& project) {
    const Key key = project_key(project.entity, project.name, project.created_at);
    if (project.description) describe_project_.run(key, *project.description);
}

void ClientWriter::make_room(const RunId& id) {
    make_room_.run(id.text);
}

void ClientWriter::write_client(Key run, Key project, const ClientSide& client) {
    std::optional<std::string_view> wire_name;
    if (!client.wire_name.empty()) wire_name = client.wire_name;
    write_client_.run(run, project, wire_name, client.speaks, client.told_to_stop, client.gone,
                      client.history_lines, client.event_lines, client.output_lines,
                      client.event_base, client.output_base, client.last_step);
}

void ClientWriter::write_details(Key run, const RunDetails& details) {
    if (details.summary_json || details.system_metrics_json)
        write_state_.run(run, details.summary_json, details.system_metrics_json);
    RunDetails rest = details;
    rest.summary_json.reset();
    rest.system_metrics_json.reset();
    if (rest.empty()) return;
    const std::optional<std::string> tags = list_text(rest.tags);
    write_details_.run(run, rest.notes, rest.group, rest.job_type, tags, rest.commit, rest.program,
                       rest.repo, rest.username, rest.config_json);
}

void ClientWriter::write_lines(Key run, const StreamLines& lines) {
    const std::string_view stream = word(lines.stream);
    std::uint64_t number = lines.first_line;
    for (const std::string& line : lines.lines)
        write_line_.run(run, stream, number++, line);
}

void ClientWriter::write_file(Key run, const FileRow& file) {
    write_file_.run(run, file.name, file.size, file.md5_base64, file.mimetype,
                    file.updated_at.time_since_epoch().count());
}

void ClientWriter::delete_file(Key run, const std::string& name) {
    delete_file_.run(run, name);
}

void ClientWriter::skip_serial(std::uint64_t serial) {
    skip_serial_.run(serial);
}

}  // namespace sweepctl
