#include "sweepctl/store/fsck.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include "records.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <sstream>
#include <string>

using namespace sweepctl;

// A database of every release, as databases/vN.sql (N: its schema), must open, be brought up to
// date and be right. databases/README.md says how one is made.

namespace {

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    REQUIRE(file.is_open());
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

}  // namespace

TEST_CASE("databases: one of each release opens, is brought up to date, and is right",
          "[store][databases]") {
    const std::string name = GENERATE(as<std::string>{}, "v1.sql");
    CAPTURE(name);
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    std::ofstream(path).close();
    {
        sqlite::Database database(path, sqlite::Access::read_write);
        database.execute(read_file(SWEEPCTL_STORE_DATABASES "/" + name));
    }
    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback());
    CHECK(sqlite::Database(path, sqlite::Access::read_only).integer("PRAGMA user_version") ==
          static_cast<std::int64_t>(all_migrations().size()));
    const Snapshot snapshot = store->load();
    REQUIRE(snapshot.sweeps.size() == 2);
    CHECK(snapshot.sweeps[0].record.status == SweepStatus::finished);
    CHECK(snapshot.sweeps[0].record.counts[RunState::finished] == 3);
    CHECK(snapshot.sweeps[0].record.best);
    CHECK(snapshot.sweeps[0].origin.spec == "method: grid\n");
    CHECK(snapshot.sweeps[1].record.status == SweepStatus::running);
    CHECK(snapshot.runs.size() == 4);
    CHECK(snapshot.agents.size() == 1);
    FsckOptions options;
    options.database = path;
    for (const FsckFinding& finding : fsck(options))
        FAIL_CHECK(finding.what << " " << finding.id << ": " << finding.detail);
    // And it can be written to.
    Changes changes;
    changes.serials = snapshot.serials;
    ++changes.serials.next_run;
    CHECK_FALSE(commit_now(*store, wake, changes));
}
