#include "sweepctl/agent/run_files.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;

TEST_CASE("metrics: complete lines are taken, the rest waits", "[agent][metrics]") {
    const std::string text = "{\"loss\":1}\n\n  {\"loss\":2}  \n{\"loss\":3";
    const MetricsChunk chunk = metrics_lines(text, 100, false);
    REQUIRE(chunk.lines == std::vector<std::string>{"{\"loss\":1}", "{\"loss\":2}"});
    REQUIRE(chunk.offset_end == 100 + text.find("{\"loss\":3"));
    REQUIRE_FALSE(chunk.invalid);
    REQUIRE_FALSE(chunk.preempting);
}

TEST_CASE("metrics: at the end the last line needs no line end", "[agent][metrics]") {
    const MetricsChunk chunk = metrics_lines("{\"a\":1}\n{\"b\":NaN}", 0, true);
    REQUIRE(chunk.lines.size() == 2);
    REQUIRE(chunk.lines[1] == "{\"b\":NaN}");
    REQUIRE(chunk.offset_end == 17);
}

TEST_CASE("metrics: what is no object is skipped and the first of it kept to show",
          "[agent][metrics]") {
    const MetricsChunk chunk = metrics_lines("hello\n[1]\n{\"a\":1}\n3\n", 0, false);
    REQUIRE(chunk.lines == std::vector<std::string>{"{\"a\":1}"});
    REQUIRE(chunk.invalid == "hello");
}

TEST_CASE("metrics: a line that never ends does not hold up the rest for ever",
          "[agent][metrics]") {
    const std::string endless(kMetricsLineMax, 'x');
    const MetricsChunk chunk = metrics_lines(endless, 5, false);
    REQUIRE(chunk.offset_end == 5 + endless.size());
    REQUIRE(chunk.invalid);
    REQUIRE(chunk.invalid->size() < 200);
    REQUIRE(metrics_lines(std::string(kMetricsLineMax - 1, 'x'), 5, false).offset_end == 5);
}

TEST_CASE("metrics: preempting is seen only where it is true", "[agent][metrics]") {
    REQUIRE(metrics_lines("{\"_preempting\":true}\n", 0, false).preempting);
    REQUIRE_FALSE(
        metrics_lines("{\"_preempting\":\"yes\"}\n{\"_preempting\":false}\n", 0, false).preempting);
}

TEST_CASE("printed metrics: what is no metrics is prose, and no mistake", "[agent][metrics]") {
    const std::string text =
        "starting\n{\"loss\":1}\nloss=2 acc: 0.5\n{\"loss\":\n[1]\n  "
        "{\"loss\":3,\"_preempting\":true} "
        "\r\n{not json}\n{\"loss\":4";
    const MetricsChunk json = metrics_lines(text, 10, false, MetricsFormat::printed_json);
    CHECK(json.lines ==
          std::vector<std::string>{"{\"loss\":1}", "{\"loss\":3,\"_preempting\":true}"});
    CHECK(json.preempting);
    CHECK_FALSE(json.invalid);
    CHECK(json.offset_end == 10 + text.rfind('\n') + 1);
    const MetricsChunk pairs = metrics_lines(text, 10, true, MetricsFormat::printed_pairs);
    CHECK(pairs.lines == std::vector<std::string>{"{\"loss\":2,\"acc\":0.5}"});
    CHECK_FALSE(pairs.invalid);
    CHECK_FALSE(pairs.preempting);
    CHECK(pairs.offset_end == 10 + text.size());
}
