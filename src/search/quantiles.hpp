#pragma once

namespace sweepctl {

/// Phi^-1: the standard normal quantile at u in (0, 1), to a few units in the last place.
[[nodiscard]] double normal_quantile(double u);

/// The x with I_x(a, b) = u, for u in (0, 1) and a, b > 0: the quantile of the beta distribution,
/// to 1e-12 relative (near one: absolute) for a and b up to 1e9.
[[nodiscard]] double beta_quantile(double a, double b, double u);

/// I_x(a, b), the regularised incomplete beta function, for x in [0, 1].
[[nodiscard]] double beta_cdf(double a, double b, double x);

}  // namespace sweepctl
