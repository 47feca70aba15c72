#pragma once

#include <string>

namespace sweepctl::cli {

/// An id as typed: ID, PROJECT/ID or ENTITY/PROJECT/ID.
struct IdWord {
    std::string entity;
    std::string project;
    std::string id;
};

/// Throws CliError(kUsage) when `word` has none of the three forms.
[[nodiscard]] IdWord parse_id(const std::string& word);

}  // namespace sweepctl::cli
