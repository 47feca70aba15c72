#include "api/wandb/stream_body.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/core/metrics.hpp"

#include "api/wandb/wire_json.hpp"

#include <catch2/catch.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

// Bodies of a file stream that nobody's program would send: what becomes of them is bounded by what
// they weigh, not by what they multiply to.

using namespace sweepctl;
using namespace sweepctl::api;

namespace {

constexpr const char* kHistory = "wandb-history.jsonl";
constexpr const char* kSummary = "wandb-summary.json";
constexpr const char* kEvents = "wandb-events.jsonl";
constexpr std::size_t kBodyMax = std::size_t{16} << 20;

/// A body with these lines of these files.
std::string body_of(std::vector<std::pair<std::string, std::vector<std::string>>> files) {
    ParamMap chunks;
    for (auto& [name, lines] : files) {
        chunks.emplace_back(
            name, ParamMap{{"offset", 0}, {"content", ParamList(lines.begin(), lines.end())}});
    }
    std::string body = to_json(ParamMap{{"files", std::move(chunks)}});
    REQUIRE(body.size() <= kBodyMax);
    return body;
}

/// {"<prefix>0": 0, "<prefix>1": 1, ...}
ParamMap numbered(std::size_t count, const std::string& prefix = {}) {
    ParamMap map;
    map.reserve(count);
    for (std::size_t k = 0; k < count; ++k)
        map.emplace_back(prefix + std::to_string(k), static_cast<std::int64_t>(k));
    return map;
}

/// {"<group>": {"0": 0, "1": 1, ...}}
std::string grouped(const std::string& group, std::size_t count) {
    return to_json(ParamMap{{group, numbered(count)}});
}

std::size_t names_of(const std::vector<MetricPoint>& points) {
    std::size_t bytes = 0;
    for (const MetricPoint& point : points)
        bytes += point.name.size();
    return bytes;
}

std::size_t names_of(const ClientStream& event) {
    std::size_t bytes = names_of(event.summary_points);
    for (const std::vector<MetricPoint>& points : event.history_points)
        bytes += names_of(points);
    return bytes;
}

}  // namespace

TEST_CASE("stream body: names of groups are joined with dots", "[api][wandb][stream]") {
    const auto read = read_stream_body(body_of(
        {{kHistory,
          {R"({"a":{"b":{"c":1},"d":2,"_e":3},"_step":7,"_own":{"x":1},"f":{"_type":"image"}})"}}}));
    REQUIRE(read.ok());
    REQUIRE(read->event.history_points.size() == 1);
    std::vector<std::string> names;
    for (const MetricPoint& point : read->event.history_points[0])
        names.push_back(point.name);
    CHECK(names == std::vector<std::string>{"a.b.c", "a.d", "a._e", "f"});
}

TEST_CASE("stream body: the last step is the greatest", "[api][wandb][stream]") {
    struct Row {
        std::vector<std::string> lines;
        std::optional<std::int64_t> last;
    };
    const Row row = GENERATE(values<Row>({
        {{}, std::nullopt},
        {{R"({"_step":3})", R"({"_step":9})", R"({"_step":4})"}, 9},
        {{R"({"_step":-3})", R"({"_step":-9})"}, -3},
        // What names no step is read by its number; the first line has number 5 here.
        {{R"({"_step":2})", R"({"a":1})", R"({"_step":"x"})"}, 7},
        {{R"({"_step":20.5})", "no object"}, 20},
        {{R"({"_step":NaN})", R"({"_step":1e300})"}, 6},
        {{R"({"_step":99999999999999999999999})"}, 5},
    }));
    CAPTURE(row.lines);
    const auto read = read_stream_body(to_json(ParamMap{
        {"files",
         ParamMap{{kHistory,
                   ParamMap{{"offset", 5},
                            {"content", ParamList(row.lines.begin(), row.lines.end())}}}}}}));
    REQUIRE(read.ok());
    CHECK(read->event.last_step == row.last);
}

TEST_CASE("stream body: a name too long for any summary is in the history only",
          "[api][wandb][stream]") {
    const std::string longest(kMetricNameMax, 'n');
    const std::string group(kMetricNameMax - 2, 'g');
    const std::vector<std::string> lines{
        to_json(ParamMap{{longest, 1}, {longest + "n", 2}}),
        to_json(ParamMap{{group, ParamMap{{"a", 1}, {"bc", 2}, {"d", ParamMap{{"e", 3}}}}}}),
        // A hundred thousand values, each of which would carry a name of eight MiB.
        grouped(std::string(std::size_t{8} << 20, 'x'), 100'000),
    };
    const auto read = read_stream_body(body_of({{kHistory, lines}}));
    REQUIRE(read.ok());
    const ClientStream& event = read->event;
    CHECK(event.history->lines == lines);
    REQUIRE(event.history_points.size() == 3);
    REQUIRE(event.history_points[0].size() == 1);
    CHECK(event.history_points[0][0].name == longest);
    REQUIRE(event.history_points[1].size() == 1);
    CHECK(event.history_points[1][0].name == group + ".a");
    CHECK(event.history_points[2].empty());
}

TEST_CASE("stream body: names that multiply are refused, and all that came with them",
          "[api][wandb][stream]") {
    const std::string group(kMetricNameMax - 10, 'g');
    const std::size_t few = kPointNamesMax / kMetricNameMax / 3;
    SECTION("up to the limit they are taken") {
        const auto read =
            read_stream_body(body_of({{kHistory, {grouped(group, few), grouped(group, few)}},
                                      {kSummary, {grouped(group, few)}}}));
        REQUIRE(read.ok());
        CHECK(read->event.history_points[1].size() == few);
        CHECK(read->event.summary_points.size() == few);
        CHECK(names_of(read->event) <= kPointNamesMax);
    }
    SECTION("beyond it nothing is") {
        const auto bodies = GENERATE_COPY(values<std::string>({
            body_of({{kHistory, {grouped(group, 4 * few)}}}),
            body_of({{kSummary, {grouped(group, 4 * few)}}}),
            body_of({{kHistory, {"{\"a\":1}", grouped(group, 2 * few)}},
                     {kSummary, {grouped(group, 2 * few)}}}),
        }));
        const auto read = read_stream_body(bodies);
        REQUIRE_FALSE(read.ok());
        CHECK(read.error().kind == StreamBodyError::Kind::too_large);
        CHECK(read.error().reason ==
              "the names of its values come to more than 64 MiB, groups included");
    }
}

TEST_CASE("stream body: groups in groups add up to no more than there is", "[api][wandb][stream]") {
    // 60 groups, one inside the other, with values at each depth.
    ParamValue inner(1);
    for (int depth = 0; depth < 60; ++depth) {
        ParamMap group = numbered(2'000, "v");
        group.emplace_back("g", std::move(inner));
        inner = std::move(group);
    }
    const auto read = read_stream_body(body_of({{kHistory, {to_json(inner)}}}));
    REQUIRE(read.ok());
    CHECK(read->event.history_points[0].size() == 60 * 2'000 + 1);
    CHECK(names_of(read->event) <= kPointNamesMax);
}

TEST_CASE("stream body: what many keys say is there once", "[api][wandb][stream]") {
    const std::string line = to_json(numbered(200'000, "system."));
    const auto read = read_stream_body(body_of({{kEvents, {line, line, R"({"system.7":-1})"}}}));
    REQUIRE(read.ok());
    CHECK(read->event.events->lines.size() == 3);
    const auto latest = json_object(read->event.details.system_metrics_json.value_or(""));
    REQUIRE(latest);
    CHECK(latest->size() == 200'000);
    CHECK(latest->at(6) == std::pair<std::string, ParamValue>("system.6", 6));
    CHECK(latest->at(7) == std::pair<std::string, ParamValue>("system.7", -1));
}

TEST_CASE("stream body: which part is not as clients write it", "[api][wandb][stream]") {
    const auto read = read_stream_body(R"({"complete": "yes"})");
    REQUIRE_FALSE(read.ok());
    CHECK(read.error().kind == StreamBodyError::Kind::malformed);
    CHECK(read.error().reason == "'complete' must be true or false");
}
