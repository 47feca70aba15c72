#pragma once

#include "sweepctl/agent/agent.hpp"
#include "sweepctl/core/time.hpp"

#include <chrono>
#include <ctime>

namespace sweepctl {

/// The real clocks.
class SystemClock {
public:
    [[nodiscard]] Now now() const {
        return {std::chrono::floor<Duration>(std::chrono::system_clock::now()),
                std::chrono::floor<Duration>(std::chrono::steady_clock::now())};
    }
};

class SystemAgentClock : public AgentClock {
public:
    [[nodiscard]] AgentClockReading now() const override {
        const Now both = SystemClock{}.now();
        return {both.wall, both.steady, boottime_ms()};
    }
};

}  // namespace sweepctl
