#pragma once

#include <string>

// Shell completions, made from what the verbs declare, so that they never lag behind.

namespace sweepctl::cli {

[[nodiscard]] std::string bash_completion();
[[nodiscard]] std::string zsh_completion();
[[nodiscard]] std::string fish_completion();

}  // namespace sweepctl::cli
