#include "spec/fields.hpp"

#include "sweepctl/base/did_you_mean.hpp"
#include "sweepctl/base/shown.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace sweepctl {

namespace {

/// For a text that would be a number without its quotes.
std::string quotes_hint(const YamlNode& node) {
    if (node.reading.value.get_if<std::string>() == nullptr) return {};
    const ScalarReading plain = read_plain_scalar(node.text);
    double scratch = 0;
    return plain.value.number(scratch) != nullptr ? "take the quotes off: " + shown(node.text)
                                                  : std::string{};
}

}  // namespace

std::string Fields::full_name(std::string_view key) const {
    return name_.empty() ? std::string(key) : name_ + "." + std::string(key);
}

void Fields::error(const YamlNode& at, std::string message, std::string hint) {
    findings_.error(at.place, std::move(message), std::move(hint));
}

const YamlNode* Fields::get(std::string_view key) {
    const YamlNode::Entry* entry = node_.entry(key);
    if (entry == nullptr) return nullptr;
    if (!entry->value->is_null()) return entry->value;
    findings_.note(entry->key_place, "'" + full_name(key) + "' is null, the same as absent");
    return nullptr;
}

const YamlNode* Fields::map(std::string_view key) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->kind == YamlNode::Kind::map) return value;
    error(*value, "'" + full_name(key) + "' must be a map, not " + value->described());
    return nullptr;
}

const YamlNode* Fields::list(std::string_view key) {
    const YamlNode* value = get(key);
    if (value == nullptr || value->kind == YamlNode::Kind::list) return value;
    error(*value, "'" + full_name(key) + "' must be a list, not " + value->described());
    return nullptr;
}

std::optional<std::string> Fields::text(std::string_view key) {
    const YamlNode* value = get(key);
    if (value == nullptr) return std::nullopt;
    const std::string* text = value->kind == YamlNode::Kind::scalar
                                  ? value->reading.value.get_if<std::string>()
                                  : nullptr;
    if (text == nullptr) {
        error(*value, "'" + full_name(key) + "' must be a text, not " + value->described(),
              value->kind == YamlNode::Kind::scalar ? "put it in quotes" : "");
        return std::nullopt;
    }
    if (text->empty()) {
        error(*value, "'" + full_name(key) + "' is empty", "leave it out, or say what it is");
        return std::nullopt;
    }
    if (text->find('\0') != std::string::npos) {
        error(*value, "'" + full_name(key) + "' holds a NUL byte", "take it out");
        return std::nullopt;
    }
    return *text;
}

std::optional<std::string> Fields::name_text(std::string_view key) {
    const YamlNode* value = node_.find(key);
    double scratch = 0;
    if (value == nullptr || value->kind != YamlNode::Kind::scalar ||
        value->reading.value.number(scratch) == nullptr) {
        return text(key);
    }
    findings_.note(value->place, "'" + full_name(key) + "' is a number, taken as the text '" +
                                     shown(value->text) + "'");
    return value->text;
}

std::optional<bool> Fields::flag(std::string_view key) {
    const YamlNode* value = get(key);
    if (value == nullptr) return std::nullopt;
    if (const bool* flag = value->reading.value.get_if<bool>()) return *flag;
    error(*value, "'" + full_name(key) + "' must be true or false, not " + value->described());
    return std::nullopt;
}

std::optional<double> Fields::number(std::string_view key) {
    const YamlNode* value = get(key);
    return value == nullptr ? std::nullopt
                            : read_number(*value, "'" + full_name(key) + "'", findings_);
}

std::optional<std::uint64_t> Fields::count(std::string_view key,
                                           std::uint64_t min,
                                           std::uint64_t max) {
    const YamlNode* value = get(key);
    return value == nullptr ? std::nullopt
                            : read_count(*value, "'" + full_name(key) + "'", min, max, findings_);
}

std::optional<std::size_t> Fields::word(std::string_view key,
                                        const std::vector<std::string_view>& words) {
    const YamlNode* value = get(key);
    if (value == nullptr) return std::nullopt;
    const auto found = value->kind == YamlNode::Kind::scalar
                           ? std::find(words.begin(), words.end(), value->text)
                           : words.end();
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    error(*value,
          "unknown " + full_name(key) + " " +
              (value->kind == YamlNode::Kind::scalar ? "'" + shown(value->text) + "'"
                                                     : "(" + value->described() + ")"),
          suggest(value->text, words));
    return std::nullopt;
}

void Fields::refuse_unknown(const std::vector<std::string_view>& known,
                            Unknown policy,
                            const std::vector<std::string_view>& said) {
    for (const YamlNode::Entry& entry : node_.entries) {
        if (std::find(known.begin(), known.end(), entry.key) != known.end()) continue;
        if (std::find(said.begin(), said.end(), entry.key) != said.end()) continue;
        const std::string_view meant = did_you_mean(entry.key, known);
        std::string message = "unknown key '" + shown(entry.key) + "'";
        if (!name_.empty()) message += " in '" + name_ + "'";
        // Of a warning's long list nobody reads more than the near one.
        std::string hint =
            policy != Unknown::refuse && meant.empty() ? std::string{} : suggest(entry.key, known);
        if (entry.value->is_null() && entry.key.find(':') != std::string::npos) {
            hint = "a space is missing after the ':'";
        }
        if (policy == Unknown::refuse || (policy == Unknown::refuse_near && !meant.empty())) {
            findings_.error(entry.key_place, std::move(message), std::move(hint));
        } else {
            findings_.warning(entry.key_place, message + ", which is not acted on",
                              std::move(hint));
        }
    }
}

std::optional<double> read_number(const YamlNode& node,
                                  const std::string& what,
                                  Findings& findings) {
    if (node.kind == YamlNode::Kind::scalar) {
        findings.remark(node.place, node.text, node.reading.oddity);
        if (node.reading.oddity == Oddity::out_of_range) return std::nullopt;
    }
    double scratch = 0;
    const double* number =
        node.kind == YamlNode::Kind::scalar ? node.reading.value.number(scratch) : nullptr;
    if (number == nullptr) {
        findings.error(node.place, what + " must be a number, not " + node.described(),
                       quotes_hint(node));
        return std::nullopt;
    }
    if (!std::isfinite(*number)) {
        findings.error(node.place, what + " must be a finite number, not " + node.described());
        return std::nullopt;
    }
    return *number;
}

std::optional<std::uint64_t> read_count(const YamlNode& node,
                                        const std::string& what,
                                        std::uint64_t min,
                                        std::uint64_t max,
                                        Findings& findings) {
    std::optional<std::uint64_t> count;
    if (node.kind == YamlNode::Kind::scalar) {
        const ParamValue& value = node.reading.value;
        if (const auto* whole = value.get_if<std::int64_t>(); whole != nullptr && *whole >= 0) {
            count = static_cast<std::uint64_t>(*whole);
        } else if (const auto* real = value.get_if<double>();
                   real != nullptr && *real >= 0 && *real < 0x1p53 && *real == std::trunc(*real)) {
            count = static_cast<std::uint64_t>(*real);
        } else if (const auto* big = value.get_if<BigInt>(); big != nullptr) {
            std::uint64_t parsed = 0;
            const char* const end = big->digits.data() + big->digits.size();
            if (std::from_chars(big->digits.data(), end, parsed).ec == std::errc{}) count = parsed;
        }
        findings.remark(node.place, node.text, node.reading.oddity);
        if (node.reading.oddity == Oddity::out_of_range) return std::nullopt;
    }
    if (count && *count >= min && *count <= max) return count;
    const std::string range = max == std::numeric_limits<std::uint64_t>::max()
                                  ? "from " + std::to_string(min) + " on"
                                  : "from " + std::to_string(min) + " to " + std::to_string(max);
    findings.error(node.place,
                   what + " must be a whole number " + range + ", not " + node.described(),
                   quotes_hint(node));
    return std::nullopt;
}

}  // namespace sweepctl
