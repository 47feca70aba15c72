#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// A text in CSV (RFC 4180), row by row.

namespace sweepctl::cli {

struct CsvRow {
    std::vector<std::string> cells;
    std::size_t line = 0;  ///< where it begins
};

/// Cells in quotes may hold commas, doubled quotes and line ends. `file` is for messages and must
/// outlive it, as must the text; throws CliError.
class CsvRows {
public:
    CsvRows(std::string_view text, const std::string& file) : rest_(text), file_(file) {}

    /// The next one that is not empty.
    [[nodiscard]] std::optional<CsvRow> next();

private:
    bool take(char expected);
    [[nodiscard]] std::string cell();
    [[nodiscard]] std::string quoted();

    std::string_view rest_;
    const std::string& file_;
    std::size_t line_ = 1;
};

/// Throws a CliError about a line.
[[noreturn]] void refuse_csv(const std::string& file,
                             std::size_t line,
                             const std::string& message,
                             const std::string& hint = {});

}  // namespace sweepctl::cli
