#include "search/bayes/acquisition.hpp"
#include "search/bayes/design.hpp"
#include "search/bayes/gaussian_process.hpp"
#include "search/bayes/minimise.hpp"
#include "search/bayes/output_warp.hpp"
#include "search/bayes/region.hpp"
#include "search/mix.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <string>

using namespace sweepctl;
using namespace sweepctl::bayes;

namespace {

Encoding plane() {
    SearchSpace space;
    for (const char* name : {"x", "y"})
        space.parameters.push_back({{name}, Uniform{}});
    return Encoding(space);
}

std::vector<Point> scattered(std::size_t count) {
    std::vector<Point> points;
    for (std::size_t i = 1; i <= count; ++i)  // The first one is in the middle.
        points.push_back(design_point(plane(), 1, i));
    return points;
}

}  // namespace

TEST_CASE("minimise: finds valleys and stays in its box", "[search][bayes]") {
    const Objective rosenbrock = [](const std::vector<double>& x, std::vector<double>& g) {
        const double off = x[1] - x[0] * x[0];
        g[0] = -400 * x[0] * off - 2 * (1 - x[0]);
        g[1] = 200 * off;
        return 100 * off * off + (1 - x[0]) * (1 - x[0]);
    };
    MinimiseLimits limits;
    limits.evaluations = 300;
    limits.relative_decrease = 0;
    const Minimum free = minimise(rosenbrock, {-1.2, 1}, {-5, -5}, {5, 5}, limits);
    CHECK(free.x[0] == Approx(1).margin(1e-2));
    const Minimum bound = minimise(rosenbrock, {-1.2, 0.2}, {-5, -5}, {0.5, 5}, limits);
    CHECK(bound.x[0] == Approx(0.5));
    CHECK(bound.x[1] == Approx(0.25).margin(1e-2));
}

TEST_CASE("acquisition: the slopes are the slopes, near and far", "[search][bayes]") {
    for (const double z : {-300.0, -30.0, -25.5, -24.5, -6.0, -1.0, 0.0, 0.5, 4.9, 5.1, 9.0}) {
        INFO("z " << z);
        const double deviation = 0.7;
        const double mean = -z * deviation;
        const double step = 1e-5;
        const Promise here = log_expected_improvement(mean, deviation, 0);
        const double by_mean = (log_expected_improvement(mean + step, deviation, 0).value -
                                log_expected_improvement(mean - step, deviation, 0).value) /
                               (2 * step);
        const double by_deviation = (log_expected_improvement(mean, deviation + step, 0).value -
                                     log_expected_improvement(mean, deviation - step, 0).value) /
                                    (2 * step);
        CHECK(here.by_mean == Approx(by_mean).epsilon(1e-4).margin(1e-4));
        CHECK(here.by_deviation == Approx(by_deviation).epsilon(1e-4).margin(1e-4));
    }
    // E[max(0, -X)] of a standard normal X is phi(0).
    CHECK(log_expected_improvement(0, 1, 0).value == Approx(std::log(0.3989422804014327)));
}

TEST_CASE("posterior: goes through quiet data, and its gradients are its gradients",
          "[search][bayes]") {
    const Encoding encoding = plane();
    const std::vector<Point> points = scattered(20);
    std::vector<double> values;
    for (const Point& p : points)
        values.push_back(std::sin(5 * p[0]) + p[1]);
    const Hyperparameters theta{{-1, -0.5}, 0.2, -12};
    Posterior posterior(encoding, theta, points, values, {{0.9, 0.1}});
    const std::vector<double> means = posterior.means(points);
    for (std::size_t i = 0; i < points.size(); ++i)
        CHECK(means[i] == Approx(values[i]).margin(1e-3));

    const std::vector<Point> others{{0.31, 0.72}, {0.05, 0.5}, {0.9, 0.1}};
    const std::vector<double> at_others = posterior.means(others);
    const std::vector<double> deviations = posterior.deviations({0, 1, 2});
    const std::vector<double> bounds = posterior.deviation_bounds();
    for (std::size_t i = 0; i < others.size(); ++i) {
        std::vector<double> slope;
        std::vector<double> deviation_slope;
        const auto belief = posterior.at(others[i], slope, deviation_slope);
        CHECK(belief.mean == Approx(at_others[i]).margin(1e-9));
        CHECK(belief.deviation == Approx(deviations[i]).epsilon(1e-6));
        CHECK(bounds[i] >= deviations[i] * (1 - 1e-9));
        if (i == 2) continue;  // At a known point the deviation has a kink.
        for (std::size_t j = 0; j < 2; ++j) {
            std::vector<double> unused;
            Point up = others[i];
            Point down = others[i];
            up[j] += 1e-6;
            down[j] -= 1e-6;
            const auto above = posterior.at(up, unused, unused);
            const auto below = posterior.at(down, unused, unused);
            CHECK(slope[j] == Approx((above.mean - below.mean) / 2e-6).epsilon(1e-4).margin(1e-6));
            CHECK(deviation_slope[j] ==
                  Approx((above.deviation - below.deviation) / 2e-6).epsilon(1e-3).margin(1e-5));
        }
    }
    CHECK(deviations[2] < 0.01);  // pending: believed
}

TEST_CASE("posterior: the fastest arithmetic of this machine agrees with that of any machine",
          "[search][bayes]") {
    const Encoding encoding = plane();
    // More than a block of candidates, and no multiple of what fits into a register.
    const std::vector<Point> points = scattered(151);
    const std::vector<Point> pending{{0.9, 0.1}, {0.2, 0.8}};
    std::vector<double> values;
    for (const Point& p : points)
        values.push_back(std::sin(5 * p[0]) + p[1]);
    struct Beliefs {
        Hyperparameters theta;
        std::vector<double> means, bounds, deviations, slope, deviation_slope;
        Belief belief;
    };
    const auto believe = [&](const Arithmetic& arithmetic) {
        Beliefs b;
        FitOptions options;
        options.arithmetic = &arithmetic;
        b.theta = fit(encoding, points, values, options);
        Posterior posterior(encoding, {{-1, -0.5}, 0.2, -6}, points, values, pending, arithmetic);
        b.means = posterior.means(scattered(301));
        b.bounds = posterior.deviation_bounds();
        std::vector<std::size_t> all(b.means.size());
        std::iota(all.begin(), all.end(), std::size_t{0});
        b.deviations = posterior.deviations(all);
        b.belief = posterior.at({0.31, 0.72}, b.slope, b.deviation_slope);
        return b;
    };
    const Beliefs portable = believe(Arithmetic::portable);
    const Beliefs fastest = believe(Arithmetic::fastest());
    const auto agree = [](const std::vector<double>& left, const std::vector<double>& right,
                          double margin) {
        REQUIRE(left.size() == right.size());
        for (std::size_t i = 0; i < left.size(); ++i)
            CHECK(left[i] == Approx(right[i]).margin(margin));
    };
    agree(portable.theta.length, fastest.theta.length, 1e-3);  // a descent's end
    agree(portable.means, fastest.means, 1e-8);
    agree(portable.bounds, fastest.bounds, 1e-8);
    agree(portable.deviations, fastest.deviations, 1e-8);
    agree(portable.slope, fastest.slope, 1e-8);
    agree(portable.deviation_slope, fastest.deviation_slope, 1e-8);
    CHECK(portable.belief.mean == Approx(fastest.belief.mean));
    CHECK(portable.belief.deviation == Approx(fastest.belief.deviation));
}

TEST_CASE("posterior: points on top of one another", "[search][bayes]") {
    const Encoding encoding = plane();
    std::vector<Point> points(60, Point{0.5, 0.5});
    for (std::size_t i = 0; i < points.size(); ++i)
        points[i][0] += 1e-7 * static_cast<double>(i % 5);
    const std::vector<double> values(points.size(), 0.0);
    const Hyperparameters theta{{6, 6}, 8, -18};
    Posterior posterior(encoding, theta, points, values, points);
    CHECK(std::isfinite(posterior.best()));
    CHECK(std::isfinite(posterior.means({{0.1, 0.1}}).front()));
    CHECK(std::isfinite(posterior.deviations({0}).front()));
}

TEST_CASE("posterior: what was seen often is known better", "[search][bayes]") {
    const Encoding encoding = plane();
    const Hyperparameters theta{{-1, -1}, 0, -1};
    const Point often{0.3, 0.3};
    const Point once{0.8, 0.8};
    std::vector<Point> points{once};
    std::vector<double> values{1.0};
    for (int i = 0; i < 16; ++i) {
        points.push_back(often);
        values.push_back(1.0 + (i % 2 == 0 ? 0.5 : -0.5));
    }
    Posterior posterior(encoding, theta, points, values, {});
    const std::vector<double> means = posterior.means({often, once});
    const std::vector<double> deviations = posterior.deviations({0, 1});
    CHECK(means[0] == Approx(1.0).margin(0.05));  // One value is pulled towards nothing more.
    CHECK(means[1] < means[0]);
    CHECK(deviations[0] < 0.5 * deviations[1]);
}

TEST_CASE("fit: tells noise from structure, and which dimension matters", "[search][bayes]") {
    const Encoding encoding = plane();
    // Each twice: what else is noise can be a function that changes fast.
    std::vector<Point> points = scattered(60);
    std::copy(points.begin(), points.begin() + 30, points.begin() + 30);
    std::vector<double> smooth;
    std::vector<double> noisy;
    for (std::size_t i = 0; i < points.size(); ++i) {
        smooth.push_back(std::sin(6 * points[i][0]));
        noisy.push_back(points[i][0] + 2 * (static_cast<double>(mix64(i) >> 11U) * 0x1p-53 - 0.5));
    }
    const Population none{smooth, 0, 0};
    const auto quiet = fit(encoding, points, warped(smooth, none, Warp::plain), {});
    CHECK(quiet.noise_variance() < 1e-2);
    CHECK(quiet.length[0] + 1 < quiet.length[1]);
    const auto loud = fit(encoding, points, warped(noisy, none, Warp::plain), {});
    CHECK(loud.noise_variance() > 0.3);
}

TEST_CASE("warp: the worse half by rank, the better half as it is", "[search][bayes]") {
    std::vector<double> values{1, 2, 3, 4, 5, 1e6};
    const Population all{values, 0, 0};
    const std::vector<double> plain = warped(values, all, Warp::plain);
    const std::vector<double> ranked = warped(values, all, Warp::half_rank);
    CHECK(plain[5] - plain[4] > 100 * (plain[4] - plain[0]));
    CHECK(ranked[5] - ranked[4] < 2 * (ranked[4] - ranked[0]));
    CHECK(std::is_sorted(ranked.begin(), ranked.end()));
    for (const auto& result : {plain, ranked}) {
        CHECK(std::accumulate(result.begin(), result.end(), 0.0) == Approx(0).margin(1e-9));
        CHECK(std::inner_product(result.begin(), result.end(), result.begin(), 0.0) == Approx(6));
    }
    CHECK(ranked[1] - ranked[0] == Approx(ranked[2] - ranked[1]));
}

TEST_CASE("warp: what is constant or huge stays finite", "[search][bayes]") {
    for (const std::vector<double>& values : {std::vector<double>{7, 7, 7}, {1e300, -1e300, 1e299},
                                              {1e-300, 2e-300, 3e-300}, {5}, {1, 1 + 1e-15}}) {
        std::vector<double> sorted = values;
        std::sort(sorted.begin(), sorted.end());
        for (const Warp warp : {Warp::half_rank, Warp::plain}) {
            for (const double value : warped(values, {sorted, 2, sorted.back()}, warp)) {
                CHECK(std::isfinite(value));
                CHECK(std::abs(value) < 10);
            }
        }
    }
}

TEST_CASE("design: covers every dimension evenly, in its own scale", "[search][bayes]") {
    const Encoding encoding({{{{"a"}, Uniform{Scale::log_values, 1e-6, 1, {}}},
                              {{"b"}, Categorical{{"x", "y", "z"}, {0.5, 0.25, 0.25}}}}});
    std::array<int, 8> bins{};
    std::array<int, 3> categories{};
    for (std::uint64_t i = 0; i < 64; ++i) {
        const Point point = design_point(encoding, 5, i);
        ++bins[static_cast<std::size_t>(point[0] * 8)];
        ++categories[static_cast<std::size_t>(point[1])];
    }
    for (const int count : bins)
        CHECK(count == 8);
    CHECK(categories[0] >= 29);
    CHECK(categories[0] <= 35);
    CHECK(design_point(encoding, 5, 3) == design_point(encoding, 5, 3));
    CHECK(design_point(encoding, 6, 3) != design_point(encoding, 5, 3));
}

TEST_CASE("design: short, and begun at the median, where everything has a middle",
          "[search][bayes]") {
    const auto box = [](std::size_t dimensions, std::size_t categories = 0) {
        SearchSpace space;
        for (std::size_t i = 0; i < dimensions; ++i) {
            Distribution distribution = Uniform{Scale::linear, -1, 3, {}};
            if (i % 3 == 1) distribution = IntUniform{1, 9};
            if (i < categories) distribution = Categorical{{"p", "q", "r"}, {}};
            space.parameters.push_back({{"x" + std::to_string(i)}, std::move(distribution)});
        }
        return Encoding(std::move(space));
    };
    CHECK(design_size(box(1)) == 4);
    CHECK(design_size(box(6)) == 6);
    CHECK(design_size(box(50)) == 6);
    CHECK(design_size(box(6, 1)) == 12);
    CHECK(design_size(box(10, 1)) == 18);
    CHECK(design_size(box(11, 1)) == 16);
    for (const std::size_t dimensions : {2, 10, 20}) {
        CHECK(design_point(box(dimensions), 5, 0) == Point(dimensions, 0.5));
        CHECK(design_point(box(dimensions), 5, 1) != Point(dimensions, 0.5));
    }
    CHECK(design_point(box(10, 1), 5, 0) != design_point(box(10, 1), 6, 0));
    CHECK(design_point(box(20, 1), 5, 0) == design_point(box(20, 1), 6, 0));
}

TEST_CASE("region: the smallest box around points, with their categories", "[search][bayes]") {
    SearchSpace space;
    space.parameters.push_back({{"a"}, Categorical{{"p", "q", "r"}, {}}});
    space.parameters.push_back({{"n"}, IntUniform{1, 10}});
    space.parameters.push_back({{"x"}, Uniform{}});
    const Encoding encoding(space);
    const Dimension& n = encoding.dimensions()[1];
    const std::vector<Point> points{{0, n.place_of(3), 0.2}, {2, n.place_of(6), 0.4}};
    const Region region(encoding, points);
    CHECK_FALSE(region.whole());
    CHECK(region.width(2) == Approx(0.2));
    CHECK(region.width(0) == 1);
    CHECK(region.contains({2, n.place_of(4), 0.3}));
    CHECK_FALSE(region.contains({1, n.place_of(4), 0.3}));
    CHECK_FALSE(region.contains({2, n.place_of(7), 0.3}));
    CHECK_FALSE(region.contains({2, n.place_of(4), 0.41}));

    RandomStream stream(1, 0);
    std::vector<std::vector<double>> seen(3);
    Point point = points.front();
    for (int turn = 0; turn < 400; ++turn) {
        for (std::size_t i = 0; i < 3; ++i) {
            point[i] = turn % 2 == 0 ? region.uniform_place(i, stream)
                                     : region.moved_place(i, point[i], 0.2, stream);
            seen[i].push_back(point[i]);
        }
        REQUIRE(region.contains(point));
        CHECK(n.snap(point[1]) == point[1]);
    }
    for (std::vector<double>& places : seen) {
        std::sort(places.begin(), places.end());
        places.erase(std::unique(places.begin(), places.end()), places.end());
    }
    CHECK(seen[0] == std::vector<double>{0, 2});
    CHECK(seen[1].size() == 4);
    CHECK(seen[2].size() > 200);
    CHECK(seen[2].front() == 0.2);
    CHECK(seen[2].back() == 0.4);

    // Where nothing varies there is one place, and widths can be divided by.
    const Region spot(encoding, {points.front(), points.front()});
    CHECK(spot.width(2) == 1);
    CHECK(spot.moved_place(2, 0.9, 0.2, stream) == 0.2);
    // The whole space, for comparison.
    const Region whole(encoding);
    CHECK(whole.whole());
    CHECK(whole.contains({1, 0.0, 1.0}));
}
