#include "sweepctl/base/backoff.hpp"

#include <catch2/catch.hpp>

#include <vector>

using namespace sweepctl;
using std::chrono::milliseconds;

TEST_CASE("backoff: doubles up to its limit, and begins anew after a success", "[base][backoff]") {
    Backoff backoff(milliseconds{50}, milliseconds{300});
    for (int round = 0; round < 2; ++round) {
        std::vector<long> waits;
        for (int k = 0; k < 5; ++k)
            waits.push_back(backoff.wait(0).count());
        CHECK(waits == std::vector<long>{50, 100, 200, 300, 300});
        backoff.reset();
    }
}

TEST_CASE("backoff: chance takes off up to half", "[base][backoff]") {
    Backoff backoff(milliseconds{100}, milliseconds{100});
    CHECK(backoff.wait(0.5) == milliseconds{75});
    CHECK(backoff.wait(0.999) == milliseconds{50});
}
