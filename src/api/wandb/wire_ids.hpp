#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

// GraphQL ids as W&B clients keep them: base64 of "Run:v1:<id>". They are opaque to clients, which give them
// back; a bare id is taken, too.

namespace sweepctl::api {

[[nodiscard]] std::string wire_id(std::string_view kind, std::string_view id);

/// What stands in it; nullopt: it is the id of another kind of thing.
[[nodiscard]] std::optional<std::string> id_in(std::string_view kind, std::string_view wire_id);

/// A file has no id of its own: its run's, and its name.
[[nodiscard]] std::string file_id(std::string_view run, std::string_view name);
[[nodiscard]] std::optional<std::pair<std::string, std::string>> file_in(std::string_view wire_id);

}  // namespace sweepctl::api
