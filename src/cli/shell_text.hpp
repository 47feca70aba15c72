#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::cli {

/// `word` as a shell reads it back: in single quotes where it needs any.
[[nodiscard]] std::string shell_text(std::string_view word);
/// A command line, to be pasted into a shell.
[[nodiscard]] std::string shell_text(const std::vector<std::string>& words);

}  // namespace sweepctl::cli
