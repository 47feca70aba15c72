#pragma once

#include "sweepctl/core/search_space.hpp"
#include "sweepctl/core/value.hpp"

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace sweepctl::bayes {

/// One parameter as the model sees it: a coordinate in [0, 1], or the index of a category, which is
/// equal to another or not and nothing else.
///
/// A coordinate is affine in the value, in its logarithm, or in its standard score cut at 3.5:
/// never the distribution's own CDF, which squeezes the tails where an optimum often is. Where the
/// values are discrete only the coordinates of levels mean anything; `snap` finds the nearest.
class Dimension {
public:
    enum class Kind : std::uint8_t { continuous, ordinal, category };
    /// The category of a value that is not among them: equal to none.
    static constexpr double kForeign = -1.0;

    explicit Dimension(const Distribution& distribution);

    [[nodiscard]] Kind kind() const { return kind_; }
    /// Levels or categories; 0 for a continuous one.
    [[nodiscard]] std::uint64_t levels() const { return levels_; }

    /// Total: a value outside the distribution, of a wrong type, or nullptr (absent) gets the
    /// nearest place there is, or the middle.
    [[nodiscard]] double encode(const ParamValue* value) const;
    /// The value at a coordinate (snapped) or category. Always one that the distribution can give.
    [[nodiscard]] ParamValue decode(double place) const;

    /// Whether a value is the one that its place is decoded to; true for any number of a continuous
    /// one.
    [[nodiscard]] bool exact(const ParamValue* value, double place) const;

    [[nodiscard]] double snap(double coordinate) const;
    /// The coordinate of a level, or the category itself.
    [[nodiscard]] double place_of(std::uint64_t level) const;
    [[nodiscard]] std::uint64_t level_of(double place) const;

    /// The place of the distribution's value at quantile u: how likely a place is a priori.
    [[nodiscard]] double quantile(double u) const;

private:
    /// coordinate = ((log ? ln x : x) * scale - low) / span; `scale` keeps huge ranges finite.
    struct Map {
        bool log = false;
        double scale = 1.0;
        double low = 0.0;
        double span = 1.0;

        static Map between(bool log, double low, double high);
        [[nodiscard]] double coordinate(double x) const;
        [[nodiscard]] double value(double coordinate) const;
    };

    void take(const Constant& constant);
    void take(const Categorical& choice);
    void take(const IntUniform& range);
    void take(const Uniform& uniform);
    void take(const Normal& normal);
    void take(const Beta& beta);
    void take_numbers(std::vector<ParamValue> values);
    void take_multiples(const Quantum& quantum,
                        double low,
                        double high,
                        double step_low,
                        double step_high,
                        bool log);

    Distribution distribution_;
    Kind kind_ = Kind::continuous;
    std::uint64_t levels_ = 0;
    Map map_;
    double floor_ = 0.0;  ///< continuous values are kept between these, whatever rounding does
    double ceiling_ = 1.0;
    double first_step_ = 0.0;     ///< of a quantised one: its lowest level is this many q
    std::vector<double> places_;  ///< of a list of numbers, ascending
    std::vector<ParamValue> values_;
    std::unordered_map<std::string, std::uint64_t> index_;  ///< of values_, by choice_key
};

}  // namespace sweepctl::bayes
