#include "search/bayes/design.hpp"

#include "search/bayes/random_stream.hpp"

#include <algorithm>
#include <numeric>

namespace sweepctl::bayes {

namespace {

std::vector<std::uint64_t> first_primes(std::size_t count) {
    std::vector<std::uint64_t> primes;
    for (std::uint64_t candidate = 2; primes.size() < count; ++candidate) {
        const bool prime = std::none_of(primes.begin(), primes.end(),
                                        [&](std::uint64_t p) { return candidate % p == 0; });
        if (prime) primes.push_back(candidate);
    }
    return primes;
}

/// The digits of `index` in `base` mirrored behind the point, each digit through a permutation of
/// its own.
double scrambled_inverse(std::uint64_t index,
                         std::uint64_t base,
                         std::uint64_t seed,
                         std::uint64_t dimension) {
    double weight = 1;
    double sum = 0;
    std::vector<std::uint64_t> permutation(base);
    for (std::uint64_t position = 0; weight > 1e-12; ++position) {
        std::iota(permutation.begin(), permutation.end(), std::uint64_t{0});
        RandomStream stream(mix64(seed ^ dimension), position);
        for (std::uint64_t i = base; i-- > 1;)
            std::swap(permutation[i], permutation[stream.below(i + 1)]);
        weight /= static_cast<double>(base);
        sum += weight * static_cast<double>(permutation[index % base]);
        index /= base;
    }
    return std::min(sum, 1 - 0x1p-53);
}

}  // namespace

Point design_point(const Encoding& encoding, std::uint64_t seed, std::uint64_t index) {
    const std::vector<std::uint64_t> primes = first_primes(encoding.size());
    Point point(encoding.size());
    const bool median = index == 0 && (encoding.ordered() || encoding.wide());
    for (std::size_t i = 0; i < point.size(); ++i) {
        point[i] = encoding.dimensions()[i].quantile(
            median ? 0.5 : scrambled_inverse(index, primes[i], seed, i));
    }
    return point;
}

std::uint64_t design_size(const Encoding& encoding) {
    const std::uint64_t even = std::max<std::uint64_t>(3 * (encoding.size() + 2) / 2, 4);
    // As measured (decision 0012): from the middle on, more than a few only delay the model. With
    // categories fewer mislead it, but what covers nothing anyway is kept short.
    if (encoding.ordered()) return std::min<std::uint64_t>(even, 6);
    return encoding.wide() ? 16 : even;
}

}  // namespace sweepctl::bayes
