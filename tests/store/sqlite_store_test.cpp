#include "sweepctl/store/sqlite_store.hpp"

#include "records.hpp"
#include "store/schema.hpp"
#include "store/sqlite.hpp"
#include "temporary_directory.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace sweepctl;

namespace {

/// Commit `number` of a row of them: one run, told of in three tables.
Changes numbered(std::uint64_t number, std::size_t size = 500) {
    Changes changes;
    if (number == 1) changes.new_sweeps = {make_sweep("s1")};
    const Run run = make_run("r" + std::to_string(number), "s1", number);
    changes.runs = {RunRow{run, true}};
    changes.metrics = {MetricLines{run.id, 1, 0, {std::string(size, ' ') + "{}"}}};
    changes.events = {state_event(number, run, "")};
    changes.serials = {2, number + 1, 1, number + 1};
    return changes;
}

std::int64_t count(const std::string& path, const std::string& table) {
    sqlite::Database database = open_for_reading(path);
    return database.integer("SELECT count(*) FROM " + table);
}

/// A database of `runs` runs, closed again.
void write_database(const std::string& path, std::uint64_t runs) {
    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback());
    Changes changes = numbered(1);
    for (std::uint64_t number = 2; number <= runs; ++number)
        changes.runs.push_back(numbered(number).runs[0]);
    REQUIRE_FALSE(commit_now(*store, wake, changes));
}

mode_t mode_of(const std::string& path) {
    struct stat there {};
    REQUIRE(::stat(path.c_str(), &there) == 0);
    return there.st_mode & 0777;
}

/// A file system with little room, where that is allowed.
class SmallDisk {
public:
    explicit SmallDisk(const std::string& path, const char* options) : path_(path) {
        std::filesystem::create_directories(path_);
        mounted_ = ::mount("sweepctl-test", path_.c_str(), "tmpfs", 0, options) == 0;
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    [[nodiscard]] bool mounted() const { return mounted_; }

private:
    std::string path_;
    bool mounted_ = false;
};

/// Hands in numbered commits from `first` on until one fails; which, and what came back.
struct Refusal {
    std::uint64_t number = 0;
    StoreError error;
};
Refusal commit_until_refused(Store& store, WakeUp& wake, std::uint64_t first) {
    for (std::uint64_t number = first; number < first + 100'000; ++number) {
        if (auto error = commit_now(store, wake, numbered(number, 5'000))) {
            return {number, std::move(*error)};
        }
    }
    FAIL("it never was full");
    return {};
}

}  // namespace

TEST_CASE("sqlite store: only its owner can read the files", "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string home = directory / "a/b";
    const std::string path = home + "/sweepctl.db";
    WakeUp wake;
    auto store = open_sqlite_store(path, wake.callback());
    REQUIRE_FALSE(commit_now(*store, wake, numbered(1)));
    CHECK(mode_of(home) == 0700);
    for (const char* suffix : {"", "-wal", "-shm"})
        CHECK(mode_of(path + suffix) == 0600);
    store.reset();
    // One that was made readable is taken back.
    REQUIRE(::chmod(path.c_str(), 0644) == 0);
    store = open_sqlite_store(path, wake.callback());
    CHECK(mode_of(path) == 0600);
}

TEST_CASE("sqlite store: the launch environment is in its own table only, and goes with the sweep",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback());
    Changes changes;
    changes.new_sweeps = {make_sweep("s1")};
    changes.new_sweeps[0].origin.env = {{"TOKEN", "hunter2"}};
    REQUIRE_FALSE(commit_now(*store, wake, changes));
    CHECK(count(path, "sweep_environments") == 1);
    Changes deletion;
    deletion.deleted_sweeps = {SweepId("s1")};
    REQUIRE_FALSE(commit_now(*store, wake, deletion));
    CHECK(count(path, "sweep_environments") == 0);
}

TEST_CASE("sqlite store: files that are not ours, or too new, are refused and left alone",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    struct Row {
        std::string sql;
        std::string message;
    };
    const auto row = GENERATE(values<Row>({
        {"PRAGMA user_version = 99",
         "was written by a newer sweepctl (schema 99; this one knows up to "},
        {"PRAGMA application_id = 1", "is a SQLite database of another program"},
    }));
    write_database(path, 2);
    {
        sqlite::Database database(path, sqlite::Access::read_write);
        database.execute(row.sql);
    }
    CHECK_THROWS_WITH(open_sqlite_store(path, [] {}), Catch::Contains(row.message));
    CHECK_THROWS_WITH(open_for_reading(path), Catch::Contains(row.message));
    sqlite::Database database(path, sqlite::Access::read_only);
    CHECK(database.integer("SELECT count(*) FROM runs") == 2);
}

TEST_CASE("sqlite store: somebody else's database is not touched", "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "other.db";
    std::ofstream(path).close();
    {
        sqlite::Database database(path, sqlite::Access::read_write);
        database.execute("CREATE TABLE recipes (name TEXT)");
    }
    CHECK_THROWS_WITH(open_sqlite_store(path, [] {}), Catch::Contains("of another program"));
    sqlite::Database database(path, sqlite::Access::read_only);
    CHECK(database.integer("SELECT count(*) FROM sqlite_schema") == 1);
    CHECK(database.text("PRAGMA journal_mode") == "delete");
}

TEST_CASE("sqlite store: what is no database, or damaged, is a clear error", "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    SECTION("text") {
        std::ofstream(path) << std::string(10'000, 'x');
        CHECK_THROWS_WITH(open_sqlite_store(path, [] {}),
                          Catch::Contains(path) && Catch::Contains("is damaged"));
    }
    SECTION("a directory") {
        std::filesystem::create_directory(path);
        CHECK_THROWS_WITH(open_sqlite_store(path, [] {}), Catch::Contains("not a regular file"));
    }
    SECTION("below a file") {
        std::ofstream(directory / "file").close();
        CHECK_THROWS_WITH(open_sqlite_store(directory / "file/sweepctl.db", [] {}),
                          Catch::Contains("cannot make the directory") ||
                              Catch::Contains("cannot create the database"));
    }
    SECTION("garbage in the middle") {
        write_database(path, 200);
        const auto size = std::filesystem::file_size(path);
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        // All pages but the first, which holds the schema.
        file.seekp(4096);
        file << std::string(static_cast<std::size_t>(size) - 4096, '\x55');
        file.close();
        CHECK_THROWS_WITH(
            [&] {
                const auto store = open_sqlite_store(path, [] {});
                return store->load();
            }(),
            Catch::Contains("is damaged"));
    }
    SECTION("cut off") {
        write_database(path, 200);
        std::filesystem::resize_file(path, std::filesystem::file_size(path) / 2);
        CHECK_THROWS_WITH(
            [&] {
                const auto store = open_sqlite_store(path, [] {});
                return store->load();
            }(),
            Catch::Contains("is damaged"));
    }
}

TEST_CASE("sqlite store: migrations go forward, once each, all or nothing", "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    std::ofstream(path).close();
    sqlite::Database database(path, sqlite::Access::read_write);
    const std::vector<Migration> steps{
        {1, "first", "CREATE TABLE a (x); INSERT INTO a VALUES (1);"},
        {2, "second", "ALTER TABLE a ADD COLUMN y; UPDATE a SET y = x + 1;"},
        {3, "broken", "CREATE TABLE b (x); INSERT INTO nowhere VALUES (1);"},
    };
    migrate(database, std::span(steps).first(1), path);
    CHECK(database.integer("PRAGMA user_version") == 1);
    CHECK(database.integer("PRAGMA application_id") == kApplicationId);
    migrate(database, std::span(steps).first(2), path);
    migrate(database, std::span(steps).first(2), path);
    CHECK(database.integer("PRAGMA user_version") == 2);
    CHECK(database.integer("SELECT y FROM a") == 2);
    CHECK_THROWS_WITH(migrate(database, steps, path), Catch::Contains("nowhere"));
    CHECK(database.integer("PRAGMA user_version") == 2);
    CHECK(database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'b'") == 0);
    CHECK_THROWS_WITH(migrate(database, std::span(steps).first(1), path),
                      Catch::Contains("newer sweepctl"));
    for (std::size_t i = 0; i < all_migrations().size(); ++i)
        CHECK(all_migrations()[i].version == static_cast<int>(i) + 1);
}

TEST_CASE("sqlite store: kill -9 in the middle leaves a prefix, with all that was acknowledged",
          "[store][sqlite]") {
    constexpr std::uint64_t kInFlight = 5;
    const auto acknowledged_max = GENERATE(as<std::uint64_t>{}, 1, 2, 7, 20, 60, 150);
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    int pipe[2] = {};
    REQUIRE(::pipe(pipe) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        ::close(pipe[0]);
        WakeUp wake;
        const auto store = open_sqlite_store(path, wake.callback());
        std::uint64_t next = 1;
        const std::function<void()> commit_next = [&] {
            const std::uint64_t number = next++;
            store->commit(numbered(number), [&, number](std::optional<StoreError> error) {
                if (error || ::write(pipe[1], &number, sizeof number) != sizeof number) ::_exit(1);
                commit_next();
            });
        };
        for (std::uint64_t i = 0; i < kInFlight; ++i)
            commit_next();
        (void)wake.poll_until([&] { store->poll(); }, [] { return false; });
        ::_exit(2);
    }
    ::close(pipe[1]);
    std::uint64_t acknowledged = 0;
    std::uint64_t number = 0;
    while (acknowledged < acknowledged_max &&
           ::read(pipe[0], &number, sizeof number) == sizeof number) {
        CHECK(number == acknowledged + 1);
        acknowledged = number;
    }
    REQUIRE(::kill(child, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    // What it managed to say before it died counts as acknowledged, too.
    while (::read(pipe[0], &number, sizeof number) == sizeof number)
        acknowledged = number;
    ::close(pipe[0]);

    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback());
    const Snapshot snapshot = store->load();
    const std::uint64_t stored = snapshot.runs.size();
    CHECK(stored >= acknowledged);
    CHECK(stored <= acknowledged + 2 * kInFlight);
    for (std::uint64_t i = 0; i < stored; ++i)
        REQUIRE(snapshot.runs[i].number == i + 1);
    CHECK(snapshot.serials.next_run == stored + 1);
    CHECK(count(path, "events") == static_cast<std::int64_t>(stored));
    CHECK(count(path, "metrics") == static_cast<std::int64_t>(stored));
    CHECK_FALSE(commit_now(*store, wake, numbered(stored + 1)));
}

TEST_CASE("sqlite store: a full database refuses, loses nothing, and goes on when there is room",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback(), SqliteStoreOptions{120});
    Refusal refusal = commit_until_refused(*store, wake, 1);
    CHECK(refusal.error.full);
    CHECK_THAT(refusal.error.message, Catch::Contains("is full or fails"));
    CHECK(store->load().runs.size() == refusal.number - 1);
    CHECK_FALSE(store->find_run(RunId("r" + std::to_string(refusal.number))));

    // Several at once: each is given back.
    std::vector<Changes> returned;
    returned.push_back(std::move(refusal.error.changes));
    std::size_t told = 0;
    for (std::uint64_t more = 1; more <= 3; ++more) {
        store->commit(numbered(refusal.number + more, 5'000), [&](std::optional<StoreError> error) {
            ++told;
            if (error) returned.push_back(std::move(error->changes));
        });
    }
    REQUIRE(wake.poll_until([&] { store->poll(); }, [&] { return told == 3; }));
    REQUIRE(returned.size() == 4);

    Changes room;
    for (std::uint64_t number = 1; number <= 10; ++number)
        room.deleted_runs.push_back(RunId("r" + std::to_string(number)));
    REQUIRE_FALSE(commit_now(*store, wake, room));
    for (Changes& changes : returned)
        REQUIRE_FALSE(commit_now(*store, wake, std::move(changes)));
    CHECK(store->load().runs.size() == refusal.number + 3 - 10);
}

TEST_CASE("sqlite store: a full disk refuses, loses nothing, and goes on when there is room",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const SmallDisk disk(directory / "disk", "size=2m");
    if (!disk.mounted()) {
        WARN("mounting is not allowed here: not tested");
        return;
    }
    const std::string path = directory / "disk/sweepctl.db";
    const std::string ballast = directory / "disk/ballast";
    std::ofstream(ballast) << std::string(400'000, 'x');
    WakeUp wake;
    auto store = open_sqlite_store(path, wake.callback());
    Refusal refusal = commit_until_refused(*store, wake, 1);
    CHECK(refusal.error.full);
    CHECK(store->load().runs.size() == refusal.number - 1);
    // Still full: refused again, and what was acknowledged is there.
    auto again = commit_now(*store, wake, std::move(refusal.error.changes));
    REQUIRE(again);
    CHECK(again->full);
    const bool reopened = GENERATE(false, true);
    if (reopened) {
        store.reset();
        std::filesystem::remove(ballast);
        store = open_sqlite_store(path, wake.callback());
        CHECK(store->load().runs.size() == refusal.number - 1);
    }
    std::filesystem::remove(ballast);
    CHECK_FALSE(commit_now(*store, wake, std::move(again->changes)));
    CHECK(store->load().runs.size() == refusal.number);
    CHECK(store->find_run(RunId("r" + std::to_string(refusal.number))));
}

TEST_CASE("sqlite store: it waits for another program that writes, and is not disturbed by readers",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback());
    REQUIRE_FALSE(commit_now(*store, wake, numbered(1)));
    sqlite::Database reader = open_for_reading(path);
    reader.execute("BEGIN");
    CHECK(reader.integer("SELECT count(*) FROM runs") == 1);
    {
        sqlite::Database writer(path, sqlite::Access::read_write);
        writer.execute("BEGIN IMMEDIATE");
        bool done = false;
        store->commit(numbered(2), [&](std::optional<StoreError> error) { done = !error; });
        store->poll();
        CHECK_FALSE(done);
        writer.execute("COMMIT");
        CHECK(wake.poll_until([&] { store->poll(); }, [&] { return done; }));
    }
    CHECK(reader.integer("SELECT count(*) FROM runs") == 1);
    reader.execute("COMMIT");
    CHECK(reader.integer("SELECT count(*) FROM runs") == 2);
}

TEST_CASE("sqlite store: the rows of a deleted sweep go bit by bit, also after a restart",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    WakeUp wake;
    auto store = open_sqlite_store(path, wake.callback());
    Changes changes;
    changes.new_sweeps = {make_sweep("s1"), make_sweep("s2")};
    for (std::uint64_t number = 1; number <= 3'000; ++number)
        changes.runs.push_back(RunRow{make_run("r" + std::to_string(number), "s1", number), true});
    changes.runs.push_back(RunRow{make_run("other", "s2", 1), true});
    changes.metrics = {MetricLines{RunId("r7"), 1, 0, std::vector<std::string>(9'000, "{}")},
                       MetricLines{RunId("other"), 1, 0, {"{}"}}};
    REQUIRE_FALSE(commit_now(*store, wake, changes));
    Changes deletion;
    deletion.deleted_sweeps = {SweepId("s1")};
    REQUIRE_FALSE(commit_now(*store, wake, deletion));
    store.reset();
    store = open_sqlite_store(path, wake.callback());
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (count(path, "sweeps") > 1 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::yield();
    CHECK(count(path, "sweeps") == 1);
    CHECK(count(path, "sweep_origins") == 1);
    CHECK(count(path, "runs") == 1);
    CHECK(count(path, "metrics") == 1);
}

TEST_CASE("sqlite store: the key of a deleted run is not given again", "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    WakeUp wake;
    auto store = open_sqlite_store(path, wake.callback());
    REQUIRE_FALSE(commit_now(*store, wake, numbered(1)));
    REQUIRE_FALSE(commit_now(*store, wake, numbered(2)));
    Changes deletion;
    deletion.deleted_runs = {RunId("r2")};
    REQUIRE_FALSE(commit_now(*store, wake, deletion));
    store.reset();
    store = open_sqlite_store(path, wake.callback());
    REQUIRE_FALSE(commit_now(*store, wake, numbered(3)));
    sqlite::Database database = open_for_reading(path);
    CHECK(database.integer("SELECT key FROM runs WHERE id = 'r3'") == 3);
    // So that nobody inherits the events of another.
    CHECK(database.integer("SELECT count(*) FROM events WHERE run_key = 3") == 1);
}

TEST_CASE("sqlite store: what was handed in is written when the store is closed",
          "[store][sqlite]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    int told = 0;
    {
        const auto store = open_sqlite_store(path, [] {});
        for (std::uint64_t number = 1; number <= 50; ++number)
            store->commit(numbered(number), [&](std::optional<StoreError>) { ++told; });
    }
    CHECK(told == 0);
    CHECK(count(path, "runs") == 50);
}

TEST_CASE("sqlite store: the log stays short however much is written", "[store][sqlite][.slow]") {
    TemporaryDirectory directory;
    const std::string path = directory / "sweepctl.db";
    WakeUp wake;
    const auto store = open_sqlite_store(path, wake.callback());
    REQUIRE_FALSE(commit_now(*store, wake, numbered(1)));
    std::uintmax_t longest = 0;
    std::uint64_t line = 0;
    for (int i = 0; i < 300; ++i) {
        Changes changes;
        changes.metrics = {MetricLines{RunId("r1"), 1, line,
                                       std::vector<std::string>(1'000, std::string(1'000, ' '))}};
        line += 1'000;
        REQUIRE_FALSE(commit_now(*store, wake, changes));
        longest = std::max(longest, std::filesystem::file_size(path + "-wal"));
    }
    CHECK(std::filesystem::file_size(path) > 250'000'000);
    CHECK(longest < 100'000'000);
}
