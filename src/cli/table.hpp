#pragma once

#include "cli/terminal.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::cli {

/// One cell: already printable().
struct Cell {
    std::string text;
    Style style = Style::plain;

    Cell(std::string value = {}, Style look = Style::plain)  // NOLINT(google-explicit-constructor)
        : text(std::move(value)), style(look) {}
};

struct Column {
    std::string header;
    bool right = false;     ///< numbers
    bool optional = false;  ///< may be left out, last first, where the terminal is too narrow
};

/// Rows under headers, two spaces between columns. On a terminal it fits the width: the widest
/// columns are cut first, then optional ones left out; elsewhere nothing is cut.
class Table {
public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] bool empty() const { return rows_.empty(); }

    /// The lines, each with a newline. Says in a last line how many columns were left out.
    [[nodiscard]] std::string text(const Terminal& terminal) const;

private:
    std::vector<Column> columns_;
    std::vector<std::vector<Cell>> rows_;
};

}  // namespace sweepctl::cli
