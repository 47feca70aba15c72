#include "sweepctl/core/duration.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;
using namespace std::chrono_literals;

TEST_CASE("duration: a number with a unit, seconds without", "[core][duration]") {
    struct Row {
        const char* text;
        std::optional<Duration> duration;
    };
    const auto row = GENERATE(values<Row>({
        {"30", 30s},     {"0", 0s},
        {"30s", 30s},    {"1.5s", 1500ms},
        {"0.25", 250ms}, {"500ms", 500ms},
        {"5m", 5min},    {"2h", 2h},
        {"1d", 24h},     {"3650d", 3650 * 24h},
        {"3651d", {}},   {"", {}},
        {"s", {}},       {"-1", {}},
        {"+1", {}},      {"1 s", {}},
        {"1S", {}},      {"1w", {}},
        {".5s", {}},     {"5.s", {}},
        {"1.2.3s", {}},  {"1e3", {}},
        {"inf", {}},     {"99999999999999999999999d", {}},
        {"1s ", {}},     {"0x10", {}},
    }));
    CAPTURE(row.text);
    CHECK(parse_duration(row.text) == row.duration);
}

TEST_CASE("duration: its text reads back", "[core][duration]") {
    CHECK(duration_text(0s) == "0s");
    CHECK(duration_text(90s) == "90s");
    CHECK(duration_text(120s) == "2m");
    CHECK(duration_text(48h) == "2d");
    CHECK(duration_text(1500ms) == "1500ms");
    for (const Duration duration :
         {Duration{1}, Duration{999}, Duration{61'000}, Duration{7'200'000}})
        CHECK(parse_duration(duration_text(duration)) == duration);
}
