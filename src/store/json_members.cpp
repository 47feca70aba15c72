#include "store/json_members.hpp"

#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <cstring>

namespace sweepctl {

namespace {

constexpr std::string_view kValue = "value";

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// What a string between quotes says: escapes read, and bytes that are not UTF-8 replaced.
std::string unescaped(std::string_view raw) {
    std::string quoted = "\"";
    quoted += raw;
    quoted += '"';
    const Result<ParamValue, JsonError> value = parse_json(quoted);
    if (!value.ok()) return std::string(raw);
    const auto* text = value->get_if<std::string>();
    return text == nullptr ? std::string(raw) : *text;
}

bool is_plain(char c) {
    return c != '\\' && static_cast<unsigned char>(c) < 0x80;
}

/// Quick to tell for most long objects that have no such member; short ones are read as quickly.
bool may_have(std::string_view object, std::string_view name) {
    constexpr std::size_t kShort = 400;
    return object.size() < kShort || !std::all_of(name.begin(), name.end(), is_plain) ||
           ::memmem(object.data(), object.size(), name.data(), name.size()) != nullptr ||
           std::memchr(object.data(), '\\', object.size()) != nullptr;
}

/// `path` without a first step called `value`; nullopt: it begins with another.
std::optional<std::string_view> after_value(std::string_view path) {
    if (!path.starts_with(kValue)) return std::nullopt;
    path.remove_prefix(kValue.size());
    if (path.empty()) return path;
    if (path.front() != '.') return std::nullopt;
    return path.substr(1);
}

}  // namespace

JsonMembers::JsonMembers(std::string_view object) : text_(object) {
    skip_space();
    if (!take('{')) (void)fail();
}

bool JsonMembers::fail() {
    at_ = text_.size();
    return false;
}

void JsonMembers::skip_space() {
    while (at_ < text_.size() && is_space(text_[at_]))
        ++at_;
}

bool JsonMembers::take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
}

/// From the opening quote to behind the closing one.
bool JsonMembers::skip_string() {
    plain_ = true;
    for (++at_; at_ < text_.size(); ++at_) {
        const char c = text_[at_];
        if (c == '"') {
            ++at_;
            return true;
        }
        plain_ = plain_ && is_plain(c);
        if (c == '\\') ++at_;
    }
    return fail();
}

bool JsonMembers::skip_value() {
    if (at_ == text_.size()) return false;
    const char first = text_[at_];
    if (first == '"') return skip_string();
    if (first != '{' && first != '[') {
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}' &&
               !is_space(text_[at_]))
            ++at_;
        return true;
    }
    std::size_t depth = 0;
    while (at_ < text_.size()) {
        const char c = text_[at_];
        if (c == '"') {
            if (!skip_string()) return false;
            continue;
        }
        ++at_;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) return true;
    }
    return false;
}

bool JsonMembers::next() {
    skip_space();
    if (!first_ && !take(',')) return fail();
    first_ = false;
    skip_space();
    if (at_ == text_.size() || text_[at_] != '"') return fail();
    const std::size_t name_begin = at_ + 1;
    if (!skip_string()) return false;
    name_ = text_.substr(name_begin, at_ - 1 - name_begin);
    const bool plain = plain_;
    skip_space();
    if (!take(':')) return fail();
    skip_space();
    const std::size_t value_begin = at_;
    if (!skip_value()) return fail();
    value_ = text_.substr(value_begin, at_ - value_begin);
    plain_ = plain;
    return true;
}

std::string JsonMembers::name() const {
    return plain_ ? std::string(name_) : unescaped(name_);
}

bool JsonMembers::is_named(std::string_view name) const {
    return plain_ ? name_ == name : unescaped(name_) == name;
}

std::optional<std::string_view> json_member(std::string_view object, std::string_view name) {
    if (!may_have(object, name)) return std::nullopt;
    for (JsonMembers members(object); members.next();) {
        if (members.is_named(name)) return members.value();
    }
    return std::nullopt;
}

std::optional<std::string_view> json_path(std::string_view object,
                                          std::string_view path,
                                          bool through_value) {
    if (const auto value = json_member(object, path)) return value;
    for (std::size_t dot = path.find('.'); dot != std::string_view::npos;
         dot = path.find('.', dot + 1)) {
        const auto group = json_member(object, path.substr(0, dot));
        if (!group) continue;
        const std::string_view rest = path.substr(dot + 1);
        if (const auto value = json_path(*group, rest, through_value)) return value;
        if (!through_value) continue;
        const auto beyond = after_value(rest);
        if (!beyond) continue;
        if (beyond->empty()) return group;
        if (const auto value = json_path(*group, *beyond, through_value)) return value;
    }
    return std::nullopt;
}

std::optional<std::string_view> wrapped_path(std::string_view config, std::string_view path) {
    for (std::size_t dot = path.size();; dot = path.rfind('.', dot - 1)) {
        if (dot == std::string_view::npos) return std::nullopt;
        const auto entry = json_member(config, path.substr(0, dot));
        const auto value = entry ? json_member(*entry, kValue) : std::nullopt;
        if (value && dot == path.size()) return value;
        if (value) {
            const std::string_view rest = path.substr(dot + 1);
            if (const auto found = json_path(*value, rest, true)) return found;
            if (const auto beyond = after_value(rest)) {
                if (beyond->empty()) return value;
                if (const auto found = json_path(*value, *beyond, true)) return found;
            }
        }
        if (dot == 0) return std::nullopt;
    }
}

}  // namespace sweepctl
