#pragma once

#include "sweepctl/spec/sweep_spec.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// `line:column message` of each finding of a severity.
inline std::vector<std::string> findings_of(std::string_view text,
                                            Severity severity,
                                            const SpecOptions& options = {}) {
    std::vector<std::string> found;
    for (const Diagnostic& each : parse_spec(text, options).diagnostics) {
        if (each.severity != severity) continue;
        found.push_back(std::to_string(each.line) + ":" + std::to_string(each.column) + " " +
                        each.message);
    }
    return found;
}
inline std::vector<std::string> errors_of(std::string_view text) {
    return findings_of(text, Severity::error);
}
inline std::vector<std::string> warnings_of(std::string_view text) {
    return findings_of(text, Severity::warning);
}
inline std::vector<std::string> notes_of(std::string_view text) {
    return findings_of(text, Severity::note);
}

/// The spec of a text without errors.
inline SweepSpec spec_of(std::string_view text) {
    ParsedSpec parsed = parse_spec(text);
    INFO(text);
    INFO(render(parsed.diagnostics, "spec", text));
    REQUIRE(parsed.spec.has_value());
    return *parsed.spec;
}

/// A valid spec with these lines below `parameters:`, each indented by two spaces already.
inline std::string with_parameters(const std::string& lines, const std::string& method = "random") {
    return "program: train.py\nmethod: " + method + "\nparameters:\n" + lines + "\n";
}
/// A valid spec whose parameter p is `text`; it stands at 4:6.
inline std::string with_parameter(const std::string& text, const std::string& method = "random") {
    return with_parameters("  p: " + text, method);
}

/// A valid spec with these lines at the top, from line 4 on.
inline std::string with_lines(const std::string& lines) {
    return "program: train.py\nmethod: random\nparameters: {p: {values: [1, 2]}}\n" + lines + "\n";
}

/// The only parameter of a spec.
inline Distribution distribution_of(const std::string& text) {
    const SweepSpec spec = spec_of(with_parameter(text));
    REQUIRE(spec.space.parameters.size() == 1);
    return spec.space.parameters[0].distribution;
}

}  // namespace sweepctl
