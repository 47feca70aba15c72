#pragma once

#include "cli/controller.hpp"
#include "cli/session.hpp"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace sweepctl::cli {

/// The controller of `home` if one answers; null where none is running. Throws CliError when there
/// is one that does not answer for as long as `patience`.
[[nodiscard]] std::unique_ptr<Controller> find_controller(
    const std::string& home, std::chrono::milliseconds patience = std::chrono::seconds{10});

/// Starts one in the background and waits until it answers, with `arguments` after "serve". When
/// somebody else starts one at the same time, there is still only one. Throws CliError with the end
/// of its log when it does not come up.
[[nodiscard]] std::unique_ptr<Controller> start_controller(
    Session& session, const std::string& home, const std::vector<std::string>& arguments);

}  // namespace sweepctl::cli
