#include "sweepctl/base/did_you_mean.hpp"

#include <catch2/catch.hpp>

using namespace sweepctl;

TEST_CASE("did you mean: the nearest known word, or none", "[base][did_you_mean]") {
    const std::vector<std::string_view> known{"grid",       "random",  "bayes", "minimize",
                                              "maximize",   "min",     "max",   "lr",
                                              "parameters", "program", "b"};
    struct Row {
        const char* word;
        const char* meant;
    };
    const auto row = GENERATE(values<Row>({
        {"bayez", "bayes"},
        {"gird", "grid"},
        {"grd", "grid"},
        {"Random", "random"},
        {"RANDOM", "random"},
        {"parameter", "parameters"},
        {"paramters", "parameters"},
        {"maximise", "maximize"},
        {"maxi", "max"},
        {"mixn", "min"},
        {"prog", "program"},
        {"ran", "random"},
        {"m", ""},
        {"a", ""},
        {"l", "lr"},
        {"quite something else", ""},
        {"", ""},
    }));
    CAPTURE(row.word);
    CHECK(did_you_mean(row.word, known) == row.meant);
    CHECK(did_you_mean(row.word, {}).empty());
}

TEST_CASE("did you mean: a very long word is no mistake for anything", "[base][did_you_mean]") {
    CHECK(did_you_mean(std::string(1'000'000, 'x'), {"x"}).empty());
}
