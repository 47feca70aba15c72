#include "sweepctl/store/project_reads.hpp"

#include "store/read_session.hpp"

namespace sweepctl {

std::optional<SweepId> sweep_with_files(ReadSession& session, const RunId& run) {
    sqlite::Rows row =
        session.statement("SELECT sweeps.id FROM runs JOIN sweeps ON sweeps.key = runs.sweep"
                          " WHERE runs.id = ?1 AND sweeps.deleted = 0")
            .query(run.text);
    if (!row.next()) return std::nullopt;
    return SweepId{row.string(0)};
}

}  // namespace sweepctl
