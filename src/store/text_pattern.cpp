#include "store/text_pattern.hpp"

#include "sweepctl/base/shown.hpp"

#include <boost/regex.hpp>

#include <stdexcept>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::size_t kPatternMax = 1'000;

}  // namespace

struct TextPattern::Compiled {
    std::string text;
    boost::regex expression;
};

TextPattern::TextPattern(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
TextPattern::TextPattern(TextPattern&&) noexcept = default;
TextPattern& TextPattern::operator=(TextPattern&&) noexcept = default;
TextPattern::~TextPattern() = default;

Result<TextPattern, std::string> TextPattern::compile(std::string_view pattern, bool ignore_case) {
    if (pattern.size() > kPatternMax) {
        return Failure{"the regular expression '" + shown(pattern) + "' is longer than " +
                       std::to_string(kPatternMax) + " characters"};
    }
    auto compiled = std::make_unique<Compiled>();
    compiled->text = pattern;
    const auto flags =
        boost::regex::perl | (ignore_case ? boost::regex::icase : boost::regex::normal);
    try {
        compiled->expression.assign(pattern.begin(), pattern.end(), flags);
    } catch (const boost::regex_error& error) {
        return Failure{"'" + shown(pattern) + "' is no regular expression: " + error.what()};
    }
    return TextPattern(std::move(compiled));
}

bool TextPattern::found_in(std::string_view text) const {
    try {
        return boost::regex_search(text.begin(), text.end(), compiled_->expression);
    } catch (const std::runtime_error&) {
        throw PatternTooHard("the regular expression '" + shown(compiled_->text) +
                             "' takes too long to match: write a simpler one");
    }
}

}  // namespace sweepctl
