#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

// SQLite's C interface with owners and exceptions. A Database and all that came from it belong to
// one thread at a time. Unsigned 64-bit numbers are stored as the signed number of the same bits.

struct sqlite3;
struct sqlite3_stmt;

namespace sweepctl::sqlite {

class Error : public std::runtime_error {
public:
    Error(int code, const std::string& message) : std::runtime_error(message), code_(code) {}
    /// SQLite's extended result code.
    [[nodiscard]] int code() const { return code_; }
    /// The disk is full or fails: the same may work later.
    [[nodiscard]] bool disk() const;
    /// The file is no database, or damaged.
    [[nodiscard]] bool damaged() const;
    [[nodiscard]] bool busy() const;
    [[nodiscard]] bool cannot_open() const;

private:
    int code_;
};

class Statement;

enum class Access : std::uint8_t { read_only, read_write };
enum class CheckpointMode : std::uint8_t { passive, truncate };

class Database {
public:
    /// Opens an existing file.
    Database(const std::string& path, Access access);
    Database(Database&&) noexcept = default;
    Database& operator=(Database&&) noexcept = default;

    /// Runs statements that give no rows, or whose rows do not matter.
    void execute(const std::string& sql);
    /// For statements used again and again.
    [[nodiscard]] Statement prepare(std::string_view sql);
    /// The first column of the first row; throws when there is none.
    [[nodiscard]] std::int64_t integer(std::string_view sql);
    [[nodiscard]] std::string text(std::string_view sql);

    [[nodiscard]] bool in_transaction() const;
    [[nodiscard]] std::int64_t last_insert_key() const;
    /// Rows changed by the last statement.
    [[nodiscard]] std::int64_t changes() const;
    /// Pages in the log after the last commit of this connection.
    [[nodiscard]] std::uint32_t log_pages() const { return *log_pages_; }
    /// Copies the log into the database as far as readers allow. False: not all of it.
    bool checkpoint(CheckpointMode mode);
    /// Statements end with SQLITE_INTERRUPT soon after `stop` became true. It must outlive
    /// this.
    void stop_when(const std::atomic<bool>& stop);

    [[nodiscard]] sqlite3* handle() const { return handle_.get(); }

private:
    struct Close {
        void operator()(sqlite3* handle) const;
    };
    std::unique_ptr<std::uint32_t> log_pages_;  // Apart: SQLite keeps its address.
    std::unique_ptr<sqlite3, Close> handle_;
};

/// The rows of one execution of a statement; the statement is free again when it is destroyed.
class Rows {
public:
    explicit Rows(sqlite3_stmt* statement) : statement_(statement) {}
    Rows(Rows&& other) noexcept : statement_(other.statement_) { other.statement_ = nullptr; }
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;
    Rows& operator=(Rows&&) = delete;
    ~Rows();

    /// Goes to the first row, then to the next. False: there is none.
    [[nodiscard]] bool next();

    [[nodiscard]] bool is_null(int column) const;
    [[nodiscard]] std::int64_t integer(int column) const;
    [[nodiscard]] double real(int column) const;
    /// Valid until next().
    [[nodiscard]] std::string_view text(int column) const;

    template <std::integral T>
    [[nodiscard]] T get(int column) const {
        if constexpr (std::is_same_v<T, bool>) {
            return integer(column) != 0;
        } else {
            return static_cast<T>(integer(column));
        }
    }
    template <std::integral T>
    [[nodiscard]] std::optional<T> get_optional(int column) const {
        if (is_null(column)) return std::nullopt;
        return get<T>(column);
    }
    [[nodiscard]] std::string string(int column) const { return std::string(text(column)); }

private:
    sqlite3_stmt* statement_;
};

class Statement {
public:
    Statement() = default;
    Statement(sqlite3* database, std::string_view sql);

    /// Binds `values` to ?1, ?2, ... and runs to the end. Texts need to live only that long.
    template <typename... Values>
    void run(const Values&... values) {
        bind_all(values...);
        finish();
    }
    /// Binds likewise; texts must live until the rows are destroyed.
    template <typename... Values>
    [[nodiscard]] Rows query(const Values&... values) {
        bind_all(values...);
        return rows();
    }
    /// The rows of what was bound.
    [[nodiscard]] Rows rows() { return Rows(handle_.get()); }

    template <std::integral T>
    void bind(int index, T value) {
        bind_integer(index, static_cast<std::int64_t>(value));
    }
    void bind(int index, double value);
    void bind(int index, std::string_view value);
    void bind(int index, std::nullptr_t);
    template <typename T>
    void bind(int index, const std::optional<T>& value) {
        if (value) {
            bind(index, *value);
        } else {
            bind(index, nullptr);
        }
    }
    template <typename... Values>
    void bind_all(const Values&... values) {
        int index = 0;
        (bind(++index, values), ...);
    }
    /// Runs what was bound to the end.
    void finish();

private:
    struct Finalize {
        void operator()(sqlite3_stmt* statement) const;
    };
    void bind_integer(int index, std::int64_t value);

    std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// A transaction that is undone unless committed.
class Transaction {
public:
    enum class Kind : std::uint8_t { read, write };
    Transaction(Database& database, Kind kind);
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();
    void commit();

private:
    Database& database_;
};

}  // namespace sweepctl::sqlite
