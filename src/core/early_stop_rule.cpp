#include "sweepctl/core/early_stop_rule.hpp"

#include "core/plain_number.hpp"

#include <algorithm>

namespace sweepctl {

namespace {

/// Positions in a history are exact up to here.
constexpr double kBandMax = 0x1p53;
constexpr int kBandsByMin = 100;

std::vector<std::uint64_t> upwards(std::uint64_t min_iter, double eta) {
    std::vector<std::uint64_t> bands;
    double band = static_cast<double>(min_iter);
    for (int i = 0; i < kBandsByMin && band <= kBandMax; ++i, band *= eta)
        bands.push_back(static_cast<std::uint64_t>(band));
    return bands;
}

std::vector<std::uint64_t> downwards(std::uint64_t max_iter, std::uint32_t s, double eta) {
    std::vector<std::uint64_t> bands;
    double band = static_cast<double>(max_iter);
    for (std::uint32_t i = 0; i < s; ++i) {
        band /= eta;
        if (!(band >= 1)) break;
        bands.push_back(static_cast<std::uint64_t>(band));
    }
    std::reverse(bands.begin(), bands.end());
    return bands;
}

struct Bands {
    std::vector<std::uint64_t> operator()(const HyperbandRule& rule) const {
        if (rule.max_iter && rule.s) return downwards(*rule.max_iter, *rule.s, rule.eta);
        return upwards(rule.min_iter.value_or(1), rule.eta);
    }
    std::vector<std::uint64_t> operator()(const AshaRule& rule) const {
        return upwards(rule.min_iter, rule.eta);
    }
    std::vector<std::uint64_t> operator()(const MedianRule&) const { return {}; }
};

struct Words {
    std::string operator()(const HyperbandRule& rule) const {
        std::string out = "hyperband";
        if (rule.max_iter && rule.s) {
            out +=
                ", max_iter " + std::to_string(*rule.max_iter) + ", s " + std::to_string(*rule.s);
        } else {
            out += ", min_iter " + std::to_string(rule.min_iter.value_or(1));
        }
        return out + ", eta " + plain_number(rule.eta) + ", strict " +
               (rule.strict ? "true" : "false");
    }
    std::string operator()(const AshaRule& rule) const {
        return "asha, min_iter " + std::to_string(rule.min_iter) + ", eta " +
               plain_number(rule.eta);
    }
    std::string operator()(const MedianRule& rule) const {
        return "median, min_iter " + std::to_string(rule.min_iter) + ", min_runs " +
               std::to_string(rule.min_runs);
    }
};

}  // namespace

std::vector<std::uint64_t> bands_of(const EarlyStopRule& rule) {
    return std::visit(Bands{}, rule);
}

std::string to_text(const EarlyStopRule& rule) {
    return std::visit(Words{}, rule);
}

}  // namespace sweepctl
