#include "target.hpp"

#include "sweepctl/wire/http_text.hpp"

#include <algorithm>
#include <utility>

namespace sweepctl {
namespace {

constexpr std::string_view kScheme = "http://";

bool has_control_characters(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

std::optional<HttpFields> parse_query(std::string_view text) {
    HttpFields fields;
    while (!text.empty()) {
        const auto item = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(text.size(), item.size() + 1));
        if (item.empty()) continue;
        const auto equals = item.find('=');
        auto name = percent_decode(item.substr(0, equals), Plus::is_space);
        auto value = equals == std::string_view::npos
                         ? std::optional<std::string>("")
                         : percent_decode(item.substr(equals + 1), Plus::is_space);
        if (!name || !value) return std::nullopt;
        fields.emplace_back(std::move(*name), std::move(*value));
    }
    return fields;
}

}  // namespace

std::optional<RequestTarget> parse_target(std::string_view target) {
    RequestTarget parsed;
    if (target.substr(0, kScheme.size()) == kScheme) {
        target.remove_prefix(kScheme.size());
        const auto authority = target.substr(0, target.find_first_of("/?"));
        if (authority.empty()) return std::nullopt;
        parsed.authority = authority;
        target.remove_prefix(authority.size());
        if (target.empty() || target.front() != '/') parsed.path = "/";
    }
    target = target.substr(0, target.find('#'));  // No client sends it; none may smuggle with it.
    const auto question = target.find('?');
    if (parsed.path.empty()) {
        auto path = percent_decode(target.substr(0, question), Plus::is_plus);
        if (!path || !path->starts_with('/') || has_control_characters(*path)) return std::nullopt;
        parsed.path = std::move(*path);
    }
    if (question != std::string_view::npos) {
        auto query = parse_query(target.substr(question + 1));
        if (!query) return std::nullopt;
        parsed.query = std::move(*query);
    }
    return parsed;
}

}  // namespace sweepctl
