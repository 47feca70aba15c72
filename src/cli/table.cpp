#include "cli/table.hpp"

#include "cli/text.hpp"

#include <algorithm>
#include <numeric>

namespace sweepctl::cli {

namespace {

constexpr std::size_t kGap = 2;
constexpr std::size_t kLeast = 8;  // A column is not cut below this.

std::size_t total(const std::vector<std::size_t>& widths) {
    const std::size_t gaps = widths.empty() ? 0 : (widths.size() - 1) * kGap;
    return std::accumulate(widths.begin(), widths.end(), gaps);
}

/// Takes columns from the widest until all fit, or none can give any more.
void squeeze(std::vector<std::size_t>& widths, std::size_t room) {
    while (total(widths) > room) {
        const auto widest = std::max_element(widths.begin(), widths.end());
        if (widest == widths.end() || *widest <= kLeast) return;
        --*widest;
    }
}

}  // namespace

std::string Table::text(const Terminal& terminal) const {
    std::vector<std::size_t> shown(columns_.size());
    std::iota(shown.begin(), shown.end(), std::size_t{0});

    std::vector<std::size_t> natural(columns_.size());
    for (std::size_t c = 0; c < columns_.size(); ++c) {
        natural[c] = display_width(columns_[c].header);
        for (const auto& row : rows_) {
            if (c < row.size()) natural[c] = std::max(natural[c], display_width(row[c].text));
        }
    }

    const auto widths_of = [&] {
        std::vector<std::size_t> widths;
        widths.reserve(shown.size());
        for (const std::size_t c : shown)
            widths.push_back(natural[c]);
        return widths;
    };
    std::vector<std::size_t> widths = widths_of();
    std::size_t left_out = 0;
    if (const std::size_t room = terminal.width(); room > 0) {
        squeeze(widths, room);
        while (total(widths) > room) {
            const auto last = std::find_if(shown.rbegin(), shown.rend(),
                                           [&](std::size_t c) { return columns_[c].optional; });
            if (last == shown.rend()) break;
            shown.erase(std::next(last).base());
            ++left_out;
            widths = widths_of();
            squeeze(widths, room);
        }
    }

    const std::string_view ellipsis = terminal.unicode() ? "…" : "..";
    std::string out;
    const auto put = [&](std::size_t position, const std::string& text, Style style) {
        const std::size_t c = shown[position];
        const std::string cut = fit(text, widths[position], ellipsis);
        const bool last = position + 1 == shown.size();
        const std::string padded =
            last && !columns_[c].right ? cut : pad(cut, widths[position], columns_[c].right);
        // Only the word is painted, not the space around it.
        const std::size_t at = padded.find(cut);
        out += padded.substr(0, at) + terminal.paint(style, cut) + padded.substr(at + cut.size());
        out += last ? "" : std::string(kGap, ' ');
    };
    const auto end_line = [&] {
        out.erase(out.find_last_not_of(' ') + 1);
        out += '\n';
    };
    for (std::size_t p = 0; p < shown.size(); ++p)
        put(p, columns_[shown[p]].header, Style::dim);
    end_line();
    for (const auto& row : rows_) {
        for (std::size_t p = 0; p < shown.size(); ++p) {
            if (shown[p] < row.size()) put(p, row[shown[p]].text, row[shown[p]].style);
        }
        end_line();
    }
    if (left_out > 0) {
        const std::string note =
            "(" + plural(left_out, "more column") + " in a wider terminal, or with --json)";
        out += terminal.paint(Style::dim, fit(note, terminal.width(), ellipsis)) + "\n";
    }
    return out;
}

}  // namespace sweepctl::cli
