#include "store/sqlite.hpp"

#include "sweepctl/base/check.hpp"

#include <sqlite3.h>

#include <climits>

namespace sweepctl::sqlite {

namespace {

constexpr int kBusyTimeoutMs = 10'000;
/// Virtual machine steps between two looks at the stop flag: well under a millisecond.
constexpr int kStepsBetweenLooks = 10'000;

[[noreturn]] void fail(sqlite3* database, int code) {
    const int extended = database == nullptr ? code : sqlite3_extended_errcode(database);
    throw Error(extended == SQLITE_OK ? code : extended,
                database == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(database));
}

/// SQLite counts the memory that it uses under a lock, for each piece of it; nobody reads that.
void keep_no_memory_statistics() {
    static const int done = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    static_cast<void>(done);  // SQLITE_MISUSE: somebody has used SQLite before, then it counts.
}

}  // namespace

bool Error::disk() const {
    const int code = code_ & 0xff;
    return code == SQLITE_FULL || code == SQLITE_IOERR;
}

bool Error::damaged() const {
    const int code = code_ & 0xff;
    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

bool Error::busy() const {
    const int code = code_ & 0xff;
    return code == SQLITE_BUSY || code == SQLITE_LOCKED;
}

bool Error::cannot_open() const {
    const int code = code_ & 0xff;
    return code == SQLITE_CANTOPEN || code == SQLITE_PERM || code == SQLITE_READONLY;
}

Database::Database(const std::string& path, Access access)
    : log_pages_(std::make_unique<std::uint32_t>(0)) {
    const int flags = (access == Access::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                      SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    keep_no_memory_statistics();
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    handle_.reset(handle);  // To be closed even when opening failed.
    if (code != SQLITE_OK) fail(handle, code);
    sqlite3_busy_timeout(handle, kBusyTimeoutMs);
    sqlite3_wal_hook(
        handle,
        [](void* pages, sqlite3*, const char*, int count) {
            *static_cast<std::uint32_t*>(pages) = static_cast<std::uint32_t>(count);
            return SQLITE_OK;
        },
        log_pages_.get());
}

void Database::Close::operator()(sqlite3* handle) const {
    sqlite3_close_v2(handle);
}

void Database::execute(const std::string& sql) {
    const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) fail(handle(), code);
}

Statement Database::prepare(std::string_view sql) {
    return Statement(handle(), sql);
}

std::int64_t Database::integer(std::string_view sql) {
    Statement statement = prepare(sql);
    Rows rows = statement.query();
    if (!rows.next()) throw Error(SQLITE_ERROR, "no row for " + std::string(sql));
    return rows.integer(0);
}

std::string Database::text(std::string_view sql) {
    Statement statement = prepare(sql);
    Rows rows = statement.query();
    if (!rows.next()) throw Error(SQLITE_ERROR, "no row for " + std::string(sql));
    return rows.string(0);
}

bool Database::in_transaction() const {
    return sqlite3_get_autocommit(handle()) == 0;
}

std::int64_t Database::last_insert_key() const {
    return sqlite3_last_insert_rowid(handle());
}

std::int64_t Database::changes() const {
    return sqlite3_changes64(handle());
}

bool Database::checkpoint(CheckpointMode mode) {
    int in_log = 0;
    int copied = 0;
    const int code = sqlite3_wal_checkpoint_v2(
        handle(), "main",
        mode == CheckpointMode::passive ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
        &in_log, &copied);
    if ((code & 0xff) == SQLITE_BUSY) return false;
    if (code != SQLITE_OK) fail(handle(), code);
    return copied >= in_log;
}

void Database::stop_when(const std::atomic<bool>& stop) {
    // The callback's argument is not const in C; it is only read.
    auto* const flag = const_cast<std::atomic<bool>*>(&stop);
    sqlite3_progress_handler(
        handle(), kStepsBetweenLooks,
        [](void* stopped) { return static_cast<std::atomic<bool>*>(stopped)->load() ? 1 : 0; },
        flag);
}

Rows::~Rows() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
}

bool Rows::next() {
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code == SQLITE_DONE) return false;
    fail(sqlite3_db_handle(statement_), code);
}

bool Rows::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::int64_t Rows::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}

double Rows::real(int column) const {
    return sqlite3_column_double(statement_, column);
}

std::string_view Rows::text(int column) const {
    // SQLite's order: the pointer first, since asking for it may convert.
    const unsigned char* text = sqlite3_column_text(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (text == nullptr) return {};
    return {reinterpret_cast<const char*>(text), static_cast<std::size_t>(size)};
}

Statement::Statement(sqlite3* database, std::string_view sql) {
    SWEEPCTL_CHECK(sql.size() <= INT_MAX);
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(database, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) fail(database, code);
    handle_.reset(statement);
}

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
    sqlite3_finalize(statement);
}

void Statement::bind_integer(int index, std::int64_t value) {
    const int code = sqlite3_bind_int64(handle_.get(), index, value);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), code);
}

void Statement::bind(int index, double value) {
    const int code = sqlite3_bind_double(handle_.get(), index, value);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), code);
}

void Statement::bind(int index, std::string_view value) {
    // A null pointer would bind NULL instead of the empty text.
    const char* text = value.data() == nullptr ? "" : value.data();
    const int code =
        sqlite3_bind_text64(handle_.get(), index, text, value.size(), SQLITE_STATIC, SQLITE_UTF8);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), code);
}

void Statement::bind(int index, std::nullptr_t) {
    const int code = sqlite3_bind_null(handle_.get(), index);
    if (code != SQLITE_OK) fail(sqlite3_db_handle(handle_.get()), code);
}

void Statement::finish() {
    Rows rows(handle_.get());
    while (rows.next()) {
    }
}

Transaction::Transaction(Database& database, Kind kind) : database_(database) {
    database_.execute(kind == Kind::read ? "BEGIN" : "BEGIN IMMEDIATE");
}

Transaction::~Transaction() {
    // SQLite has undone it by itself after some errors.
    if (!database_.in_transaction()) return;
    try {
        database_.execute("ROLLBACK");
    } catch (const Error&) {
        // Nothing is lost by it: what was not committed is not there after the next opening.
    }
}

void Transaction::commit() {
    database_.execute("COMMIT");
}

}  // namespace sweepctl::sqlite
