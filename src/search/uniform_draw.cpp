#include "sweepctl/search/strategies.hpp"

#include "search/mix.hpp"

namespace sweepctl {

namespace {

std::uint64_t hash_of(const std::vector<std::string>& path) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    const auto feed = [&](unsigned char byte) {
        hash ^= byte;
        hash *= 0x100000001b3U;
    };
    for (const std::string& name : path) {
        for (const char c : name)
            feed(static_cast<unsigned char>(c));
        feed(0xff);
    }
    return hash;
}

}  // namespace

double uniform_draw(std::uint64_t seed,
                    std::uint64_t number,
                    const std::vector<std::string>& path) {
    const std::uint64_t bits = mix64(mix64(mix64(seed) ^ number) ^ hash_of(path));
    return static_cast<double>(bits >> 11U) * 0x1p-53;
}

}  // namespace sweepctl
