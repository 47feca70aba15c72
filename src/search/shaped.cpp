#include "search/shaped.hpp"

#include "search/place.hpp"

#include <optional>
#include <utility>

namespace sweepctl {

namespace {

std::optional<Observation> narrowed(const Shape& shape, const Observation& run) {
    std::optional<Config> plain = shape.narrow(run.config);
    if (!plain) return std::nullopt;  // A person's own mixture: nothing to be learned from.
    Observation out = run;
    out.config = std::move(*plain);
    return out;
}

std::optional<Config> widened(const Shape& shape, const std::optional<Config>& plain) {
    if (!plain) return std::nullopt;
    return shape.widen(*plain);
}

class ShapedMemory final : public SearchMemory {
public:
    ShapedMemory(std::unique_ptr<SearchMemory> inner, std::shared_ptr<const Shape> shape)
        : inner_(std::move(inner)), shape_(std::move(shape)) {}

    void observe(const Observation& run) override {
        if (const auto plain = narrowed(*shape_, run)) inner_->observe(*plain);
    }
    void forget(std::uint64_t order) override { inner_->forget(order); }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number) override {
        return widened(*shape_, inner_->suggest(number));
    }
    [[nodiscard]] bool ready(std::uint64_t number) const override { return inner_->ready(number); }
    void prepare(std::uint64_t number) override { inner_->prepare(number); }
    bool prepare_ahead() override { return inner_->prepare_ahead(); }

private:
    std::unique_ptr<SearchMemory> inner_;
    std::shared_ptr<const Shape> shape_;  // Shared with the strategy, which may go before.
};

class Shaped final : public SearchStrategy {
public:
    Shaped(std::unique_ptr<SearchStrategy> inner, std::shared_ptr<const Shape> shape)
        : inner_(std::move(inner)), shape_(std::move(shape)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return inner_->size(); }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& history) const override {
        History plain;
        if (inner_->adaptive()) {
            plain.reserve(history.size());
            for (const Observation& run : history)
                if (auto each = narrowed(*shape_, run)) plain.push_back(std::move(*each));
        }
        return widened(*shape_, inner_->suggest(number, plain));
    }
    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& config) const override {
        for (const Parameter& parameter : shape_->space().parameters) {
            if (at_path(config, parameter.path) == nullptr) return std::nullopt;
        }
        const std::optional<Config> plain = shape_->narrow(config);
        return plain ? inner_->number_of(*plain) : std::nullopt;
    }
    [[nodiscard]] bool adaptive() const override { return inner_->adaptive(); }
    [[nodiscard]] std::unique_ptr<SearchMemory> memory() const override {
        std::unique_ptr<SearchMemory> inner = inner_->memory();
        if (inner == nullptr) return nullptr;
        return std::make_unique<ShapedMemory>(std::move(inner), shape_);
    }

private:
    std::unique_ptr<SearchStrategy> inner_;
    std::shared_ptr<const Shape> shape_;
};

}  // namespace

std::unique_ptr<SearchStrategy> make_shaped(std::unique_ptr<SearchStrategy> inner,
                                            std::shared_ptr<const Shape> shape) {
    return std::make_unique<Shaped>(std::move(inner), std::move(shape));
}

}  // namespace sweepctl
