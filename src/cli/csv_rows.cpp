#include "cli/csv_rows.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

namespace sweepctl::cli {

void refuse_csv(const std::string& file,
                std::size_t line,
                const std::string& message,
                const std::string& hint) {
    throw CliError(kError, printable(file) + ":" + std::to_string(line) + ": " + message, hint);
}

std::optional<CsvRow> CsvRows::next() {
    while (!rest_.empty()) {
        CsvRow row{{}, line_};
        do
            row.cells.push_back(cell());
        while (take(','));
        if (!rest_.empty() && !take('\n'))
            refuse_csv(file_, line_, "a cell goes on behind its closing quote");
        if (row.cells.size() > 1 || !row.cells.front().empty()) return row;
    }
    return std::nullopt;
}

bool CsvRows::take(char expected) {
    if (rest_.empty() || rest_.front() != expected) return false;
    rest_.remove_prefix(1);
    if (expected == '\n') ++line_;
    return true;
}

std::string CsvRows::cell() {
    if (take('"')) return quoted();
    const std::string_view plain = rest_.substr(0, rest_.find_first_of(",\n"));
    rest_.remove_prefix(plain.size());
    return std::string(plain.substr(0, plain.find_last_not_of('\r') + 1));
}

std::string CsvRows::quoted() {
    const std::size_t begin = line_;
    std::string text;
    while (!rest_.empty()) {
        const char c = rest_.front();
        take(c);
        if (c == '"' && !take('"')) {
            take('\r');
            return text;
        }
        text += c;
    }
    refuse_csv(file_, begin, "a quote that is not closed");
}

}  // namespace sweepctl::cli
