#include "agent/runner_params.hpp"

#include "sweepctl/runner/contract.hpp"

#include <algorithm>
#include <chrono>

namespace sweepctl {

namespace {

constexpr std::string_view kHexDigits = "0123456789ABCDEF";

bool stands_for_itself(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/// What the runner can do sums with; nobody waits 1000 years.
std::string milliseconds(std::int64_t span) {
    constexpr std::int64_t kMost = 1000LL * 366 * 24 * 3600 * 1000;
    return std::to_string(std::clamp<std::int64_t>(span, 0, kMost));
}

}  // namespace

std::string run_token(const RunId& run) {
    std::string token;
    token.reserve(run.text.size());
    for (const char c : run.text) {
        if (stands_for_itself(c)) {
            token += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            token += {'%', kHexDigits[byte >> 4U], kHexDigits[byte & 15U]};
        }
    }
    return token;
}

std::optional<RunId> run_from_token(std::string_view token) {
    RunId run;
    run.text.reserve(token.size());
    for (std::size_t i = 0; i < token.size(); ++i) {
        if (stands_for_itself(token[i])) {
            run.text += token[i];
            continue;
        }
        if (token[i] != '%' || i + 2 >= token.size()) return std::nullopt;
        const auto high = kHexDigits.find(token[i + 1]);
        const auto low = kHexDigits.find(token[i + 2]);
        if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
        run.text += static_cast<char>(high << 4U | low);
        i += 2;
    }
    if (run.text.empty()) return std::nullopt;
    return run;
}

std::optional<std::string> runner_params(const LaunchRequest& request,
                                         int agent_pid,
                                         std::string_view boot_id) {
    const std::string token = run_token(request.run);
    if (token.empty() || token.size() > contract::kRunTokenMax || boot_id.empty() ||
        boot_id.size() > contract::kBootIdMax || request.cwd.empty())
        return std::nullopt;
    std::string params = std::to_string(contract::kParamsVersion);
    for (const std::string& field :
         {token, std::to_string(request.attempt), std::to_string(request.fence),
          std::to_string(agent_pid), milliseconds(request.lease_deadline_ms),
          milliseconds(request.kill_delay.count()), milliseconds(request.straggler_grace.count()),
          std::string(boot_id), request.cwd}) {
        params += ' ';
        params += field;
    }
    return params;
}

}  // namespace sweepctl
