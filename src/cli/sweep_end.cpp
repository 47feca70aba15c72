#include "cli/sweep_end.hpp"

#include "cli/controller.hpp"
#include "cli/json_view.hpp"
#include "cli/sweep_view.hpp"
#include "cli/text.hpp"

namespace sweepctl::cli {

namespace {

SweepEnd ended(const Counts& counts, const std::string& status) {
    if (counts.unfinished() + counts.pending == 0) return {kOk, status};
    return {kRunsFailed, status + "; " + counts_text(counts)};
}

}  // namespace

std::optional<SweepEnd> end_of(const ParamValue& sweep) {
    const std::string status = text_field(sweep, "status");
    const std::string reason = printable(text_field(sweep, "reason"));
    const Counts counts = counts_of(sweep);
    const bool quiet = counts.running == 0;
    const bool drained = bool_field(sweep, "drained");
    const std::string because = reason.empty() ? "" : " (" + reason + ")";

    if (status == "finished") return ended(counts, "finished");
    if (status == "stopped" && quiet) {
        // Runs that were requeued or enqueued stay pending, and with them the sweep undrained.
        SweepEnd end = ended(counts, "stopped");
        end.certain = drained;
        return end;
    }
    if (status == "paused" && quiet && reason.find("fail_fast") != std::string::npos) {
        return SweepEnd{
            kGaveUp, "paused itself, since its runs keep failing; " + counts_text(counts), drained};
    }
    if (status == "cancelled") {
        // Its runs are being killed; or it is being deleted, and goes with the last of them.
        if (!quiet || counts.pending > 0) return std::nullopt;
        return SweepEnd{kGaveUp, status + because};
    }
    if (status == "failed" || status == "crashed") return SweepEnd{kGaveUp, status + because};
    return std::nullopt;
}

SweepEnd end_of(Controller& controller, const ParamValue& sweep) {
    SweepEnd end = end_of(sweep).value_or(SweepEnd{});
    const Counts counts = counts_of(sweep);
    if (end.code != kRunsFailed || counts.failed + counts.crashed + counts.pending > 0) return end;
    bool by_others = false;
    controller.each_item("sweeps/" + text_field(sweep, "id") + "/runs",
                         {{"state", "killed"},
                          {"filter", "not end_reason in (early_terminate, target_reached)"},
                          {"limit", "1"}},
                         [&](const ParamValue&) {
                             by_others = true;
                             return false;
                         });
    if (by_others) return end;
    end.code = kOk;
    end.why += " by the sweep itself";
    return end;
}

}  // namespace sweepctl::cli
