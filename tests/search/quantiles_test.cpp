#include "search/quantiles.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cmath>

using namespace sweepctl;

namespace {

/// Relative to the value, absolute below one in 1e9 of the standard normal's scale.
bool near(double got, double want, double tolerance) {
    return std::abs(got - want) <= tolerance * std::max(std::abs(want), 1e-6);
}

}  // namespace

// The expected values come from mpmath at 40 digits.

TEST_CASE("quantiles: the normal one is exact to 1e-14", "[search][quantiles]") {
    struct Row {
        double u;
        double z;
    };
    const auto row = GENERATE(values<Row>({
        {0.5, 0.0},
        {0.25, -0.67448975019608174},
        {0.1, -1.2815515655446004},
        {0.02425, -1.9729610513118848},
        {0.001, -3.0902323061678135},
        {1e-10, -6.3613409024040562},
        {1e-16, -8.2220822161304356},
        {0.49999, -2.5066282748960009e-5},
        {0.50001, 2.5066282748820863e-5},
        {0.75, 0.67448975019608174},
        {0.975, 1.9599639845400539},
        {0.9999999, 5.1993375822906611},
    }));
    CAPTURE(row.u);
    CHECK(near(normal_quantile(row.u), row.z, 1e-14));
}

TEST_CASE("quantiles: the normal one is odd about one half and grows with u",
          "[search][quantiles]") {
    double before = -1e9;
    for (int i = 1; i < 1024; ++i) {
        const double u = i / 1024.0;
        const double z = normal_quantile(u);
        CHECK(z == -normal_quantile(1 - u));
        CHECK(z > before);
        before = z;
    }
    CHECK(std::isfinite(normal_quantile(0x1p-54)));
    CHECK(std::isfinite(normal_quantile(1 - 0x1p-53)));
}

TEST_CASE("quantiles: the beta one is exact to 1e-11", "[search][quantiles]") {
    struct Row {
        double a;
        double b;
        double u;
        double x;
    };
    const auto row = GENERATE(values<Row>({
        {2, 5, 1e-9, 8.1650546997689365e-6},
        {2, 5, 0.1, 0.092595258913128752},
        {2, 5, 0.5, 0.26444998329565996},
        {2, 5, 0.9, 0.51031630655149167},
        {2, 5, 0.999999, 0.95557304802992422},
        {1, 1, 1e-9, 1.0000000000000001e-9},
        {1, 1, 0.1, 0.10000000000000001},
        {1, 1, 0.5, 0.5},
        {1, 1, 0.9, 0.90000000000000002},
        {1, 1, 0.999999, 0.99999899999999997},
        {0.5, 0.5, 1e-9, 2.46740110027234e-18},
        {0.5, 0.5, 0.1, 0.024471741852423217},
        {0.5, 0.5, 0.5, 0.5},
        {0.5, 0.5, 0.9, 0.9755282581475768},
        {0.5, 0.5, 0.999999, 0.9999999999975326},
        {0.1, 3, 1e-9, 2.3669013519449337e-91},
        {0.1, 3, 0.1, 2.3669013520467679e-11},
        {0.1, 3, 0.5, 0.00023123990750011795},
        {0.1, 3, 0.9, 0.098392995510301344},
        {0.1, 3, 0.999999, 0.97058274255939069},
        {3, 0.1, 1e-9, 0.0029595353598808275},
        {3, 0.1, 0.1, 0.90160700448969869},
        {3, 0.1, 0.5, 0.99976876009249988},
        {3, 0.1, 0.9, 0.99999999997633099},
        {3, 0.1, 0.999999, 1.0},
        {0.01, 0.01, 0.1, 1.2472643212277808e-70},
        {0.01, 0.01, 0.5, 0.5},
        {0.01, 0.01, 0.9, 1.0},
        {0.01, 0.01, 0.999999, 1.0},
        {20, 30, 1e-9, 0.085225092716243617},
        {20, 30, 0.1, 0.3124282329941951},
        {20, 30, 0.5, 0.39865634626322432},
        {20, 30, 0.9, 0.48933427044478875},
        {20, 30, 0.999999, 0.72262717822403585},
        {1000, 500, 1e-9, 0.59149425830785242},
        {1000, 500, 0.1, 0.6510229341959103},
        {1000, 500, 0.5, 0.66674075902320344},
        {1000, 500, 0.9, 0.68221514175690414},
        {1000, 500, 0.999999, 0.72273083827588682},
        {5, 2000, 1e-9, 2.0767090898409288e-5},
        {5, 2000, 0.1, 0.0012143429467826178},
        {5, 2000, 0.5, 0.0023304027408753903},
        {5, 2000, 0.9, 0.0039848436699325074},
        {5, 2000, 0.999999, 0.011635845762041967},
        {1, 3, 1e-9, 3.3333333344444447e-10},
        {1, 3, 0.1, 0.034510615394370244},
        {1, 3, 0.5, 0.20629947401590026},
        {1, 3, 0.9, 0.53584111663872215},
        {1, 3, 0.999999, 0.98999999999990415},
    }));
    CAPTURE(row.a, row.b, row.u);
    const double got = beta_quantile(row.a, row.b, row.u);
    CHECK(std::abs(got - row.x) <= 1e-11 * row.x);
}

TEST_CASE("quantiles: beta's distribution function undoes its quantile", "[search][quantiles]") {
    for (const double a : {0.3, 1.0, 2.5, 40.0, 3000.0, 1e6}) {
        for (const double b : {0.2, 1.0, 7.0, 500.0, 1e6}) {
            for (const double u : {1e-6, 0.01, 0.2, 0.5, 0.77, 0.99}) {
                CAPTURE(a, b, u);
                const double x = beta_quantile(a, b, u);
                REQUIRE(x >= 0);
                REQUIRE(x <= 1);
                // Where x is so near 1 that doubles are sparse there, u cannot come back.
                if (x > 0.999999) continue;
                CHECK(std::abs(beta_cdf(a, b, x) - u) <= 1e-9 * u);
            }
        }
    }
}
