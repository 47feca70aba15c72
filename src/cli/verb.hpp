#pragma once

#include "cli/arguments.hpp"

#include <functional>
#include <span>
#include <string_view>

namespace sweepctl::cli {

class Session;

/// What a verb does once its arguments are known; the exit code.
using Action = std::function<int(Session&)>;

/// One word after "sweepctl".
struct Verb {
    std::string_view name;
    std::string_view group;     ///< heading in the list of verbs; empty: not listed
    std::string_view summary;   ///< one line
    std::string_view details;   ///< what else there is to know; may be empty
    std::string_view examples;  ///< command lines, each with what it does after "  # "
    Action (*declare)(Arguments&);
};

/// All verbs, in the order in which they are listed.
[[nodiscard]] std::span<const Verb* const> all_verbs();
/// The verb called `name`, or null.
[[nodiscard]] const Verb* find_verb(std::string_view name);

}  // namespace sweepctl::cli
