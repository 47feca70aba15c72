#include "sweepctl/core/changes.hpp"

namespace sweepctl {

bool Changes::empty() const {
    return new_sweeps.empty() && sweeps.empty() && runs.empty() && attempts.empty() &&
           metrics.empty() && events.empty() && agents.empty() && deleted_agents.empty() &&
           deleted_runs.empty() && deleted_sweeps.empty();
}

}  // namespace sweepctl
