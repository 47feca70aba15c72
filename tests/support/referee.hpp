#pragma once

#include "sweepctl/core/changes.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

// Watches everything that is stored and says what breaks the tables of sweep-semantics 1.5 and 2.3.
// It shares no rule with the code it judges: the tables are written down here a second time.

namespace sweepctl::testing {

class Referee {
public:
    /// Throws std::logic_error with what is wrong. To be called with every commit, in order.
    void take(const Changes& changes);
    /// A sweep was put into this status behind everybody's back.
    void expect(const SweepId& sweep, SweepStatus status) {
        sweeps_[sweep] = std::string(to_string(status));
    }

private:
    struct SeenRun {
        SweepId sweep;
        std::optional<std::uint64_t> suggestion;
        std::string state;
        std::string reason;
        std::uint32_t attempt = 1;
        std::optional<Run> row;
    };
    void run_moved(const AuditEvent& event);
    void sweep_moved(const AuditEvent& event);
    void row_stored(const RunRow& row, bool moved);

    std::map<RunId, SeenRun> runs_;
    std::map<SweepId, std::string> sweeps_;
    std::map<std::pair<SweepId, std::uint64_t>, RunId> cells_;
    std::uint64_t next_event_ = 1;
};

}  // namespace sweepctl::testing
