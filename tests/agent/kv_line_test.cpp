#include "agent/kv_line.hpp"

#include "sweepctl/core/json_text.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;

namespace {

std::string read(const std::string& line) {
    const auto pairs = kv_line(line);
    return pairs ? to_json(ParamValue(*pairs)) : "nothing";
}

}  // namespace

TEST_CASE("printed pairs: a line of nothing but pairs is metrics", "[agent][metrics]") {
    struct Row {
        std::string line, json;
    };
    const auto row = GENERATE(values<Row>({
        {"loss=0.25", R"({"loss":0.25})"},
        {"epoch=3 loss=0.25 acc: 0.9", R"({"epoch":3,"loss":0.25,"acc":0.9})"},
        {"  loss = 1 ,\tacc:2;n= -3|m =+4 \r", R"({"loss":1,"acc":2,"n":-3,"m":4})"},
        {"val/loss=.5 top-1=5. _step=07", R"({"val/loss":0.5,"top-1":5.0,"_step":7})"},
        {"a=1e-5 b=1E+3 c=-0 d=0.0", R"({"a":1e-05,"b":1000.0,"c":0,"d":0.0})"},
        {"a=nan b=-Inf c=INFINITY", R"({"a":NaN,"b":-Infinity,"c":Infinity})"},
        {"n=123456789012345678901234567890", R"({"n":123456789012345678901234567890})"},
        {"a=1 b=2 a=3", R"({"a":3,"b":2})"},
    }));
    CAPTURE(row.line);
    CHECK(read(row.line) == row.json);
}

TEST_CASE("printed pairs: whatever else is in a line makes it prose", "[agent][metrics]") {
    const std::string line = GENERATE(
        as<std::string>{}, "", "   ", "Training for 3 epochs", "loss", "loss=", "loss= high", "=3",
        "the loss=0.3", "loss=0.3 (best)", "loss=0.3 and acc=0.9", "loss=0.3%", "loss=0.3s",
        "loss=0.3,", ", loss=0.3", "loss=0.3,,acc=1", "loss==0.3", "loss :0.3", "loss=0.3acc=1",
        "loss=0.3:acc=1", "step=1/100", "Time: 12:30", "at 12:30", "version: 1.2.3", "mask=0x1F",
        "a=1e", "a=--1", "a=.", "a=nano", "a=true", "1a=3", "http://localhost:8080",
        "Epoch 3/10 - loss: 0.25", "[INFO] loss=0.25", R"({"loss": 0.25})", "\xff=1", "a=1\xff");
    CAPTURE(line);
    CHECK(read(line) == "nothing");
}

TEST_CASE("printed pairs: an overlong line is prose", "[agent][metrics]") {
    std::string line;
    while (line.size() <= 4096)
        line += "a=1 ";
    CHECK(read(line) == "nothing");
    CHECK(read(line.substr(0, 4000)) == R"({"a":1})");
}
