#include "sweepctl/core/ids.hpp"

namespace sweepctl {

namespace {

constexpr std::uint64_t kLetters = 26;
constexpr std::uint64_t kDigits = 36;
constexpr int kTail = 7;

constexpr std::uint64_t space() {
    std::uint64_t n = kLetters;
    for (int i = 0; i < kTail; ++i)
        n *= kDigits;
    return n;
}

// splitmix64 finaliser (Steele, Lea, Flood 2014): spreads the key over both constants below.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31U);
}

}  // namespace

std::string id_text(std::uint64_t serial, std::uint64_t key) {
    constexpr std::uint64_t n = space();  // 26 * 36^7 = 2^15 * 3^14 * 13
    // Affine and therefore a bijection modulo n when the factor shares no prime with it.
    std::uint64_t factor = mix(key) % n;
    while (factor % 2 == 0 || factor % 3 == 0 || factor % 13 == 0 || factor < n / 4)
        factor = (factor + n / 3 + 1) % n;
    const std::uint64_t offset = mix(key ^ 0x5eedU) % n;
    __extension__ using Wide = unsigned __int128;
    auto point = static_cast<std::uint64_t>((static_cast<Wide>(serial % n) * factor + offset) % n);

    std::string text(kTail + 1, 'a');
    for (int i = kTail; i >= 1; --i) {
        const auto digit = static_cast<char>(point % kDigits);
        text[static_cast<std::size_t>(i)] =
            static_cast<char>(digit < 10 ? '0' + digit : 'a' + (digit - 10));
        point /= kDigits;
    }
    text[0] = static_cast<char>('a' + static_cast<char>(point));
    return text;
}

}  // namespace sweepctl
