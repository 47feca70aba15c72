#include "sweepctl/core/time_text.hpp"

#include <catch2/catch.hpp>

#include <cstdint>
#include <string>

using namespace sweepctl;

namespace {

WallTime at(std::int64_t milliseconds) {
    return WallTime{Duration{milliseconds}};
}

}  // namespace

TEST_CASE("time text: moments are written in UTC with milliseconds, and read back",
          "[core][time]") {
    struct Row {
        std::int64_t milliseconds;
        std::string text;
    };
    const auto row = GENERATE(values<Row>({
        {0, "1970-01-01T00:00:00.000Z"},
        {-1, "1969-12-31T23:59:59.999Z"},
        {1'795'341'600'000, "2026-11-22T10:00:00.000Z"},
        {951'782'399'999, "2000-02-28T23:59:59.999Z"},
        {951'782'400'000, "2000-02-29T00:00:00.000Z"},
        {253'402'300'799'999, "9999-12-31T23:59:59.999Z"},
    }));
    CHECK(to_rfc3339(at(row.milliseconds)) == row.text);
    CHECK(from_rfc3339(row.text) == at(row.milliseconds));
}

TEST_CASE("time text: what people write is read", "[core][time]") {
    struct Row {
        std::string text;
        std::string same_as;
    };
    const auto row = GENERATE(values<Row>({
        {"2026-11-22", "2026-11-22T00:00:00.000Z"},
        {"2026-11-22 10:00", "2026-11-22T10:00:00.000Z"},
        {"2026-11-22t10:00:00z", "2026-11-22T10:00:00.000Z"},
        {"2026-11-22T10:00:00.1", "2026-11-22T10:00:00.100Z"},
        {"2026-11-22T10:00:00.1239999Z", "2026-11-22T10:00:00.123Z"},
        {"2026-11-22T10:00:00+02:00", "2026-11-22T08:00:00.000Z"},
        {"2026-11-22T10:00:00-0330", "2026-11-22T13:30:00.000Z"},
    }));
    REQUIRE(from_rfc3339(row.text));
    CHECK(to_rfc3339(*from_rfc3339(row.text)) == row.same_as);
}

TEST_CASE("time text: what is no moment is refused", "[core][time]") {
    const auto text =
        GENERATE(as<std::string>{}, "", "yesterday", "2026", "2026-13-01", "2026-02-30",
                 "2026-11-22T", "2026-11-22T24:00", "2026-11-22T10:60", "2026-11-22T10:00:00.",
                 "2026-11-22T10:00:00Zx", "2026-11-22T10:00+2", "2026-11-22x");
    CAPTURE(text);
    CHECK_FALSE(from_rfc3339(text));
}
