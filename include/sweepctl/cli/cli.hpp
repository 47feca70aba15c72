#pragma once

namespace sweepctl::cli {

/// The whole command line, from argv to the exit code. Never throws.
[[nodiscard]] int run(int argc, char** argv);

}  // namespace sweepctl::cli
