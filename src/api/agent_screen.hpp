#pragma once

#include "sweepctl/core/agent_messages.hpp"

#include <optional>
#include <string>

// What an agent says is taken for true where it speaks of its own runs, and for nothing else. Here
// its words are brought into the bounds that the controller reckons with.

namespace sweepctl::api {

/// The bounds of one agent, besides kAgentSlotsMax.
inline constexpr std::uint32_t kGpusMax = 1024;
inline constexpr std::uint32_t kWindowMax = 128;
inline constexpr std::size_t kExecutionsMax = 20'000;

/// Makes the hello fit to be believed, or says why it cannot be. `local`: it came over the unix
/// socket.
[[nodiscard]] std::optional<std::string> screen_hello(AgentHello& hello, bool local, WallTime now);

/// The same for what follows on the link of the agent `self`, whose id it gets.
[[nodiscard]] std::optional<std::string> screen(AgentMessage& message,
                                                const AgentRecord& self,
                                                WallTime now);

}  // namespace sweepctl::api
