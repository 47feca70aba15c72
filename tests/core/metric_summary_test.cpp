#include "sweepctl/core/metric_summary.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/metrics.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace sweepctl;

namespace {

std::vector<MetricPoint> line_of(const std::string& name, ParamValue value) {
    return {MetricPoint{name, std::move(value)}};
}

}  // namespace

TEST_CASE("summary: it has bounds, whatever a program logs", "[core][summary]") {
    std::vector<MetricSummary> summary;
    std::size_t filled = 0;
    for (std::size_t i = 0; i < 2 * kMetricNamesMax; i += 1000) {
        std::vector<std::vector<MetricPoint>> lines;
        for (std::size_t k = i; k < i + 1000; ++k)
            lines.push_back(line_of("m" + std::to_string(k), 1));
        if (take_in(summary, lines)) ++filled;
    }
    CHECK(filled == 1);
    REQUIRE(summary.size() == kMetricNamesMax);
    CHECK(summary.back().name == "m" + std::to_string(kMetricNamesMax - 1));
    CHECK_FALSE(take_in(summary, {line_of("m7", 5), line_of("late", 1)}));
    CHECK(find(summary, "m7")->count == 2);
    CHECK(find(summary, "m7")->max == 5);
    CHECK(find(summary, "late") == nullptr);
}

TEST_CASE("summary: there is always room for the metric that the sweep goes by",
          "[core][summary]") {
    // Few and many are found in different ways.
    const std::size_t others = GENERATE(std::size_t{1}, std::size_t{100});
    std::vector<std::vector<MetricPoint>> full;
    for (std::size_t k = 0; k < kMetricNamesMax; ++k)
        full.push_back(line_of("m" + std::to_string(k), 1));
    std::vector<std::vector<MetricPoint>> late(others, line_of("late", 1));
    late.push_back(line_of("loss", 0.5));
    std::vector<MetricSummary> summary;
    CHECK(take_in(summary, full, "loss"));
    CHECK_FALSE(take_in(summary, late, "loss"));
    CHECK_FALSE(take_in(summary, late, "loss"));
    CHECK(find(summary, "late") == nullptr);
    REQUIRE(find(summary, "loss") != nullptr);
    CHECK(find(summary, "loss")->count == 2);
    CHECK(summary.size() == kMetricNamesMax + 1);

    summary.pop_back();
    std::vector<MetricPoint> client(others, {"late", 1});
    client.push_back({"loss", 0.25});
    take_summary(summary, client, "loss");
    CHECK(find(summary, "late") == nullptr);
    REQUIRE(find(summary, "loss") != nullptr);
    CHECK(find(summary, "loss")->latest == 0.25);
}

TEST_CASE("summary: what it cannot show is in the history only", "[core][summary]") {
    std::vector<MetricSummary> summary;
    const std::string longest(kMetricNameMax, 'n');
    take_in(summary, {line_of(longest, 1), line_of(longest + "n", 1),
                      line_of("text", std::string(2 * kMetricValueMax, 't')),
                      line_of("note", std::string(100, 't')),
                      line_of("list", ParamList(kMetricValueMax, ParamValue(1))),
                      line_of("digits", BigInt{std::string(2 * kMetricValueMax, '9')})});
    REQUIRE(summary.size() == 5);
    CHECK(find(summary, longest)->count == 1);
    CHECK(find(summary, "text")->last == ParamValue("<2002 bytes>"));
    CHECK(find(summary, "note")->last == ParamValue(std::string(100, 't')));
    CHECK(find(summary, "list")->last == ParamValue("<2001 bytes>"));
    CHECK(find(summary, "digits")->last == ParamValue("<2000 bytes>"));
}

TEST_CASE("summary: a value that is an object is shown by its kind when it is long",
          "[core][summary]") {
    const auto histogram = [](std::size_t bins) {
        return ParamMap{{"_type", "histogram"}, {"values", ParamList(bins, ParamValue(1))}};
    };
    std::vector<MetricSummary> summary;
    take_in(summary, {line_of("few", histogram(10)), line_of("many", histogram(10'000)),
                      line_of("odd", ParamMap{{"_type", std::string(5'000, 't')}})});
    CHECK(find(summary, "few")->last == ParamValue(histogram(10)));
    CHECK(find(summary, "many")->last == ParamValue(ParamMap{{"_type", "histogram"}}));
    CHECK(to_json(find(summary, "odd")->last) == "\"<5012 bytes>\"");
}

TEST_CASE("summary: a client's has the same bounds, and counts no value twice", "[core][summary]") {
    std::vector<MetricSummary> summary;
    take_in(summary, {line_of("loss", 0.5), line_of("loss", 0.25)});
    // Few and many are found in different ways.
    const std::size_t others = GENERATE(0, 63, 3 * kMetricNamesMax);
    std::vector<MetricPoint> points{{"loss", 0.75}, {"text", std::string(5'000, 't')}};
    for (std::size_t k = 0; k < others; ++k)
        points.push_back({"m" + std::to_string(k), static_cast<std::int64_t>(k)});
    points.push_back({std::string(kMetricNameMax + 1, 'n'), 1});
    for (int i = 0; i < 2; ++i)
        take_summary(summary, points);
    CHECK(summary.size() == std::min(others + 2, kMetricNamesMax));
    const MetricSummary& loss = *find(summary, "loss");
    CHECK(loss.count == 2);
    CHECK(loss.min == 0.25);
    CHECK(loss.max == 0.75);
    CHECK(loss.latest == 0.75);
    CHECK(find(summary, "text")->last == ParamValue("<5002 bytes>"));
    if (others > 0) {
        CHECK(find(summary, "m1")->count == 1);
        CHECK(find(summary, "m1")->first == 1);
    }
}
