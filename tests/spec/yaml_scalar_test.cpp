#include "spec/yaml_scalar.hpp"

#include "sweepctl/core/command_line.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <string>

using namespace sweepctl;

namespace {

/// Kind and value: "int 31", "float 0.1", "text 08", "bool true", "null".
std::string read(std::string_view text) {
    const ParamValue value = read_plain_scalar(text).value;
    if (value.is_null()) return "null";
    if (value.get_if<bool>() != nullptr) return "bool " + python_json(value);
    if (value.get_if<std::int64_t>() != nullptr) return "int " + python_str(value);
    if (value.get_if<BigInt>() != nullptr) return "big " + python_str(value);
    if (value.get_if<double>() != nullptr) return "float " + python_str(value);
    return "text " + python_str(value);
}

}  // namespace

TEST_CASE("scalar: plain texts are read as YAML 1.1 does", "[spec][yaml]") {
    struct Row {
        const char* text;
        const char* read;
        Oddity oddity = Oddity::none;
    };
    const auto row = GENERATE(values<Row>({
        {"", "null"},
        {"~", "null"},
        {"null", "null"},
        {"NULL", "null"},
        {"nUll", "text nUll"},
        {"true", "bool true"},
        {"TRUE", "bool true"},
        {"False", "bool false"},
        {"tRue", "text tRue"},
        {"yes", "bool true", Oddity::word_bool},
        {"No", "bool false", Oddity::word_bool},
        {"ON", "bool true", Oddity::word_bool},
        {"off", "bool false", Oddity::word_bool},
        {"yEs", "text yEs"},
        {"y", "text y"},
        {"n", "text n"},
        {"0", "int 0"},
        {"-0", "int 0"},
        {"+5", "int 5"},
        {"-17", "int -17"},
        {"1_000", "int 1000"},
        {"1__0", "int 10"},
        {"_1", "text _1"},
        {"0x1F", "int 31"},
        {"-0xff", "int -255"},
        {"0x_f", "int 15"},
        {"0x", "text 0x"},
        {"0xg", "text 0xg"},
        {"0b11", "int 3"},
        {"0b", "text 0b"},
        {"0b2", "text 0b2"},
        {"010", "int 8", Oddity::leading_zero},
        {"0_1", "int 1", Oddity::leading_zero},
        {"00", "int 0", Oddity::leading_zero},
        {"08", "text 08", Oddity::leading_zero_text},
        {"-09", "text -09", Oddity::leading_zero_text},
        {"0o10", "text 0o10"},
        {"9223372036854775807", "int 9223372036854775807"},
        {"-9223372036854775808", "int -9223372036854775808"},
        {"9223372036854775808", "big 9223372036854775808"},
        {"-9223372036854775809", "big -9223372036854775809"},
        {"1_000_000_000_000_000_000_000", "big 1000000000000000000000"},
        {"0xffffffffffffffffff", "big 4722366482869645213695"},
        {"1.0", "float 1.0"},
        {".5", "float 0.5"},
        {"5.", "float 5.0"},
        {"1_000.5", "float 1000.5"},
        {"1._5", "float 1.5"},
        {"._5", "text ._5"},
        {".", "text ."},
        {"-", "text -"},
        {"+", "text +"},
        {"...", "text ..."},
        {"1.0e-5", "float 1e-05"},
        {"1.0e+5", "float 100000.0"},
        {"1e-5", "float 1e-05", Oddity::newer_float},
        {"1E5", "float 100000.0", Oddity::newer_float},
        {"1e3", "float 1000.0", Oddity::newer_float},
        {"1e+5", "float 100000.0", Oddity::newer_float},
        {"1.5e3", "float 1500.0", Oddity::newer_float},
        {"1.e5", "float 100000.0", Oddity::newer_float},
        {"-.5", "float -0.5", Oddity::newer_float},
        {"12e03", "float 12000.0", Oddity::newer_float},
        {"1e", "text 1e"},
        {"1e-", "text 1e-"},
        {"e5", "text e5"},
        {"1e5x", "text 1e5x"},
        {"1.2.3", "text 1.2.3"},
        {"1e999", "null", Oddity::out_of_range},
        {"-1.0e+999", "null", Oddity::out_of_range},
        {"1.0e-999", "null", Oddity::out_of_range},
        {".inf", "float inf"},
        {"-.INF", "float -inf"},
        {"+.Inf", "float inf"},
        {".nan", "float nan"},
        {".NaN", "float nan"},
        {".Nan", "text .Nan"},
        {"inf", "text inf"},
        {"nan", "text nan"},
        {"1:30", "int 90", Oddity::sexagesimal},
        {"-1:30", "int -90", Oddity::sexagesimal},
        {"190:20:30", "int 685230", Oddity::sexagesimal},
        {"1:30.5", "float 90.5", Oddity::sexagesimal},
        {"1:60", "text 1:60"},
        {"0:30", "text 0:30"},
        {"1:", "text 1:"},
        {"12:30:45pm", "text 12:30:45pm"},
        {"99999999999999999999:00", "null", Oddity::out_of_range},
        {"2024-01-01", "text 2024-01-01", Oddity::date},
        {"2024-1-1 10:00:00", "text 2024-1-1 10:00:00", Oddity::date},
        {"2024-01", "text 2024-01"},
        {"=", "text ="},
        {"adam", "text adam"},
        {"1 2", "text 1 2"},
    }));
    CAPTURE(row.text);
    CHECK(read(row.text) == row.read);
    CHECK(static_cast<int>(read_plain_scalar(row.text).oddity) == static_cast<int>(row.oddity));
}

TEST_CASE("scalar: an integer of a thousand digits is kept, a longer one refused", "[spec][yaml]") {
    CHECK(read(std::string(1000, '7')) == "big " + std::string(1000, '7'));
    CHECK(read_plain_scalar(std::string(1001, '7')).oddity == Oddity::out_of_range);
    CHECK(read_plain_scalar("0x" + std::string(100'000, 'f')).oddity == Oddity::out_of_range);
}

TEST_CASE("scalar: tags decide over the look", "[spec][yaml]") {
    const auto as = [](std::string_view text, ScalarTag tag) {
        const ScalarReading reading = read_tagged_scalar(text, tag);
        return reading.oddity == Oddity::out_of_range ? std::string("refused")
                                                      : python_str(reading.value);
    };
    CHECK(as("1e-5", ScalarTag::real) == "1e-05");
    CHECK(as("3", ScalarTag::real) == "3.0");
    CHECK(as("x", ScalarTag::real) == "refused");
    CHECK(as("1e999", ScalarTag::real) == "refused");
    CHECK(as("5", ScalarTag::integer) == "5");
    CHECK(as("010", ScalarTag::integer) == "8");
    CHECK(as("5.0", ScalarTag::integer) == "refused");
    CHECK(as("yes", ScalarTag::boolean) == "True");
    CHECK(as("1", ScalarTag::boolean) == "refused");
    CHECK(as("", ScalarTag::null) == "None");
    CHECK(as("x", ScalarTag::null) == "refused");
}
