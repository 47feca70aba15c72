#include "sweepctl/core/command_line.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace sweepctl;

TEST_CASE("python text: floats read as Python's repr", "[core][python]") {
    struct Row {
        double value;
        const char* text;
    };
    const auto row = GENERATE(values<Row>({
        {1e-5, "1e-05"},
        {1e-4, "0.0001"},
        {0.00012345, "0.00012345"},
        {0.000012345, "1.2345e-05"},
        {1.0, "1.0"},
        {-0.0, "-0.0"},
        {0.0, "0.0"},
        {0.1, "0.1"},
        {0.1 + 0.2, "0.30000000000000004"},
        {123456789.125, "123456789.125"},
        {100.0, "100.0"},
        {1e15, "1000000000000000.0"},
        {9999999999999998.0, "9999999999999998.0"},
        {1e16, "1e+16"},
        {123456789012345678.0, "1.2345678901234568e+17"},
        {-1.5e300, "-1.5e+300"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {std::numeric_limits<double>::infinity(), "inf"},
        {-std::numeric_limits<double>::infinity(), "-inf"},
    }));
    CHECK(python_float(row.value) == row.text);
}

TEST_CASE("python text: str() of values as arguments show them", "[core][python]") {
    struct Row {
        ParamValue value;
        const char* text;
    };
    const auto row = GENERATE(values<Row>({
        {nullptr, "None"},
        {true, "True"},
        {false, "False"},
        {3, "3"},
        {3.0, "3.0"},
        {"3", "3"},
        {"", ""},
        {" a 'b' ", " a 'b' "},
        {std::nan(""), "nan"},
        {BigInt{"-123456789012345678901234567890"}, "-123456789012345678901234567890"},
        {std::numeric_limits<std::int64_t>::min(), "-9223372036854775808"},
        {ParamList{}, "[]"},
        {ParamMap{}, "{}"},
        {ParamList{1, 2.0, nullptr, true, "x"}, "[1, 2.0, None, True, 'x']"},
        {ParamMap{{"a", 1}, {"b", ParamList{"c"}}}, "{'a': 1, 'b': ['c']}"},
        {ParamList{"it's"}, "[\"it's\"]"},
        {ParamList{"say \"it's\""}, "['say \"it\\'s\"']"},
        {ParamList{"say \"x\""}, "['say \"x\"']"},
        {ParamList{"a\\b\n\r\t\x01\x7f"}, "['a\\\\b\\n\\r\\t\\x01\\x7f']"},
        {ParamList{"é ü 漢 😀"}, "['é ü 漢 😀']"},
        {ParamList{"\u00a0\u200b\u2028\ue000\U000e0001"},
         "['\\xa0\\u200b\\u2028\\ue000\\U000e0001']"},
        {ParamList{"\xff"}, "['\\udcff']"},
        {ParamMap{{"k'", 1}}, "{\"k'\": 1}"},
    }));
    CHECK(python_str(row.value) == row.text);
}

TEST_CASE("python text: JSON as json.dumps writes it", "[core][python]") {
    struct Row {
        ParamValue value;
        const char* text;
    };
    const auto row = GENERATE(values<Row>({
        {ParamMap{{"a", 1}, {"b", ParamList{true, nullptr}}}, R"({"a": 1, "b": [true, null]})"},
        {ParamMap{}, "{}"},
        {ParamList{}, "[]"},
        {"é", R"("\u00e9")"},
        {"😀", R"("\ud83d\ude00")"},
        {"\U0010ffff", R"("\udbff\udfff")"},
        {"\"\\/\b\f\n\r\t\x01\x7f", R"("\"\\/\b\f\n\r\t\u0001\u007f")"},
        {"\xff", R"("\udcff")"},
        {std::nan(""), "NaN"},
        {std::numeric_limits<double>::infinity(), "Infinity"},
        {-std::numeric_limits<double>::infinity(), "-Infinity"},
        {1e-5, "1e-05"},
        {BigInt{"18446744073709551616"}, "18446744073709551616"},
    }));
    CHECK(python_json(row.value) == row.text);
}
