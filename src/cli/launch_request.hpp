#pragma once

#include "sweepctl/core/value.hpp"
#include "sweepctl/wire/server_address.hpp"

#include "cli/spec_file.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sweepctl::cli {

class Session;

struct LaunchOptions {
    std::optional<std::string> name;
    std::optional<std::string> project;
    std::optional<std::string> entity;
    std::optional<std::uint64_t> parallel;
    std::optional<std::uint64_t> seed;
    std::vector<std::string> priors;  ///< each a file of runs, or a sweep
    bool paused = false;
    bool strict = false;
};

/// The body of POST /sweeps. The environment goes along only to this very machine: it holds
/// secrets, and means nothing elsewhere.
[[nodiscard]] ParamValue launch_request(Session& session,
                                        const SpecFile& file,
                                        const SweepSpec& spec,
                                        const LaunchOptions& options,
                                        const ServerAddress& server);

}  // namespace sweepctl::cli
