#include "sweepctl/core/changes.hpp"

namespace sweepctl {

bool Changes::empty() const {
    return new_sweeps.empty() && sweeps.empty() && runs.empty() && attempts.empty() &&
           metrics.empty() && events.empty() && agents.empty() && deleted_agents.empty() &&
           deleted_runs.empty() && deleted_sweeps.empty() && edited_origins.empty() &&
           projects.empty() && details.empty() && streams.empty() && files.empty() &&
           deleted_files.empty() && skipped_serials.empty();
}

}  // namespace sweepctl
