#pragma once

#include "cli/exit_codes.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace sweepctl::cli {

/// Ends a verb: what to tell the person, and the exit code. Thrown anywhere below run(), which is
/// the one place that catches and prints it.
class CliError : public std::runtime_error {
public:
    CliError(ExitCode code, const std::string& message, std::string hint = {})
        : std::runtime_error(message), code_(code), hint_(std::move(hint)) {}

    [[nodiscard]] ExitCode code() const { return code_; }
    /// What would be right; empty: nothing to say.
    [[nodiscard]] const std::string& hint() const { return hint_; }

private:
    ExitCode code_;
    std::string hint_;
};

/// The controller finds a field of what it was sent wrong.
class FieldRefused : public CliError {
public:
    FieldRefused(const std::string& message, std::string hint, std::string field)
        : CliError(kError, message, std::move(hint)), field_(std::move(field)) {}

    [[nodiscard]] const std::string& field() const { return field_; }

private:
    std::string field_;
};

}  // namespace sweepctl::cli
