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

/// No column wider than `most`.
std::size_t total_up_to(std::size_t most, const std::vector<std::size_t>& widths) {
    std::size_t sum = widths.empty() ? 0 : (widths.size() - 1) * kGap;
    for (const std::size_t width : widths)
        sum += std::min(width, most);
    return sum;
}

/// Cuts the widest to a common width, the least that makes all fit; none below kLeast.
void squeeze(std::vector<std::size_t>& widths, std::size_t room) {
    if (widths.empty() || total(widths) <= room) return;
    // Cutting to `too_wide` is not enough; cutting to `enough` is, unless nothing is.
    std::size_t enough = kLeast;
    std::size_t too_wide = std::max(kLeast + 1, *std::max_element(widths.begin(), widths.end()));
    while (too_wide - enough > 1) {
        const std::size_t middle = enough + (too_wide - enough) / 2;
        (total_up_to(middle, widths) <= room ? enough : too_wide) = middle;
    }
    const std::size_t used = total_up_to(enough, widths);
    // What is left over goes to the last ones, a column of the terminal each.
    std::size_t spare = room > used ? room - used : 0;
    for (auto width = widths.rbegin(); width != widths.rend(); ++width) {
        if (*width <= enough) continue;
        *width = enough + (spare > 0 ? 1 : 0);
        if (spare > 0) --spare;
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

    const std::size_t room = terminal.width();
    std::size_t left_out = 0;
    if (room > 0) {
        std::vector<bool> kept(columns_.size(), true);
        std::size_t least = total_up_to(kLeast, natural);
        for (std::size_t c = columns_.size(); c-- > 0 && least > room;) {
            if (!columns_[c].optional) continue;
            kept[c] = false;
            ++left_out;
            least -= std::min(natural[c], kLeast) + (left_out < columns_.size() ? kGap : 0);
        }
        std::erase_if(shown, [&](std::size_t c) { return !kept[c]; });
    }
    std::vector<std::size_t> widths;
    widths.reserve(shown.size());
    for (const std::size_t c : shown)
        widths.push_back(natural[c]);
    if (room > 0) squeeze(widths, room);

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
