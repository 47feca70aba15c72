#include "backends.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/memory_store.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <algorithm>

namespace sweepctl {

namespace {

std::string line_text(const std::string& run,
                      RunStream stream,
                      std::uint64_t number,
                      const std::string& line) {
    return run + " " + std::to_string(static_cast<int>(stream)) + " " + std::to_string(number) +
           " " + line;
}

class MemoryBackend final : public Backend {
public:
    std::unique_ptr<Store> open() override {
        return std::make_unique<MemoryStore>(disk_, wake.callback());
    }
    std::vector<std::string> attempts() override {
        std::vector<std::string> texts;
        for (const auto& [key, attempt] : disk_->attempts)
            texts.push_back(text_of(attempt));
        return texts;
    }
    std::vector<std::string> metrics() override {
        std::vector<std::string> texts;
        for (const auto& [key, lines] : disk_->metrics) {
            for (const auto& [number, line] : lines) {
                texts.push_back(key.first.text + " " + std::to_string(key.second) + " " +
                                std::to_string(number) + " " + line);
            }
        }
        return texts;
    }
    std::vector<std::string> events() override {
        std::vector<std::string> texts;
        for (const AuditEvent& event : disk_->events)
            texts.push_back(text_of(event));
        return texts;
    }
    std::vector<std::string> lines() override {
        std::vector<std::string> texts;
        for (const auto& [key, stream] : disk_->streams) {
            for (const auto& [number, line] : stream)
                texts.push_back(line_text(key.first.text, key.second, number, line));
        }
        std::sort(texts.begin(), texts.end());
        return texts;
    }
    std::vector<std::string> details() override {
        std::vector<std::string> texts;
        for (const auto& [run, details] : disk_->details)
            texts.push_back(text_of(run, details));
        return texts;
    }
    std::vector<std::string> files() override {
        std::vector<std::string> texts;
        for (const auto& [key, file] : disk_->files)
            texts.push_back(text_of(file));
        return texts;
    }
    std::vector<std::string> projects() override {
        std::vector<std::string> texts;
        for (const auto& [key, project] : disk_->projects)
            texts.push_back(text_of(project));
        return texts;
    }

private:
    std::shared_ptr<MemoryDisk> disk_ = std::make_shared<MemoryDisk>(42);
};

class SqliteBackend final : public Backend {
public:
    std::unique_ptr<Store> open() override { return open_sqlite_store(path(), wake.callback()); }
    std::vector<std::string> attempts() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT runs.id, attempts.attempt, attempts.state, attempts.end_reason,"
            " attempts.exit_code, attempts.term_signal, attempts.end_detail, attempts.agent,"
            " attempts.host, attempts.pid, attempts.started_at, attempts.ended_at FROM attempts"
            " JOIN runs ON runs.key = attempts.run ORDER BY runs.id, attempts.attempt");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();) {
            Attempt attempt;
            attempt.run = RunId(row.string(0));
            attempt.attempt = row.get<std::uint32_t>(1);
            attempt.state = *run_state_from(row.text(2));
            if (!row.is_null(3)) attempt.end_reason = end_reason_from(row.text(3));
            attempt.exit_code = row.get_optional<int>(4);
            attempt.term_signal = row.get_optional<int>(5);
            attempt.end_detail = row.string(6);
            if (!row.is_null(7)) attempt.agent = AgentId(row.string(7));
            if (!row.is_null(8)) attempt.host = row.string(8);
            attempt.pid = row.get_optional<int>(9);
            if (!row.is_null(10)) attempt.started_at = at(row.integer(10));
            if (!row.is_null(11)) attempt.ended_at = at(row.integer(11));
            texts.push_back(text_of(attempt));
        }
        return texts;
    }
    std::vector<std::string> metrics() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT runs.id || ' ' || metrics.attempt || ' ' || metrics.line || ' ' || metrics.data"
            " FROM metrics JOIN runs ON runs.key = metrics.run"
            " ORDER BY runs.id, metrics.attempt, metrics.line");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();)
            texts.push_back(row.string(0));
        return texts;
    }
    std::vector<std::string> events() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT id, time, actor, sweep, run, attempt, kind, \"from\", \"to\", reason, detail"
            " FROM events ORDER BY id");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();) {
            texts.push_back(text_of(AuditEvent{
                row.get<std::uint64_t>(0), at(row.integer(1)), row.string(2),
                SweepId(row.string(3)), RunId(row.string(4)), row.get<std::uint32_t>(5),
                row.string(6), row.string(7), row.string(8), row.string(9), row.string(10)}));
        }
        return texts;
    }
    std::vector<std::string> lines() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT runs.id, stream, line, data FROM stream_lines"
            " JOIN runs ON runs.key = stream_lines.run");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();) {
            const RunStream stream = row.text(1) == "history"  ? RunStream::history
                                     : row.text(1) == "events" ? RunStream::events
                                                               : RunStream::output;
            texts.push_back(
                line_text(row.string(0), stream, row.get<std::uint64_t>(2), row.string(3)));
        }
        std::sort(texts.begin(), texts.end());
        return texts;
    }
    std::vector<std::string> details() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT runs.id, notes, run_group, job_type, tags, commit_hash, program, repo,"
            " username, config_json, summary_json, system_metrics_json FROM runs"
            " LEFT JOIN run_details ON run_details.run = runs.key"
            " LEFT JOIN run_clients ON run_clients.run = runs.key"
            " WHERE run_details.run IS NOT NULL OR summary_json IS NOT NULL"
            " OR system_metrics_json IS NOT NULL ORDER BY runs.id");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();) {
            const auto text = [&](int column) -> std::optional<std::string> {
                if (row.is_null(column)) return std::nullopt;
                return row.string(column);
            };
            RunDetails details{text(1), text(2), text(3), {},       text(5), text(6),
                               text(7), text(8), text(9), text(10), text(11)};
            if (const auto tags = text(4)) {
                const auto list = parse_json(*tags);
                details.tags.emplace();
                for (const ParamValue& tag : *(*list).get_if<ParamList>())
                    details.tags->push_back(*tag.get_if<std::string>());
            }
            texts.push_back(text_of(RunId(row.string(0)), details));
        }
        return texts;
    }
    std::vector<std::string> files() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT runs.id, files.name, size, md5, mimetype, updated_at FROM files"
            " JOIN runs ON runs.key = files.run ORDER BY runs.id, files.name");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();) {
            texts.push_back(
                text_of(FileRow{RunId(row.string(0)), row.string(1), row.get<std::uint64_t>(2),
                                row.string(3), row.string(4), at(row.integer(5))}));
        }
        return texts;
    }
    std::vector<std::string> projects() override {
        sqlite::Database database = open_for_reading(path());
        sqlite::Statement select = database.prepare(
            "SELECT entity, name, created_at, description FROM projects ORDER BY entity, name");
        std::vector<std::string> texts;
        for (sqlite::Rows row = select.query(); row.next();) {
            texts.push_back(text_of(
                ProjectRow{row.string(0), row.string(1), at(row.integer(2)), row.string(3)}));
        }
        return texts;
    }

private:
    [[nodiscard]] std::string path() const { return directory_ / "state/sweepctl.db"; }
    TemporaryDirectory directory_;
};

}  // namespace

std::unique_ptr<Backend> make_backend() {
    if (GENERATE(true, false)) return std::make_unique<MemoryBackend>();
    return std::make_unique<SqliteBackend>();
}

}  // namespace sweepctl
