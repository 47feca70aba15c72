// The most probable hyperparameters of a Gaussian process.

#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/minimise.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>
#include <utility>

namespace sweepctl::bayes {

namespace {

constexpr double kLengthMin = -5.0;
constexpr double kLengthMax = 6.0;
constexpr std::size_t kSketch = 48;  ///< points that tell good starts from bad ones

/// When a descent ends. As measured: in a wide space a step does little, so going on gains
/// something, and with fewer evaluations nothing is lost.
struct Patience {
    int sketch_evaluations;
    int whole_evaluations;
    double relative_decrease;
};
constexpr Patience kPatience{50, 30, 1e-3};
constexpr Patience kWidePatience{20, 15, 1e-7};

/// The evidence of some points, by their hyperparameters.
class Evidence {
public:
    Evidence(const Encoding& encoding,
             const std::vector<Point>& points,
             const std::vector<double>& values,
             double length_median,
             const Arithmetic& arithmetic)
        : points_(static_cast<double>(points.size())),
          dimensions_(static_cast<double>(encoding.size())),
          median_(length_median),
          arithmetic_(arithmetic.evidence(points.size(), encoding.size())) {
        std::copy(values.begin(), values.end(), arithmetic_->values());
        for (std::size_t i = 0; i < encoding.size(); ++i) {
            const bool category = encoding.dimensions()[i].kind() == Dimension::Kind::category;
            double* out = arithmetic_->squares(i);
            for (std::size_t a = 1; a < points.size(); ++a) {
                for (std::size_t b = 0; b < a; ++b) {
                    const double away = points[a][i] - points[b][i];
                    *out++ = category ? (away == 0 ? 0.0 : 1.0) : away * away;
                }
            }
        }
    }

    double operator()(const std::vector<double>& theta, std::vector<double>& gradient) {
        return arithmetic_->evaluate(theta.data(), median_, gradient.data());
    }

    /// Of one evaluation, about: multiplications.
    [[nodiscard]] double work() const { return points_ * points_ * (points_ + dimensions_); }

private:
    double points_;
    double dimensions_;
    double median_;
    std::unique_ptr<EvidenceArithmetic> arithmetic_;
};

std::vector<double> as_vector(const Hyperparameters& theta) {
    std::vector<double> x = theta.length;
    x.push_back(theta.signal);
    x.push_back(theta.noise);
    return x;
}

}  // namespace

struct Fitting::State {
    const Encoding& encoding;
    std::vector<Point> points;
    std::vector<double> values;
    const Arithmetic& arithmetic;
    double median = 0.0;
    std::vector<double> low{};
    std::vector<double> high{};

    /// From fixed starts it begins cheaply, with some of the points: once as if there were hardly
    /// any noise, once as if there were much. The better end is where all points start from.
    enum class Stage : std::uint8_t { quiet, noisy, whole, done };
    Stage stage = Stage::done;
    std::optional<Evidence> evidence{};
    std::optional<Descent> descent{};
    Minimum best{};
    std::vector<double> gradient{};

    [[nodiscard]] const Patience& patience() const {
        return encoding.wide() ? kWidePatience : kPatience;
    }
    void begin(Stage next, std::vector<double> start);
    void sketch();
    [[nodiscard]] std::vector<double> start_at(double length, double noise) const;
    void end_stage();
};

std::vector<double> Fitting::State::start_at(double length, double noise) const {
    const double mode = median - 3;  // of the prior density, whose log has variance 3
    std::vector<double> theta(encoding.size() + 2,
                              std::clamp(mode + length, kLengthMin, kLengthMax));
    theta[encoding.size()] = 0;
    theta[encoding.size() + 1] = noise;
    return theta;
}

void Fitting::State::begin(Stage next, std::vector<double> start) {
    stage = next;
    MinimiseLimits limits;
    limits.evaluations =
        next == Stage::whole ? patience().whole_evaluations : patience().sketch_evaluations;
    limits.relative_decrease = patience().relative_decrease;
    gradient.resize(start.size());
    descent.emplace(std::move(start), low, high, limits);
}

void Fitting::State::sketch() {
    std::vector<Point> some_points;
    std::vector<double> some_values;
    const std::size_t count = std::min(kSketch, points.size());
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t at = i * points.size() / count;
        some_points.push_back(points[at]);
        some_values.push_back(values[at]);
    }
    evidence.emplace(encoding, some_points, some_values, median, arithmetic);
    begin(Stage::quiet, start_at(0.5, -6));
}

void Fitting::State::end_stage() {
    Minimum found = descent->lowest();
    switch (stage) {
        case Stage::quiet:
            best = std::move(found);
            return begin(Stage::noisy, start_at(1.5, -2));
        case Stage::noisy:
            if (found.value < best.value) best = std::move(found);
            stage = Stage::done;
            if (points.size() <= kSketch) return;
            evidence.emplace(encoding, points, values, median, arithmetic);
            return begin(Stage::whole, best.x);
        case Stage::whole:
        case Stage::done: break;
    }
    best = std::move(found);
    stage = Stage::done;
}

Fitting::Fitting(const Encoding& encoding,
                 std::vector<Point> points,
                 std::vector<double> values,
                 const FitOptions& options)
    : state_(std::make_unique<State>(
          State{encoding, std::move(points), std::move(values), *options.arithmetic})) {
    const std::size_t d = encoding.size();
    state_->median =
        std::numbers::sqrt2 + 0.5 * std::log(static_cast<double>(d)) + options.length_shift;
    state_->low.assign(d + 2, kLengthMin);
    state_->high.assign(d + 2, kLengthMax);
    state_->low[d] = -8;
    state_->high[d] = 8;
    state_->low[d + 1] = -18;
    state_->high[d + 1] = 3;
    if (options.start == nullptr) {
        state_->sketch();
        return;
    }
    state_->evidence.emplace(encoding, state_->points, state_->values, state_->median,
                             state_->arithmetic);
    state_->begin(State::Stage::whole, as_vector(*options.start));
}
Fitting::~Fitting() = default;
Fitting::Fitting(Fitting&&) noexcept = default;
Fitting& Fitting::operator=(Fitting&&) noexcept = default;

bool Fitting::done() const {
    return state_->stage == State::Stage::done;
}

double Fitting::step() {
    State& s = *state_;
    const std::vector<double>* const at = s.descent->wanted();
    if (at != nullptr) s.descent->take((*s.evidence)(*at, s.gradient), s.gradient);
    if (s.descent->wanted() == nullptr) s.end_stage();
    return s.evidence->work();
}

Hyperparameters Fitting::result() const {
    const std::size_t d = state_->encoding.size();
    const std::vector<double>& x = state_->best.x;
    Hyperparameters result;
    result.length.assign(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(d));
    result.signal = x[d];
    result.noise = x[d + 1];
    return result;
}

Hyperparameters fit(const Encoding& encoding,
                    const std::vector<Point>& points,
                    const std::vector<double>& values,
                    const FitOptions& options) {
    Fitting fitting(encoding, points, values, options);
    while (!fitting.done())
        fitting.step();
    return fitting.result();
}

}  // namespace sweepctl::bayes
