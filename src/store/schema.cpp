#include "store/schema.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/base/unique_fd.hpp"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <sys/stat.h>

namespace sweepctl {

namespace {

// FULL: an acknowledged commit survives a power cut. Checkpoints are made by whoever has time. The
// log keeps its size, since overwriting is three times as fast as appending.
constexpr const char* kWriterPragmas =
    "PRAGMA synchronous = FULL;"
    "PRAGMA foreign_keys = ON;"
    "PRAGMA journal_size_limit = 67108864;"
    "PRAGMA cache_size = -8192;";
constexpr const char* kReaderPragmas =
    "PRAGMA query_only = ON;"
    "PRAGMA cache_size = -4096;";

[[noreturn]] void fail(const std::string& message) {
    throw std::runtime_error(message);
}

std::string quoted(const std::string& path) {
    return "'" + path + "'";
}

/// Makes the file with its mode before SQLite does with the umask's; the log files take its mode.
void make_file(const std::string& path) {
    const std::filesystem::path directory = std::filesystem::path(path).parent_path();
    if (!directory.empty()) {
        std::filesystem::path so_far;
        for (const auto& part : directory) {
            so_far /= part;
            if (::mkdir(so_far.c_str(), 0700) != 0 && errno != EEXIST && errno != EISDIR) {
                const int error = errno;
                struct stat there {};
                if (::stat(so_far.c_str(), &there) == 0) continue;
                fail("cannot make the directory " + quoted(so_far) + ": " + std::strerror(error));
            }
        }
    }
    // Only a new file is opened here: closing any descriptor of a database drops this process's
    // locks on it.
    const UniqueFd fresh(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (fresh.valid()) return;
    if (errno != EEXIST) {
        fail("cannot create the database " + quoted(path) + ": " + std::strerror(errno));
    }
    struct stat there {};
    if (::stat(path.c_str(), &there) != 0) {
        fail("cannot read the database " + quoted(path) + ": " + std::strerror(errno));
    }
    if (!S_ISREG(there.st_mode)) fail("the database " + quoted(path) + " is not a regular file");
    if ((there.st_mode & 077) != 0 && ::chmod(path.c_str(), 0600) != 0) {
        fail("cannot make the database " + quoted(path) +
             " readable by its owner only: " + std::strerror(errno));
    }
}

std::int64_t version_of(sqlite::Database& database) {
    return database.integer("PRAGMA user_version");
}

void refuse_newer(std::int64_t version, std::int64_t known, const std::string& path) {
    if (version <= known) return;
    fail("the database " + quoted(path) + " was written by a newer sweepctl (schema " +
         std::to_string(version) + "; this one knows up to " + std::to_string(known) +
         "): install that version again, or use another SWEEPCTL_HOME");
}

/// Empty and without an owner.
bool is_blank(sqlite::Database& database) {
    return database.integer("PRAGMA application_id") == 0 && version_of(database) == 0 &&
           database.integer("SELECT count(*) FROM sqlite_schema") == 0;
}

void refuse_foreign(sqlite::Database& database, const std::string& path) {
    if (database.integer("PRAGMA application_id") == kApplicationId) return;
    fail(quoted(path) + " is a SQLite database of another program: use another SWEEPCTL_HOME");
}

}  // namespace

std::string explain(const sqlite::Error& error, const std::string& path) {
    const std::string what = error.what();
    if (error.damaged()) {
        return "the database " + quoted(path) + " is damaged (" + what +
               "): put it and its -wal file aside and restore a copy; `sweepctl fsck` says more";
    }
    if (error.disk()) {
        return "the disk of the database " + quoted(path) + " is full or fails (" + what + ")";
    }
    if (error.busy()) {
        return "the database " + quoted(path) +
               " is locked by another program for more than 10 s: end that program";
    }
    if (error.cannot_open()) {
        return "cannot open the database " + quoted(path) + " (" + what +
               "): the file and its directory must be writable by you";
    }
    return "database " + quoted(path) + ": " + what;
}

void migrate(sqlite::Database& database,
             std::span<const Migration> migrations,
             const std::string& path) {
    const auto newest = static_cast<std::int64_t>(migrations.size());
    for (;;) {
        sqlite::Transaction transaction(database, sqlite::Transaction::Kind::write);
        // Read inside the transaction: two processes may open a new file at the same moment.
        const bool blank = is_blank(database);
        if (!blank) refuse_foreign(database, path);
        const std::int64_t version = version_of(database);
        refuse_newer(version, newest, path);
        if (version == newest) return;
        const Migration& step = migrations[static_cast<std::size_t>(version)];
        SWEEPCTL_CHECK(step.version == version + 1);
        database.execute(std::string(step.sql));
        if (blank) database.execute("PRAGMA application_id = " + std::to_string(kApplicationId));
        database.execute("PRAGMA user_version = " + std::to_string(step.version));
        transaction.commit();
    }
}

sqlite::Database open_for_writing(const std::string& path) {
    make_file(path);
    try {
        sqlite::Database database(path, sqlite::Access::read_write);
        // Before anything is changed in a file that may not be ours.
        if (!is_blank(database)) refuse_foreign(database, path);
        refuse_newer(version_of(database), static_cast<std::int64_t>(all_migrations().size()),
                     path);
        if (database.text("PRAGMA journal_mode = WAL") != "wal") {
            fail("the file system of " + quoted(path) +
                 " cannot share memory between processes (is it a network one?): use a "
                 "SWEEPCTL_HOME on a local disk");
        }
        database.execute(kWriterPragmas);
        migrate(database, all_migrations(), path);
        return database;
    } catch (const sqlite::Error& error) {
        fail(explain(error, path));
    }
}

sqlite::Database open_for_reading(const std::string& path) {
    try {
        sqlite::Database database(path, sqlite::Access::read_only);
        refuse_foreign(database, path);
        const auto known = static_cast<std::int64_t>(all_migrations().size());
        const std::int64_t version = version_of(database);
        refuse_newer(version, known, path);
        if (version < known) {
            fail("the database " + quoted(path) + " was written by an older sweepctl (schema " +
                 std::to_string(version) + ", not " + std::to_string(known) +
                 "): start the controller once, it brings it up to date");
        }
        database.execute(kReaderPragmas);
        return database;
    } catch (const sqlite::Error& error) {
        if (!std::filesystem::exists(path)) fail("there is no database " + quoted(path));
        fail(explain(error, path));
    }
}

}  // namespace sweepctl
