#include "api/wandb/wire_ids.hpp"

#include "sweepctl/base/base64.hpp"

namespace sweepctl::api {

namespace {
constexpr std::string_view kVersion = ":v1:";
}

std::string wire_id(std::string_view kind, std::string_view id) {
    std::string text(kind);
    text += kVersion;
    text += id;
    return base64_encode(text);
}

std::optional<std::string> id_in(std::string_view kind, std::string_view wire_id) {
    const std::optional<std::string> text = base64_decode(wire_id);
    const std::size_t version = text ? text->find(kVersion) : std::string::npos;
    if (version == std::string::npos) return std::string(wire_id);
    if (std::string_view(*text).substr(0, version) != kind) return std::nullopt;
    return text->substr(version + kVersion.size());
}

std::string file_id(std::string_view run, std::string_view name) {
    return wire_id("File", std::string(run) + "/" + std::string(name));
}

std::optional<std::pair<std::string, std::string>> file_in(std::string_view wire_id) {
    const std::optional<std::string> text = id_in("File", wire_id);
    const std::size_t slash = text ? text->find('/') : std::string::npos;
    if (slash == std::string::npos) return std::nullopt;
    return std::pair(text->substr(0, slash), text->substr(slash + 1));
}

}  // namespace sweepctl::api
