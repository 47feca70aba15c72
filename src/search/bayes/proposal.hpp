#pragma once

#include "search/bayes/encoding.hpp"
#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/ledger.hpp"
#include "search/bayes/random_stream.hpp"
#include "search/bayes/region.hpp"

#include <optional>

namespace sweepctl::bayes {

/// What makes a point worth a run.
enum class Criterion : std::uint8_t { log_improvement, confidence_bound };

/// The most promising configuration that was not tried; nullopt when all were. Looked for in
/// `region`, and only if all that was found there was tried, elsewhere. `ties`: points on a plateau
/// that it is to keep away from, if it can.
[[nodiscard]] std::optional<Point> propose(const Encoding& encoding,
                                           const Ledger& ledger,
                                           const Region& region,
                                           Posterior& posterior,
                                           const std::vector<Point>& known,
                                           Criterion criterion,
                                           const std::vector<Point>& ties,
                                           RandomStream& stream);

/// Some configuration that was not tried; nullopt when all were.
[[nodiscard]] std::optional<Point> any_untried(const Encoding& encoding,
                                               const Ledger& ledger,
                                               RandomStream& stream);

}  // namespace sweepctl::bayes
