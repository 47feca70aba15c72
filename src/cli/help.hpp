#pragma once

#include "cli/verb.hpp"

#include <string>

namespace sweepctl::cli {

/// Adds --server and --home, which every verb takes.
struct GlobalOptions;
void declare_globals(Arguments& arguments, GlobalOptions& globals);

/// What `sweepctl --help` prints.
[[nodiscard]] std::string overview_text();

/// What `sweepctl VERB --help` prints.
[[nodiscard]] std::string verb_text(const Verb& verb, const Arguments& arguments);

/// "usage: sweepctl launch SPEC [OPTION...]", without a newline.
[[nodiscard]] std::string usage_line(const Verb& verb, const Arguments& arguments);

}  // namespace sweepctl::cli
