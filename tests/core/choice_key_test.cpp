#include "sweepctl/core/choice_key.hpp"

#include "sweepctl/core/command_line.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <limits>

using namespace sweepctl;

TEST_CASE("choice: which values are the same one", "[core][choice]") {
    const double nan = std::nan("");
    struct Row {
        ParamValue left;
        ParamValue right;
        bool same;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {3, 3.0, true},
        {ParamList{3}, ParamList{3.0}, false},
        {ParamMap{{"a", 3}}, ParamMap{{"a", 3.0}}, false},
        {true, 1, false},
        {true, 1.0, false},
        {false, 0, false},
        {"3", 3, false},
        {"3.0", 3.0, false},
        {nan, nan, true},
        {ParamList{nan}, ParamList{nan}, true},
        {nullptr, "null", false},
        {nullptr, nullptr, true},
        {nullptr, "~", false},
        {true, "yes", false},
        {ParamMap{{"a", 1}, {"b", 2}}, ParamMap{{"b", 2}, {"a", 1}}, true},
        {ParamList{ParamMap{{"a", 1}, {"b", 2}}}, ParamList{ParamMap{{"b", 2}, {"a", 1}}}, true},
        {ParamList{1, 2}, ParamList{2, 1}, false},
        {ParamList{1, 2}, ParamList{12}, false},
        {ParamList{"a,b"}, ParamList{"a", "b"}, false},
        {-0.0, 0, true},
        {0.5, 0.5, true},
        {0.1 + 0.2, 0.3, false},
        {BigInt{"100000000000000000000"}, 1e20, true},
        {BigInt{"100000000000000000001"}, 1e20, false},
        {std::numeric_limits<double>::infinity(), std::numeric_limits<double>::infinity(), true},
        {std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity(), false},
    }));
    CAPTURE(python_json(row.left), python_json(row.right));
    CHECK(same_choice(row.left, row.right) == row.same);
    CHECK(same_choice(row.right, row.left) == row.same);
}
