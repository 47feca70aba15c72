#include "spec/findings.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::size_t kShownOfOneSeverity = 100;
constexpr std::size_t kShownOfOneOddity = 5;
/// Longer lists are left out where there is a near word, and cut off where there is none.
constexpr std::size_t kKnownMax = 12;
constexpr std::size_t kListedMax = 24;

struct Remark {
    Severity severity;
    std::string message;
    std::string hint;
};

Remark remark_on(std::string_view text, Oddity oddity) {
    const std::string quoted = "'" + shown(text) + "'";
    switch (oddity) {
        case Oddity::none: break;
        case Oddity::newer_float:
            return {Severity::note, quoted + " is read as a number",
                    "put it in quotes if a text is meant; W&B's own YAML reader takes it for one"};
        case Oddity::word_bool: {
            const char first = text[0];
            const bool on = first == 'y' || first == 'Y' ||
                            (text.size() == 2 && (text[1] == 'n' || text[1] == 'N'));
            return {Severity::warning, quoted + " is read as " + (on ? "true" : "false"),
                    std::string("write ") + (on ? "true" : "false") +
                        ", or put it in quotes if a text is meant"};
        }
        case Oddity::sexagesimal:
            return {Severity::warning, quoted + " is read as a number in base 60",
                    "put it in quotes if a text is meant, or write the number"};
        case Oddity::leading_zero:
            return {Severity::warning, quoted + " is read as an octal number",
                    "leave out the leading zero, or put it in quotes if a text is meant"};
        case Oddity::leading_zero_text:
            return {Severity::warning, quoted + " is read as a text",
                    "leave out the leading zero if a number is meant, else put it in quotes"};
        case Oddity::date:
            return {Severity::note, quoted + " is read as a text",
                    "put it in quotes; W&B's own YAML reader takes it for a date and fails"};
        case Oddity::out_of_range:
            return {Severity::error, "the number " + quoted + " is out of range",
                    "floats reach from 5e-324 to 1.8e308, integers up to 1000 digits; put it in "
                    "quotes if a text is meant"};
    }
    return {Severity::note, quoted + " is read as it stands", ""};
}

}  // namespace

bool Findings::Tally::admit(Place place, std::size_t shown_max) {
    if (++count == shown_max + 1) first_left_out = place;
    return count <= shown_max;
}

void Findings::add(Severity severity, Place place, std::string message, std::string hint) {
    Tally& tally = by_severity_[static_cast<std::size_t>(severity)];
    if (!tally.admit(place, kShownOfOneSeverity)) return;
    shown_.push_back({severity, place.line, place.column, std::move(message), std::move(hint)});
}

void Findings::error(Place place, std::string message, std::string hint) {
    add(Severity::error, place, std::move(message), std::move(hint));
}
void Findings::warning(Place place, std::string message, std::string hint) {
    add(Severity::warning, place, std::move(message), std::move(hint));
}
void Findings::note(Place place, std::string message, std::string hint) {
    add(Severity::note, place, std::move(message), std::move(hint));
}

void Findings::remark(Place place, std::string_view text, Oddity oddity) {
    if (oddity == Oddity::none) return;
    Remark remark = remark_on(text, oddity);
    if (remark.severity != Severity::error) {
        Tally& tally = by_oddity_[static_cast<std::size_t>(oddity)];
        if (!tally.admit(place, kShownOfOneOddity)) return;
    }
    add(remark.severity, place, std::move(remark.message), std::move(remark.hint));
}

bool Findings::has_errors() const {
    return by_severity_[static_cast<std::size_t>(Severity::error)].count > 0;
}

std::vector<Diagnostic> Findings::take() {
    const auto count_rest = [&](const Tally& tally, std::size_t shown_max, Severity severity,
                                const char* what) {
        if (tally.count <= shown_max) return;
        shown_.push_back(
            {severity, tally.first_left_out.line, tally.first_left_out.column,
             std::to_string(tally.count - shown_max) + " more " + what + " from here on", ""});
    };
    for (const Tally& tally : by_oddity_)
        count_rest(tally, kShownOfOneOddity, Severity::note, "values read in such a way");
    for (const auto& [severity, what] :
         {std::pair{Severity::note, "notes"}, std::pair{Severity::warning, "warnings"},
          std::pair{Severity::error, "errors"}}) {
        count_rest(by_severity_[static_cast<std::size_t>(severity)], kShownOfOneSeverity, severity,
                   what);
    }
    // An alias or a merge can say the same of the same place twice.
    std::stable_sort(shown_.begin(), shown_.end(), [](const auto& left, const auto& right) {
        return std::tie(left.line, left.column) < std::tie(right.line, right.column);
    });
    std::vector<Diagnostic> found;
    for (Diagnostic& diagnostic : shown_) {
        const bool twice = std::any_of(found.rbegin(), found.rend(), [&](const Diagnostic& other) {
            return other.line == diagnostic.line && other.column == diagnostic.column &&
                   other.message == diagnostic.message;
        });
        if (!twice) found.push_back(std::move(diagnostic));
    }
    return found;
}

std::string suggest(std::string_view word, const std::vector<std::string_view>& known) {
    std::string hint;
    if (const std::string_view meant = did_you_mean(word, known); !meant.empty()) {
        hint.append("did you mean '").append(shown(meant)).append("'?");
        if (known.size() > kKnownMax) return hint;
        hint.push_back(' ');
    }
    hint += "known: ";
    for (std::size_t i = 0; i < std::min(known.size(), kListedMax); ++i) {
        if (i > 0) hint += ", ";
        hint += shown(known[i]);
    }
    return known.size() > kListedMax ? hint + ", ..." : hint;
}

}  // namespace sweepctl
