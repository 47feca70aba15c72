#pragma once

#include "store/sqlite.hpp"
#include "store/step_blocks.hpp"

#include <string>
#include <string_view>
#include <unordered_map>

namespace sweepctl {

/// What a query sees: one moment of the database, through a connection that keeps its statements.
class ReadSession {
public:
    explicit ReadSession(sqlite::Database& database) : database_(database) {}

    /// Prepared at first use. One execution at a time.
    [[nodiscard]] sqlite::Statement& statement(std::string_view sql) {
        const auto found = statements_.find(std::string(sql));
        if (found != statements_.end()) return found->second;
        return statements_.emplace(std::string(sql), database_.prepare(sql)).first->second;
    }
    [[nodiscard]] sqlite::Database& database() { return database_; }
    /// What former queries learned of histories, true for later moments as well.
    [[nodiscard]] StepBlocks& step_blocks() { return step_blocks_; }

private:
    sqlite::Database& database_;
    std::unordered_map<std::string, sqlite::Statement> statements_;
    StepBlocks step_blocks_;
};

}  // namespace sweepctl
