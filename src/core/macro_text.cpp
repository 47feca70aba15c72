#include "core/macro_text.hpp"

#include "sweepctl/base/shown.hpp"

#include <algorithm>
#include <iterator>

namespace sweepctl {

MacroText::MacroText(std::string_view chunk) : chunk_(chunk) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < chunk_.size(); ++i) {
        if (chunk_[i] == '{') {
            open.push_back(i);
        } else if (chunk_[i] == '}' && !open.empty()) {
            const std::size_t start = open.back();
            open.pop_back();
            if (start > 0 && chunk_[start - 1] == '$') macros_.push_back({start, i});
        }
    }
    std::sort(macros_.begin(), macros_.end(),
              [](const Braces& left, const Braces& right) { return left.open < right.open; });
}

std::optional<std::string_view> MacroText::whole() const {
    if (macros_.empty() || macros_[0].open != 1 || macros_[0].close + 1 != chunk_.size()) {
        return std::nullopt;
    }
    return chunk_.substr(2, chunk_.size() - 3);
}

std::vector<MacroText::Piece> MacroText::pieces() const {
    std::vector<Piece> pieces;
    std::size_t literal = 0;  // where the text that is not yet in a piece begins
    auto macro = macros_.begin();
    for (std::size_t at = chunk_.find("${"); at != std::string_view::npos;
         at = chunk_.find("${", std::max(at + 2, literal))) {
        if (at > literal && chunk_[at - 1] == '$') {
            // $${: all but the first dollar is text.
            pieces.push_back({chunk_.substr(literal, at - 1 - literal), true});
            literal = at;
            continue;
        }
        while (macro != macros_.end() && macro->open < at + 1)
            ++macro;
        if (macro == macros_.end() || macro->open != at + 1) continue;  // never closed
        const std::string_view inside = chunk_.substr(at + 2, macro->close - at - 2);
        const auto next = std::next(macro);
        const bool nested = next != macros_.end() && next->open < macro->close;
        if (nested && !EnvReference::read(inside)) continue;
        pieces.push_back({chunk_.substr(literal, at - literal), true});
        pieces.push_back({inside, false});
        literal = macro->close + 1;
    }
    pieces.push_back({chunk_.substr(literal), true});
    return pieces;
}

std::optional<EnvReference> EnvReference::read(std::string_view inside) {
    constexpr std::string_view prefix = "envvar:";
    if (inside.substr(0, prefix.size()) != prefix) return std::nullopt;
    inside.remove_prefix(prefix.size());
    EnvReference reference;
    const std::size_t mark = inside.find(":-");
    reference.name = inside.substr(0, mark);
    if (mark != std::string_view::npos) reference.fallback = inside.substr(mark + 2);
    const auto is_name_char = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_';
    };
    reference.valid = !reference.name.empty() &&
                      std::all_of(reference.name.begin(), reference.name.end(), is_name_char);
    return reference;
}

std::string EnvReference::complaint() const {
    return "'" + shown(name) + "' is not the name of an environment variable";
}

}  // namespace sweepctl
