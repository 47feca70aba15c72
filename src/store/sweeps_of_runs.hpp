#pragma once

#include "store/read_session.hpp"
#include "store/run_json.hpp"

#include <cstdint>
#include <optional>
#include <unordered_map>

namespace sweepctl {

/// The sweeps of runs that are read one after the other, looked up once each.
class SweepsOfRuns {
public:
    explicit SweepsOfRuns(ReadSession& session) : session_(session) {}

    /// nullptr: it is deleted, and so are its runs.
    [[nodiscard]] const SweepNames* find(std::int64_t key);

private:
    ReadSession& session_;
    std::unordered_map<std::int64_t, std::optional<SweepNames>> known_;
    std::int64_t last_key_ = 0;  // Neighbours are mostly of one sweep.
    const SweepNames* last_ = nullptr;
};

}  // namespace sweepctl
