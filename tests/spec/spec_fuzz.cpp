#include "sweepctl/base/check.hpp"
#include "sweepctl/core/command_line.hpp"
#include "sweepctl/search/strategies.hpp"
#include "sweepctl/spec/sweep_spec.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace sweepctl;

// A text becomes a spec whose runs can be made, or errors that can be shown.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const ParsedSpec parsed = parse_spec(text);

    const bool has_error =
        std::any_of(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                    [](const Diagnostic& each) { return each.severity == Severity::error; });
    SWEEPCTL_CHECK(has_error != parsed.spec.has_value());
    for (const Diagnostic& each : parsed.diagnostics)
        SWEEPCTL_CHECK(each.line > 0 && each.column > 0);
    const std::string shown = render(parsed.diagnostics, "sweep.yaml", text);
    SWEEPCTL_CHECK(shown.empty() || shown.back() == '\n');
    if (!parsed.spec) return 0;

    const SweepSpec& spec = *parsed.spec;
    const auto strategy = make_strategy(spec.space, spec.search_options(size));
    CommandInput input;
    input.command = spec.program.command;
    input.program = spec.program.program;
    input.interpreter = spec.program.interpreter;
    input.env = [](std::string_view name) -> std::optional<std::string> {
        return name == "HOME" ? std::optional<std::string>("/home") : std::nullopt;
    };
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{12345}}) {
        const auto config = strategy->suggest(number, {});
        if (!config) continue;
        if (strategy->size()) SWEEPCTL_CHECK(strategy->number_of(*config) == number);
        input.config = *config;
        static_cast<void>(expand_command(input));
        static_cast<void>(param_file(*config));
        static_cast<void>(python_json(*config));
    }
    return 0;
}
