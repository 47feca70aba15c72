#include "sweepctl/base/check.hpp"

#include "search/shaped.hpp"

#include <limits>
#include <map>
#include <optional>
#include <utility>

namespace sweepctl {

namespace {

constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();

/// Of a run that no suggestion made: nobody repeats it.
bool alone(std::uint64_t order) {
    return order >= Observation::unnumbered(0);
}

bool is_over(RunFate fate) {
    return fate != RunFate::pending && fate != RunFate::running;
}

/// Whether what such a run logged counts, however it ended.
bool counts(const Observation& run) {
    return run.metric && run.fate != RunFate::failed;
}

/// The runs of one suggestion of the inner search.
class Siblings {
public:
    void observe(const Observation& run) { runs_.insert_or_assign(run.order, run); }
    void forget(std::uint64_t order) { runs_.erase(order); }
    [[nodiscard]] bool empty() const { return runs_.empty(); }
    /// They all have the same.
    [[nodiscard]] const Config& config() const { return runs_.begin()->second.config; }

    /// What the inner search is told: pending until all have ended, then the mean of those that
    /// have a value.
    [[nodiscard]] Observation mean(std::uint64_t order, std::uint32_t repeats) const {
        Observation out = runs_.begin()->second;
        out.order = order;
        out.metric.reset();
        MetricValues sum;
        double valued = 0;
        std::size_t over = 0;
        bool all_early = true;
        for (const auto& [number, run] : runs_) {
            if (is_over(run.fate)) ++over;
            if (!counts(run)) continue;
            all_early = all_early && run.fate == RunFate::stopped_early;
            ++valued;
            // Step by step, since a sum of huge values would not be a number any more.
            sum.min += (run.metric->min - sum.min) / valued;
            sum.max += (run.metric->max - sum.max) / valued;
            sum.latest += (run.metric->latest - sum.latest) / valued;
        }
        if (valued > 0) out.metric = sum;
        if (over < runs_.size() || over < repeats) {
            out.fate = valued > 0 ? RunFate::running : RunFate::pending;
        } else if (valued > 0) {
            out.fate = all_early ? RunFate::stopped_early : RunFate::finished;
        }  // else as the first of them ended
        return out;
    }

private:
    std::map<std::uint64_t, Observation> runs_;
};

class RepeatedMemory final : public SearchMemory {
public:
    RepeatedMemory(std::unique_ptr<SearchMemory> inner, std::uint32_t repeats)
        : inner_(std::move(inner)), repeats_(repeats) {}

    void observe(const Observation& run) override {
        if (alone(run.order)) return inner_->observe(run);
        const std::uint64_t group = run.order / repeats_;
        Siblings& siblings = groups_[group];
        siblings.observe(run);
        inner_->observe(siblings.mean(group, repeats_));
    }
    void forget(std::uint64_t order) override {
        if (alone(order)) return inner_->forget(order);
        const std::uint64_t group = order / repeats_;
        const auto found = groups_.find(group);
        if (found == groups_.end()) return;
        found->second.forget(order);
        if (found->second.empty()) {
            groups_.erase(found);
            inner_->forget(group);
        } else {
            inner_->observe(found->second.mean(group, repeats_));
        }
    }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number) override {
        const auto found = groups_.find(number / repeats_);
        if (found != groups_.end()) return found->second.config();
        return inner_->suggest(number / repeats_);
    }
    [[nodiscard]] bool ready(std::uint64_t number) const override {
        return groups_.contains(number / repeats_) || inner_->ready(number / repeats_);
    }
    void prepare(std::uint64_t number) override { inner_->prepare(number / repeats_); }
    bool prepare_ahead() override { return inner_->prepare_ahead(); }

private:
    std::unique_ptr<SearchMemory> inner_;
    std::uint32_t repeats_;
    std::map<std::uint64_t, Siblings> groups_;
};

class Repeated final : public SearchStrategy {
public:
    Repeated(std::unique_ptr<SearchStrategy> inner, std::uint32_t repeats)
        : inner_(std::move(inner)), repeats_(repeats) {
        SWEEPCTL_CHECK(repeats_ > 0);
    }

    [[nodiscard]] std::optional<std::uint64_t> size() const override {
        const std::optional<std::uint64_t> inner = inner_->size();
        std::uint64_t size = 0;
        if (!inner) return std::nullopt;
        return __builtin_mul_overflow(*inner, std::uint64_t{repeats_}, &size) ? kEndless : size;
    }
    [[nodiscard]] std::optional<Config> suggest(std::uint64_t number,
                                                const History& history) const override {
        const std::uint64_t group = number / repeats_;
        std::map<std::uint64_t, Siblings> groups;
        History merged;
        for (const Observation& run : history) {
            if (alone(run.order)) {
                merged.push_back(run);
            } else {
                groups[run.order / repeats_].observe(run);
            }
        }
        if (const auto found = groups.find(group); found != groups.end())
            return found->second.config();
        for (const auto& [order, siblings] : groups)
            merged.push_back(siblings.mean(order, repeats_));
        return inner_->suggest(group, merged);
    }
    /// The first of them.
    [[nodiscard]] std::optional<std::uint64_t> number_of(const Config& config) const override {
        const std::optional<std::uint64_t> inner = inner_->number_of(config);
        std::uint64_t number = 0;
        if (!inner || __builtin_mul_overflow(*inner, std::uint64_t{repeats_}, &number))
            return std::nullopt;
        return number;
    }
    [[nodiscard]] bool adaptive() const override { return inner_->adaptive(); }
    [[nodiscard]] std::unique_ptr<SearchMemory> memory() const override {
        std::unique_ptr<SearchMemory> inner = inner_->memory();
        if (inner == nullptr) return nullptr;
        return std::make_unique<RepeatedMemory>(std::move(inner), repeats_);
    }

private:
    std::unique_ptr<SearchStrategy> inner_;
    std::uint32_t repeats_;
};

}  // namespace

std::unique_ptr<SearchStrategy> make_repeated(std::unique_ptr<SearchStrategy> inner,
                                              std::uint32_t repeats) {
    return std::make_unique<Repeated>(std::move(inner), repeats);
}

}  // namespace sweepctl
