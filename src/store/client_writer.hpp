#pragma once

#include "sweepctl/core/changes.hpp"

#include "store/sqlite.hpp"

#include <cstdint>
#include <map>
#include <string>
#include <utility>

// The part of Changes that W&B's clients bring, as statements. Part of ChangeWriter, which knows
// the keys of runs.

namespace sweepctl {

class ClientWriter {
public:
    using Key = std::int64_t;
    explicit ClientWriter(sqlite::Database& database);

    /// Of the project, which is made if it is not there.
    Key project_key(const std::string& entity, const std::string& name, WallTime created_at);
    void write_project(const ProjectRow& project);
    /// Before a run whose id a client chose is inserted: rows of a deleted sweep that wait for
    /// their removal may have it.
    void make_room(const RunId& id);
    void write_client(Key run, Key project, const ClientSide& client);
    void write_details(Key run, const RunDetails& details);
    void write_lines(Key run, const StreamLines& lines);
    void write_file(Key run, const FileRow& file);
    void delete_file(Key run, const std::string& name);
    void skip_serial(std::uint64_t serial);

    /// What was written since the last commit is not there.
    void forget() { projects_.clear(); }

private:
    std::map<std::pair<std::string, std::string>, Key> projects_;
    sqlite::Statement insert_project_;
    sqlite::Statement describe_project_;
    sqlite::Statement find_project_;
    sqlite::Statement make_room_;
    sqlite::Statement write_client_;
    sqlite::Statement write_state_;
    sqlite::Statement write_details_;
    sqlite::Statement write_line_;
    sqlite::Statement write_file_;
    sqlite::Statement delete_file_;
    sqlite::Statement skip_serial_;
};

}  // namespace sweepctl
