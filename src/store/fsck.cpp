#include "sweepctl/store/fsck.hpp"

#include "sweepctl/core/ids.hpp"

#include "store/fsck_check.hpp"
#include "store/schema.hpp"

#include <stdexcept>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::string_view kIntegrity = "PRAGMA integrity_check(100)";
constexpr std::string_view kForeignKeys = "PRAGMA foreign_key_check";
constexpr std::string_view kSerials =
    "SELECT id_key, next_sweep, next_run, next_fence, next_event, next_sweep_key, next_run_key"
    " FROM serials";
// Clients bring runs that took no serial.
constexpr std::string_view kNumberedRuns =
    "SELECT count(*) FROM runs WHERE key NOT IN (SELECT run FROM run_clients)";
constexpr std::string_view kHasRun =
    "SELECT 1 FROM runs WHERE id = ?1"
    " AND NOT EXISTS (SELECT 1 FROM skipped_serials WHERE serial = ?2)";

void check_above(std::uint64_t next,
                 std::uint64_t highest,
                 const std::string& what,
                 FsckReport& findings) {
    if (next > highest) return;
    findings.add("serials", "",
                 "the next " + what + " is " + std::to_string(next) + ", but " +
                     std::to_string(highest) + " was given already");
}

void check_serials(sqlite::Database& database, FsckReport& findings) {
    sqlite::Statement select = database.prepare(kSerials);
    sqlite::Rows row = select.query();
    if (!row.next()) {
        findings.add("serials", "", "the row of serial numbers is missing");
        return;
    }
    const auto highest = [&](std::string_view sql) {
        return static_cast<std::uint64_t>(database.integer(sql));
    };
    check_above(row.get<std::uint64_t>(1), highest("SELECT count(*) FROM sweeps"), "sweep",
                findings);
    check_above(row.get<std::uint64_t>(2), highest(kNumberedRuns), "run", findings);
    check_above(row.get<std::uint64_t>(3),
                highest("SELECT coalesce(max(claim_fence), 0) FROM runs"), "fence", findings);
    check_above(row.get<std::uint64_t>(4), highest("SELECT coalesce(max(id), 0) FROM events"),
                "event", findings);
    check_above(row.get<std::uint64_t>(5), highest("SELECT coalesce(max(key), 0) FROM sweeps"),
                "key of a sweep", findings);
    check_above(row.get<std::uint64_t>(6), highest("SELECT coalesce(max(key), 0) FROM runs"),
                "key of a run", findings);
    // Ids follow from serial numbers: the next ones must be free.
    constexpr std::uint64_t kLookAhead = 100;
    const auto id_key = row.get<std::uint64_t>(0);
    const auto next_run = row.get<std::uint64_t>(2);
    sqlite::Statement has_run = database.prepare(kHasRun);
    for (std::uint64_t serial = next_run; serial < next_run + kLookAhead; ++serial) {
        const std::string id = id_text(serial, id_key);
        if (!has_run.query(id, serial).next()) continue;
        findings.add("serials", id,
                     "the id of serial number " + std::to_string(serial) +
                         " is in use, but the next run is " + std::to_string(next_run));
    }
}

std::string of_many(std::size_t count, std::size_t max) {
    return std::to_string(count - max) + " more of this kind";
}

}  // namespace

void FsckReport::add(const std::string& what, const std::string& id, std::string detail) {
    if (++counts_[what] > max_) return;
    findings_.push_back(FsckFinding{what, id, std::move(detail)});
}

std::vector<FsckFinding> FsckReport::take() {
    for (const auto& [what, count] : counts_) {
        if (count > max_) findings_.push_back(FsckFinding{what, "", of_many(count, max_)});
    }
    return std::move(findings_);
}

void check_structure(sqlite::Database& database, FsckReport& findings) {
    {
        sqlite::Statement check = database.prepare(kIntegrity);
        for (sqlite::Rows row = check.query(); row.next();) {
            if (row.text(0) != "ok") findings.add("integrity", "", row.string(0));
        }
    }
    {
        sqlite::Statement check = database.prepare(kForeignKeys);
        for (sqlite::Rows row = check.query(); row.next();) {
            findings.add("foreign_key", "",
                         "a row of " + row.string(0) + " speaks of a row of " + row.string(2) +
                             " that is not there");
        }
    }
    check_serials(database, findings);
}

std::vector<FsckFinding> fsck(const FsckOptions& options) {
    FsckReport findings(options.findings_max);
    // Before the database, which is the newer of the two then; check_files() reckons with that.
    const RunFiles files = options.home.empty() ? RunFiles{} : list_run_files(options.home);
    sqlite::Database database = open_for_reading(options.database);
    try {
        {
            const sqlite::Transaction moment(database, sqlite::Transaction::Kind::read);
            check_structure(database, findings);
            const FsckFacts facts = check_sweeps_and_runs(database, findings);
            check_clients(database, findings);
            check_events(database, facts, findings);
            if (!options.home.empty()) check_files(database, files, options.home, findings);
        }
        if (!options.home.empty()) check_uploads(database, options.home, findings);
    } catch (const sqlite::Error& error) {
        if (!error.damaged()) throw std::runtime_error(explain(error, options.database));
        findings.add("unreadable", "", explain(error, options.database));
    }
    return findings.take();
}

}  // namespace sweepctl
