#include "sweepctl/core/ids.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace sweepctl;

TEST_CASE("ids: a hundred thousand in a row are distinct, eight long, and begin with a letter",
          "[core][ids]") {
    for (const std::uint64_t key : {0ULL, 1ULL, 0xdeadbeefULL}) {
        std::set<std::string> seen;
        for (std::uint64_t serial = 0; serial < 100'000; ++serial) {
            const std::string id = id_text(serial, key);
            REQUIRE(id.size() == 8);
            REQUIRE((id[0] >= 'a' && id[0] <= 'z'));
            seen.insert(id);
        }
        REQUIRE(seen.size() == 100'000);
    }
}

TEST_CASE("ids: the last of the space and the first differ, and keys give different ids",
          "[core][ids]") {
    REQUIRE(id_text(0, 7) != id_text(1, 7));
    REQUIRE(id_text(0, 7) != id_text(0, 8));
    REQUIRE(id_text(5, 7) == id_text(5, 7));
}

TEST_CASE("ids: an id leads back to its serial", "[core][ids]") {
    for (const std::uint64_t key : {0ULL, 1ULL, 42ULL, 0x9e3779b97f4a7c15ULL}) {
        for (const std::uint64_t serial : {0ULL, 1ULL, 2ULL, 999'999ULL, 2'000'000'000'000ULL}) {
            CAPTURE(key, serial);
            CHECK(serial_of(id_text(serial, key), key) == serial);
        }
    }
    for (const char* text : {"", "abc", "1bcdefgh", "abcdefg_", "abcdefghi", "Abcdefgh"})
        CHECK_FALSE(serial_of(text, 7));
}
