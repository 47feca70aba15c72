#include "sweepctl/core/agent.hpp"

#include <cstdlib>

namespace sweepctl {

std::string_view to_string(AgentState state) {
    switch (state) {
        case AgentState::online: return "online";
        case AgentState::lost: return "lost";
        case AgentState::draining: return "draining";
    }
    std::abort();
}

}  // namespace sweepctl
