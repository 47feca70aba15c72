#pragma once

#include "sweepctl/search/strategies.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace sweepctl::cli {

class Session;

/// A spec as a person names it on the command line.
struct SpecFile {
    std::string name;  ///< for messages; "-" is standard input
    std::string text;
};

/// Reads it. Throws CliError when there is no such file, or it cannot be a spec.
[[nodiscard]] SpecFile read_spec_file(const std::string& path);

/// How much of what there is to say about a spec is said.
enum class Say { everything, warnings };

/// Parses it and prints what there is to say about it on stderr. Throws CliError when it is not
/// valid.
[[nodiscard]] SweepSpec checked_spec(Session& session,
                                     const SpecFile& file,
                                     bool strict,
                                     Say say = Say::warnings);

/// The search that `spec` asks for. Throws CliError where there is none for its method.
[[nodiscard]] std::unique_ptr<SearchStrategy> strategy_of(const SweepSpec& spec,
                                                          std::uint64_t seed);

/// How many runs the sweep will have; nullopt without end.
[[nodiscard]] std::optional<std::uint64_t> expected_runs(const SweepSpec& spec,
                                                         const SearchStrategy& strategy);

/// A seed for a sweep that has none. Throws CliError when the kernel gives no random number.
[[nodiscard]] std::uint64_t drawn_seed();

/// Whether what is searched depends on the seed.
[[nodiscard]] bool uses_seed(const SweepSpec& spec);

}  // namespace sweepctl::cli
