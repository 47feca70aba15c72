#include "sweepctl/base/shown.hpp"

#include "sweepctl/base/utf8.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;

TEST_CASE("utf8: every code point comes back, nothing else does", "[base][utf8]") {
    for (std::uint32_t code = 0; code <= 0x10ffff; ++code) {
        if (code >= 0xd800 && code <= 0xdfff) continue;
        std::string text;
        append_code_point(text, code);
        const CodePoint point = decode_utf8(text, 0);
        REQUIRE((point.valid && point.value == code && point.length == text.size()));
    }
    for (const std::string_view bad :
         {"\x80", "\xc0\xaf", "\xc1\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xe2\x82", "\xc3", "\xc3x"}) {
        const CodePoint point = decode_utf8(bad, 0);
        CHECK((!point.valid && point.length == 1));
    }
}

TEST_CASE("shown: control characters do not reach the terminal", "[base][shown]") {
    CHECK(shown("plain é") == "plain é");
    CHECK(shown("a\nb\tc\x1b[31m\x7f\xff\u009b") == "a\\nb\\tc\\x1b[31m\\x7f\\xff\\x9b");
    CHECK(shown(std::string(100, 'x'), 10) == std::string(10, 'x') + "...");
    CHECK(shown(std::string(10, 'x'), 10) == std::string(10, 'x'));
}
