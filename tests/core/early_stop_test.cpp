#include "sweepctl/core/early_stop.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

using Values = std::vector<double>;
using Numbers = std::vector<std::uint64_t>;

HyperbandRule by_min(std::uint64_t min_iter, double eta = 3.0, bool strict = true) {
    return {min_iter, std::nullopt, std::nullopt, eta, strict};
}
HyperbandRule by_max(std::uint64_t max_iter, std::uint32_t s, double eta = 3.0) {
    return {std::nullopt, max_iter, s, eta, true};
}
HyperbandRule loose(HyperbandRule rule) {
    rule.strict = false;
    return rule;
}

struct OneRun {
    std::string name;
    bool running = true;
    Values history;
};

struct Case {
    std::string title;
    HyperbandRule rule;
    Goal goal = Goal::minimize;
    std::vector<OneRun> runs;
    std::map<std::uint64_t, double> thresholds;  ///< of the bands that somebody reached
    std::string stopped;                         ///< names, one letter each
};

/// Runs that log one value each: a, b, c ...
std::vector<OneRun> single_values(const Values& values) {
    std::vector<OneRun> runs;
    for (const double value : values)
        runs.push_back({std::string(1, static_cast<char>('a' + runs.size())), true, {value}});
    return runs;
}

std::vector<OneRun> many(int count) {
    std::vector<OneRun> runs;
    for (int i = 1; i <= count; ++i)
        runs.push_back({i == 1 ? "a" : "z", true, {static_cast<double>(i)}});
    return runs;
}

const std::vector<OneRun> kDocString{{"a", false, {10, 9}},
                                     {"b", true, {10, 10}},
                                     {"c", true, {10, 8, 8}},
                                     {"d", true, {10, 7, 7}},
                                     {"e", false, {10, 6, 6}}};
const std::vector<OneRun> kNine{{"a", false, {9, 8}},
                                {"b", true, {11, 11}},
                                {"c", true, {10, 8, 3}},
                                {"d", true, {10, 7, 4}},
                                {"e", true, {10, 6, 6}}};
const std::vector<OneRun> kEarlyBest{
    {"x", true, {1, 9, 9}}, {"y", true, {5, 5, 2}}, {"z", true, {5, 5, 3}}};
const std::vector<OneRun> kSemantics{
    {"1", true, {.9, .8, .70}},  {"2", true, {.9, .8, .60, .5}},
    {"3", true, {.9, .85, .80}}, {"4", true, {.9, .5, .90}},
    {"5", false, {.9, .8, .50}}, {"6", true, {.9, .95, .95, .94, .93, .92, .91, .90, .1}},
    {"7", true, {.4, .4}}};

// Worked through W&B's own engine. 12, about values that are no numbers, is one of values here:
// what counts as one is for finite_number().
const std::vector<Case> kCases{
    {"1", by_max(5, 2, 2), {}, kDocString, {{1, 10}, {2, 8}}, "b"},
    {"1 loose", loose(by_max(5, 2, 2)), {}, kDocString, {{1, 10}, {2, 8}}, "b"},
    {"2", by_max(9, 2), {}, kNine, {{1, 10}, {3, 4}}, "be"},
    {"2 loose", loose(by_max(9, 2)), {}, kNine, {{1, 10}, {3, 4}}, "be"},
    {"3", by_min(1), {}, single_values({1, 2, 3}), {{1, 2}}, "c"},
    {"4", by_min(1), {}, single_values({1, 2}), {{1, 1}}, "b"},
    {"5", by_min(1, 2), {}, single_values({1, 2, 3, 4}), {{1, 3}}, "d"},
    {"6", by_min(1), {}, single_values({5, 5, 5}), {{1, 5}}, ""},
    {"7", by_min(2), {}, {{"a", true, {5, 4, 9, 9}}}, {{2, 4}}, ""},
    {"8", by_min(3, 3, false), {}, kEarlyBest, {{3, 3}}, ""},
    {"9", by_min(3), {}, kEarlyBest, {{3, 3}}, "x"},
    {"10",
     by_min(2),
     {},
     {{"x", true, {9, 9, 1, 1, 1}}, {"y", true, {3, 3}}, {"z", true, {4, 2}}},
     {{2, 3}},
     "x"},
    {"11",
     by_min(2, 2),
     Goal::maximize,
     {{"x", true, {.1, .2}}, {"y", true, {.1, .5}}, {"z", true, {.1, .4}}},
     {{2, .4}},
     "x"},
    {"12",
     by_min(3),
     {},
     {{"x", true, {9, 8, 7}}, {"y", true, {3, 3, 3}}, {"z", true, {4, 4, 4}}},
     {{3, 4}},
     "x"},
    {"13",
     by_min(3),
     {},
     {{"x", false, {1, 1, 1}}, {"y", false, {2, 2, 2}}, {"z", true, {5, 5, 5}}, {"w", true, {}}},
     {{3, 2}},
     "z"},
    {"14", by_min(1, 49), {}, many(49), {{1, 1}}, std::string(48, 'z')},
    {"semantics", by_min(3), {}, kSemantics, {{3, .70}, {9, .1}}, "34"},
    {"semantics, loose", by_min(3, 3, false), {}, kSemantics, {{3, .70}, {9, .1}}, "3"},
};

EarlyStopping taken(const Case& row, const std::vector<std::size_t>& order) {
    EarlyStopping engine(row.rule, row.goal);
    for (const std::size_t run : order) {
        for (const double value : row.runs[run].history)
            engine.take(run + 1, value);
    }
    return engine;
}

}  // namespace

TEST_CASE("early stop: hyperband's pass finds what W&B finds", "[core][early_stop]") {
    const Case row = GENERATE(from_range(kCases));
    CAPTURE(row.title);
    std::vector<std::size_t> order(row.runs.size());
    for (std::size_t i = 0; i < order.size(); ++i)
        order[i] = i;
    std::mt19937_64 random(7);
    for (int shuffle = 0; shuffle < 5; ++shuffle) {  // In whatever order the runs came.
        const EarlyStopping engine = taken(row, order);
        std::string stopped;
        for (std::size_t i = 0; i < row.runs.size(); ++i) {
            if (row.runs[i].running && engine.judge(i + 1).stop) stopped += row.runs[i].name;
        }
        CHECK(stopped == row.stopped);
        std::map<std::uint64_t, double> thresholds;
        for (const EarlyStopping::Band& band : engine.bands()) {
            CHECK(band.threshold.has_value() == (band.runs > 0));
            if (band.threshold) thresholds[band.iteration] = *band.threshold;
        }
        CHECK(thresholds == row.thresholds);
        std::shuffle(order.begin(), order.end(), random);
    }
}

TEST_CASE("early stop: a run's last value is judged among those that came before it",
          "[core][early_stop]") {
    const Case row = GENERATE(from_range(kCases));
    CAPTURE(row.title);
    // With all others there already, the last one finds what a pass would.
    for (std::size_t last = 0; last < row.runs.size(); ++last) {
        if (row.runs[last].history.empty()) continue;
        std::vector<std::size_t> order;
        for (std::size_t i = 0; i < row.runs.size(); ++i) {
            if (i != last) order.push_back(i);
        }
        EarlyStopping engine = taken(row, order);
        EarlyStopVerdict verdict;
        for (const double value : row.runs[last].history)
            verdict = engine.take(last + 1, value);
        CHECK(verdict.stop == engine.judge(last + 1).stop);
        CHECK(verdict.iteration == row.runs[last].history.size());
    }
}

TEST_CASE("early stop: hyperband's bands", "[core][early_stop]") {
    CHECK(bands_of(by_max(27, 2)) == Numbers{3, 9});
    CHECK(bands_of(by_max(81, 3)) == Numbers{3, 9, 27});
    CHECK(bands_of(by_max(18, 2)) == Numbers{2, 6});
    CHECK(bands_of(by_max(100, 3)) == Numbers{3, 11, 33});
    CHECK(bands_of(by_max(300, 2)) == Numbers{33, 100});
    CHECK(bands_of(by_max(5, 9, 2)) == Numbers{1, 2});
    CHECK(bands_of(by_max(10, 4, 1.5)) == Numbers{1, 2, 4, 6});
    CHECK(bands_of(by_max(2, 1)).empty());
    const auto first = [](Numbers bands, std::size_t count) {
        bands.resize(std::min(count, bands.size()));
        return bands;
    };
    CHECK(first(bands_of(by_min(30, 1.5)), 5) == Numbers{30, 45, 67, 101, 151});
    CHECK(first(bands_of(by_min(1, 1.2)), 8) == Numbers{1, 1, 1, 1, 2, 2, 2, 3});
    CHECK(bands_of(by_min(1, 1.2)).size() == 100);
    CHECK(bands_of(by_min(3)).back() <= std::uint64_t{1} << 53U);
    // max_iter wins; a band that comes twice is compared once.
    CHECK(bands_of(HyperbandRule{7, 27, 2, 3, true}) == Numbers{3, 9});
    CHECK(EarlyStopping(by_min(1, 1.2), Goal::minimize).bands()[1].iteration == 2);
}

TEST_CASE("early stop: a run that passed a band is stopped when better ones come",
          "[core][early_stop]") {
    EarlyStopping engine(by_min(1), Goal::minimize);
    CHECK_FALSE(engine.take(1, 5).stop);
    CHECK_FALSE(engine.take(2, 1).stop);  // 2 of 2: index 0, itself.
    const EarlyStopVerdict late = engine.take(1, 0.5);
    CHECK(late.stop);  // strict never forgives the old value
    CHECK(late.band == 1U);
    CHECK(late.value == 5);
    CHECK(late.threshold == 1);
    CHECK(late.iteration == 2);
    CHECK(to_text(late) == "5 at band 1 is worse than the threshold 1");
}

TEST_CASE("early stop: asha decides once, at the rung", "[core][early_stop]") {
    EarlyStopping engine(AshaRule{1, 3}, Goal::minimize);
    const Values values{0.5, 0.4, 0.6, 0.3, 0.7, 0.2};
    const std::vector<bool> stops{false, false, true, false, true, false};
    for (std::size_t i = 0; i < values.size(); ++i) {
        CAPTURE(i);
        CHECK(engine.take(i + 1, values[i]).stop == stops[i]);
    }
    // Between the rungs nothing is decided, however bad it has become.
    CHECK_FALSE(engine.take(1, 99).band.has_value());
    CHECK(engine.judge(1).stop);  // It would be, had it come last.
    CHECK(engine.bands()[0].iteration == 1);
    CHECK(engine.bands()[0].runs == 6);
    CHECK(engine.bands()[0].threshold == 0.3);  // The best 2 of 6.
}

TEST_CASE("early stop: asha compares the best so far", "[core][early_stop]") {
    EarlyStopping engine(AshaRule{2, 2}, Goal::maximize);
    engine.take(1, 0.9);
    CHECK_FALSE(engine.take(1, 0.1).stop);
    engine.take(2, 0.5);
    const EarlyStopVerdict verdict = engine.take(2, 0.8);
    CHECK(verdict.stop);
    CHECK(verdict.value == 0.8);
    CHECK(verdict.threshold == 0.9);
}

TEST_CASE("early stop: median compares with the others' averages", "[core][early_stop]") {
    const auto others = [] {
        EarlyStopping engine(MedianRule{2, 3}, Goal::minimize);
        const std::vector<Values> histories{{3, 1}, {4, 2}, {6, 4}};
        for (std::size_t i = 0; i < histories.size(); ++i) {
            for (const double value : histories[i])
                CHECK_FALSE(engine.take(i + 1, value).stop);
        }
        return engine;
    };
    EarlyStopping good = others();
    CHECK_FALSE(good.take(4, 5).band.has_value());
    const EarlyStopVerdict goes_on = good.take(4, 2.9);
    CHECK_FALSE(goes_on.stop);
    CHECK(goes_on.threshold == 3);
    CHECK(goes_on.band == 2U);
    EarlyStopping bad = others();
    CHECK_FALSE(bad.take(4, 5).stop);
    CHECK(bad.take(4, 3.1).stop);
    CHECK(bad.judge(4).stop);
    // Too few others have come that far.
    CHECK_FALSE(bad.take(4, 99).stop);
}

TEST_CASE("early stop: median does not compare every step of a very long run",
          "[core][early_stop]") {
    EarlyStopping engine(MedianRule{5, 1}, Goal::minimize);
    for (int i = 0; i < 100'000; ++i)
        engine.take(1, 1.0);
    const std::vector<EarlyStopping::Band> bands = engine.bands();
    CHECK(bands.size() < 1024 + 7 * 512);
    CHECK(bands.front().iteration == 5);
    for (std::size_t i = 1; i < bands.size(); ++i) {
        REQUIRE(bands[i].iteration > bands[i - 1].iteration);
        REQUIRE(bands[i].iteration - bands[i - 1].iteration <=
                std::max<std::uint64_t>(1, bands[i].iteration / 512));
    }
    EarlyStopVerdict last;
    for (int i = 0; i < 100'000 && !last.stop; ++i)
        last = engine.take(2, 2.0);
    CHECK(last.stop);
    CHECK(last.iteration == 5);
}

namespace {

/// The rules as they are defined, over whole histories.
class Plain {
public:
    explicit Plain(EarlyStopRule rule) : rule_(rule) {}

    std::map<std::uint64_t, Values> histories;

    [[nodiscard]] std::optional<std::pair<double, double>> compared(std::uint64_t run) const {
        const auto found = histories.find(run);
        if (found == histories.end()) return std::nullopt;
        const Values& mine = found->second;
        const double best = *std::min_element(mine.begin(), mine.end());
        if (const auto* median = std::get_if<MedianRule>(&rule_)) {
            if (mine.size() < median->min_iter) return std::nullopt;
            Values others;
            for (const auto& [other, history] : histories) {
                if (other == run || history.size() < mine.size()) continue;
                double sum = 0;
                for (std::size_t i = 0; i < mine.size(); ++i)
                    sum += history[i];
                others.push_back(sum / static_cast<double>(mine.size()));
            }
            if (others.size() < median->min_runs) return std::nullopt;
            std::sort(others.begin(), others.end());
            const double above = others[others.size() / 2];
            const double below = others[(others.size() - 1) / 2];
            return std::pair(best, below + (above - below) / 2);
        }
        std::uint64_t band = 0;
        for (const std::uint64_t b : bands_of(rule_)) {
            if (b <= mine.size()) band = b;
        }
        if (band == 0) return std::nullopt;
        const auto* asha = std::get_if<AshaRule>(&rule_);
        const auto at_band = [&](const Values& history) {
            return asha != nullptr
                       ? *std::min_element(history.begin(),
                                           history.begin() + static_cast<std::ptrdiff_t>(band))
                       : history[band - 1];
        };
        Values all;
        for (const auto& [other, history] : histories) {
            if (history.size() >= band) all.push_back(at_band(history));
        }
        std::sort(all.begin(), all.end());
        const auto n = static_cast<double>(all.size());
        if (asha != nullptr) {
            const auto keep = static_cast<std::size_t>(std::floor(n / asha->eta));
            return std::pair(at_band(mine), all[std::max<std::size_t>(keep, 1) - 1]);
        }
        const auto& hyperband = std::get<HyperbandRule>(rule_);
        return std::pair(hyperband.strict ? mine[band - 1] : best,
                         all[static_cast<std::size_t>(1.0 / hyperband.eta * n)]);
    }

private:
    EarlyStopRule rule_;
};

}  // namespace

TEST_CASE("early stop: nothing is read again, and nothing is lost", "[core][early_stop]") {
    const std::uint64_t seed = GENERATE(range(1, 60));
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const auto pick = [&](std::uint64_t below) { return random() % below; };
    const double eta = std::vector<double>{1.2, 2, 3, 4.5}[pick(4)];
    EarlyStopRule rule = by_min(1 + pick(3), eta, pick(2) == 0);
    if (seed % 3 == 1) rule = AshaRule{1 + pick(3), eta};
    if (seed % 3 == 2) rule = MedianRule{1 + pick(4), 1 + pick(4)};
    const double sign = pick(2) == 0 ? 1.0 : -1.0;
    EarlyStopping engine(rule, sign > 0 ? Goal::minimize : Goal::maximize);
    Plain plain(rule);
    for (int step = 0; step < 400; ++step) {
        const std::uint64_t run = 1 + pick(12);
        if (pick(40) == 0) {
            engine.forget(run);
            plain.histories.erase(run);
            continue;
        }
        const double value = static_cast<double>(pick(12));  // Few, so that there are many ties.
        plain.histories[run].push_back(value);
        engine.take(run, sign * value);
        for (std::uint64_t each = 1; each <= 12; ++each) {
            const EarlyStopVerdict verdict = engine.judge(each);
            const auto expected = plain.compared(each);
            REQUIRE(verdict.band.has_value() == expected.has_value());
            if (!expected) continue;
            REQUIRE(verdict.value == sign * expected->first);
            REQUIRE(verdict.threshold == sign * expected->second);
            REQUIRE(verdict.stop == (expected->first > expected->second));
        }
    }
}

TEST_CASE("early stop: extreme values are compared as they are", "[core][early_stop]") {
    for (const EarlyStopRule& rule : {EarlyStopRule(by_min(1)), EarlyStopRule(AshaRule{1, 3}),
                                      EarlyStopRule(MedianRule{1, 1})}) {
        EarlyStopping engine(rule, Goal::minimize);
        const double huge = std::numeric_limits<double>::max();
        for (std::uint64_t run = 1; run <= 4; ++run) {
            for (const double value : {huge, huge, -huge, 5e-324})
                engine.take(run, run % 2 == 0 ? value : -value);
        }
        for (std::uint64_t run = 1; run <= 4; ++run)
            CHECK_FALSE(std::isnan(engine.judge(run).threshold));
        engine.forget(2);
        CHECK(engine.values_of(2) == 0);
        CHECK_FALSE(engine.judge(2).band.has_value());
    }
}
