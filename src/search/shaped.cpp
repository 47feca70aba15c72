#include "search/shaped.hpp"

#include "sweepctl/core/json_text.hpp"

#include "search/place.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
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

/// Two plain configurations that differ in what is absent are one to a program, but not to the
/// inner search. When it proposes again what was tried, it is told for the moment that this is
/// pending, and asked for another; so often at most.
constexpr std::uint64_t kTriesMax = 32;

Observation tried_already(const Config& plain, std::uint64_t count) {
    Observation run;
    run.order = Observation::unnumbered((std::uint64_t{1} << 61U) + count);
    run.config = plain;
    return run;
}

class ShapedMemory final : public SearchMemory {
public:
    ShapedMemory(std::unique_ptr<SearchMemory> inner, std::shared_ptr<const Shape> shape)
        : inner_(std::move(inner)), shape_(std::move(shape)) {}

    void observe(const Observation& run) override {
        if (const auto plain = narrowed(*shape_, run)) inner_->observe(*plain);
        if (shape_->space().conditions.empty() || texts_.contains(run.order)) return;
        const auto text = texts_.emplace(run.order, to_json(run.config)).first;
        ++tried_[text->second];
    }
    void forget(std::uint64_t order) override {
        inner_->forget(order);
        const auto text = texts_.find(order);
        if (text == texts_.end()) return;
        if (--tried_[text->second] == 0) tried_.erase(text->second);
        texts_.erase(text);
    }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number) override {
        std::optional<Config> found;
        std::uint64_t tries = 0;
        for (;;) {
            const std::optional<Config> plain = inner_->suggest(number);
            found = widened(*shape_, plain);
            if (!found || tries == kTriesMax || !tried_.contains(to_json(*found))) break;
            inner_->observe(tried_already(*plain, tries++));
        }
        for (std::uint64_t i = 0; i < tries; ++i)
            inner_->forget(tried_already({}, i).order);
        return found;
    }
    [[nodiscard]] bool ready(std::uint64_t number) const override { return inner_->ready(number); }
    void prepare(std::uint64_t number) override { inner_->prepare(number); }
    bool prepare_ahead() override { return inner_->prepare_ahead(); }

private:
    std::unique_ptr<SearchMemory> inner_;
    std::shared_ptr<const Shape> shape_;  // Shared with the strategy, which may go before.
    // Only where there are conditions: what was tried, and how often.
    std::map<std::uint64_t, std::string> texts_;
    std::map<std::string, std::uint64_t> tried_;
};

class Shaped final : public SearchStrategy {
public:
    Shaped(std::unique_ptr<SearchStrategy> inner, std::shared_ptr<const Shape> shape)
        : inner_(std::move(inner)), shape_(std::move(shape)) {}

    [[nodiscard]] std::optional<std::uint64_t> size() const override { return inner_->size(); }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& history) const override {
        if (!inner_->adaptive()) return widened(*shape_, inner_->suggest(number, {}));
        History plain;
        plain.reserve(history.size());
        std::set<std::string> tried;
        for (const Observation& run : history) {
            if (auto each = narrowed(*shape_, run)) plain.push_back(std::move(*each));
            if (!shape_->space().conditions.empty()) tried.insert(to_json(run.config));
        }
        for (std::uint64_t tries = 0;; ++tries) {
            const std::optional<Config> next = inner_->suggest(number, plain);
            std::optional<Config> found = widened(*shape_, next);
            if (!found || tries == kTriesMax || !tried.contains(to_json(*found))) return found;
            plain.push_back(tried_already(*next, tries));
        }
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
