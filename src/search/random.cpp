#include "sweepctl/search/strategies.hpp"

#include "search/place.hpp"

#include <utility>

namespace sweepctl {

namespace {

class Random final : public SearchStrategy {
public:
    Random(SearchSpace space, std::uint64_t seed) : space_(std::move(space)), seed_(seed) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return std::nullopt; }

    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& /*history*/) const override {
        Config config;
        for (const Parameter& parameter : space_.parameters) {
            const double u = uniform_draw(seed_, number, parameter.path);
            place(config, parameter.path, value_at(parameter.distribution, u));
        }
        return config;
    }

    /// Draws are with replacement: having been tried keeps no point from being drawn.
    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& /*config*/) const override {
        return std::nullopt;
    }

    [[nodiscard]] bool adaptive() const override { return false; }

private:
    SearchSpace space_;
    std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<SearchStrategy> make_random(SearchSpace space, std::uint64_t seed) {
    return std::make_unique<Random>(std::move(space), seed);
}

}  // namespace sweepctl
