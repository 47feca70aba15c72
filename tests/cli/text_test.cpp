#include "cli/text.hpp"

#include "cli/csv.hpp"
#include "cli/runs_table.hpp"
#include "cli/shell_text.hpp"
#include "cli/table.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;
using namespace sweepctl::cli;
using namespace std::chrono_literals;

TEST_CASE("text: width counts columns, not bytes", "[cli][text]") {
    CHECK(display_width("abc") == 3);
    CHECK(display_width("é") == 1);
    CHECK(display_width("e\xcc\x81") == 1);  // a combining accent
    CHECK(display_width("日本") == 4);
    CHECK(display_width("😀") == 2);
    CHECK(display_width("\xff\xfe") == 2);
}

TEST_CASE("text: what is too long is cut at a character", "[cli][text]") {
    CHECK(fit("abcdef", 6, "…") == "abcdef");
    CHECK(fit("abcdef", 4, "…") == "abc…");
    CHECK(fit("日本語", 4, "…") == "日…");
    CHECK(fit("ééé", 2, "…") == "é…");
    CHECK(fit("abc", 1, "..") == ".");
    CHECK(fit("abc", 0, "…").empty());
}

TEST_CASE("text: nothing that a run says moves the cursor", "[cli][text]") {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text = printable(std::string(1, static_cast<char>(byte)));
        CAPTURE(byte, text);
        for (const char c : text)
            CHECK(static_cast<unsigned char>(c) >= 0x20);
        CHECK(text.find('\x7f') == std::string::npos);
    }
    CHECK(printable("\xc2\x9b"
                    "31m")
              .find("\xc2\x9b") == std::string::npos);  // CSI in one character
}

TEST_CASE("text: durations are short and can be read back", "[cli][text]") {
    const auto [ms, text] = GENERATE(table<Duration, std::string>({{0ms, "0.0s"},
                                                                   {4240ms, "4.2s"},
                                                                   {-5ms, "0.0s"},
                                                                   {59'999ms, "59s"},
                                                                   {60s, "1m 00s"},
                                                                   {92s, "1m 32s"},
                                                                   {3599s, "59m 59s"},
                                                                   {3h + 5min, "3h 05m"},
                                                                   {52h, "2d 04h"}}));
    CHECK(duration_text(ms) == text);
    CHECK(parse_duration("30") == 30s);
    CHECK(parse_duration("500ms") == 500ms);
    CHECK(parse_duration("1.5h") == 90min);
    CHECK(parse_duration("0") == 0ms);
    for (const char* bad : {"", "s", "-1s", "5 m", "1e99d", "nan", "inf", "5x", "5mm"}) {
        CAPTURE(bad);
        CHECK_FALSE(parse_duration(bad).has_value());
    }
}

TEST_CASE("text: counts and numbers", "[cli][text]") {
    CHECK(count_text(0) == "0");
    CHECK(count_text(999) == "999");
    CHECK(count_text(1000) == "1,000");
    CHECK(count_text(UINT64_MAX) == "18,446,744,073,709,551,615");
    CHECK(plural(1, "run") == "1 run");
    CHECK(plural(0, "run") == "0 runs");
    CHECK(number_text(0.1234567) == "0.123457");
    CHECK(number_text(3.0) == "3");
}

TEST_CASE("shell text: a shell reads it back", "[cli][text]") {
    CHECK(shell_text("--lr=0.1") == "--lr=0.1");
    CHECK(shell_text("") == "''");
    CHECK(shell_text("a b") == "'a b'");
    CHECK(shell_text("it's") == R"('it'\''s')");
    CHECK(shell_text("$(rm -rf ~)") == "'$(rm -rf ~)'");
    CHECK(shell_text(std::vector<std::string>{"a", "b c"}) == "a 'b c'");
}

TEST_CASE("csv: cells are quoted where they must be", "[cli][csv]") {
    CHECK(csv_cell("plain") == "plain");
    CHECK(csv_cell("a,b") == "\"a,b\"");
    CHECK(csv_cell("say \"hi\"") == "\"say \"\"hi\"\"\"");
    CHECK(csv_cell("two\nlines") == "\"two\nlines\"");
}

TEST_CASE("table: without a terminal nothing is cut", "[cli][table]") {
    Table table({{"NAME"}, {"N", true}});
    table.add({{std::string(200, 'x')}, {"1"}});
    table.add({{"y"}, {"1000"}});
    const std::string text = table.text(Terminal());
    CHECK(text.find(std::string(200, 'x') + "     1\n") != std::string::npos);
    CHECK(text.find("y" + std::string(199, ' ') + "  1000\n") != std::string::npos);
}

TEST_CASE("table: on a terminal every line fits, whatever the width", "[cli][table]") {
    Table table({{"NAME"}, {"COUNT", true}, {"CONFIG", false, true}, {"MORE", true, true}});
    table.add({{"日本語日本語日本語"}, {"12345"}, {std::string(60, 'c')}, {"1"}});
    table.add({{"short"}, {""}, {"x"}, {"22"}});
    for (std::size_t width = 20; width < 120; ++width) {
        CAPTURE(width);
        const std::string text = table.text(Terminal(true, false, true, width));
        for (std::size_t at = 0; at < text.size();) {
            const std::size_t end = text.find('\n', at);
            CHECK(display_width(text.substr(at, end - at)) <= width);
            at = end + 1;
        }
        CHECK(text.find("short") != std::string::npos);
    }
}

TEST_CASE("table: the widest columns are cut first, to one width", "[cli][table]") {
    Table table({{"A"}, {"B"}, {"C", false, true}});
    table.add({{std::string(30, 'a')}, {"short"}, {std::string(20, 'c')}});
    // 9 for B and the gaps; the cell that does not divide goes to the last.
    CHECK(table.text(Terminal(true, false, true, 40)) ==
          "A                B      C\n" + std::string(14, 'a') + "…  short  " +
              std::string(15, 'c') + "…\n");
    // 8 each is the least.
    CHECK(table.text(Terminal(true, false, true, 25)) ==
          "A         B      C\naaaaaaa…  short  ccccccc…\n");
    CHECK(table.text(Terminal(true, false, true, 24)).find("A                  B\n") == 0);
}

TEST_CASE("table: thousands of metrics are no more than columns that do not fit", "[cli][table]") {
    constexpr int kColumns = 10'000;
    ParamMap summary{{"note", std::string(100'000, 'n')}};
    for (int i = 0; i < kColumns; ++i)
        summary.emplace_back("metric" + std::to_string(i), 0.5);
    ParamList runs;
    for (const char* id : {"r0000001", "r0000002"})
        runs.emplace_back(ParamMap{{"id", id}, {"state", "finished"}, {"summary", summary}});
    // Taking a cell from the widest, time and again for each column that goes, would be 10^13 steps.
    const std::string text = runs_table(ParamMap{}, runs, "").text(Terminal(true, false, true, 100));
    CHECK(text.find("r0000002") != std::string::npos);
    CHECK(text.find("(9,99") != std::string::npos);
}
