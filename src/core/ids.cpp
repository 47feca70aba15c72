#include "sweepctl/core/ids.hpp"

#include <utility>

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

__extension__ using Wide = unsigned __int128;

/// serial -> point -> text, and back.
struct Affine {
    static constexpr std::uint64_t n = space();  // 26 * 36^7 = 2^15 * 3^14 * 13
    std::uint64_t factor;
    std::uint64_t offset;

    explicit Affine(std::uint64_t key) : factor(mix(key) % n), offset(mix(key ^ 0x5eedU) % n) {
        // Affine and therefore a bijection modulo n when the factor shares no prime with it.
        while (factor % 2 == 0 || factor % 3 == 0 || factor % 13 == 0 || factor < n / 4)
            factor = (factor + n / 3 + 1) % n;
    }
    [[nodiscard]] std::uint64_t point_of(std::uint64_t serial) const {
        return static_cast<std::uint64_t>((static_cast<Wide>(serial % n) * factor + offset) % n);
    }
    [[nodiscard]] std::uint64_t serial_of(std::uint64_t point) const {
        return static_cast<std::uint64_t>(static_cast<Wide>((point + n - offset) % n) * inverse() %
                                          n);
    }

private:
    /// Of the factor modulo n, by Euclid's algorithm.
    [[nodiscard]] std::uint64_t inverse() const {
        auto rest = static_cast<std::int64_t>(n);
        auto next_rest = static_cast<std::int64_t>(factor);
        std::int64_t result = 0;
        std::int64_t next_result = 1;
        while (next_rest != 0) {
            const std::int64_t quotient = rest / next_rest;
            result = std::exchange(next_result, result - quotient * next_result);
            rest = std::exchange(next_rest, rest - quotient * next_rest);
        }
        return static_cast<std::uint64_t>(result < 0 ? result + static_cast<std::int64_t>(n)
                                                     : result);
    }
};

}  // namespace

std::string id_text(std::uint64_t serial, std::uint64_t key) {
    std::uint64_t point = Affine(key).point_of(serial);
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

std::optional<std::uint64_t> serial_of(std::string_view text, std::uint64_t key) {
    if (text.size() != kTail + 1 || text[0] < 'a' || text[0] > 'z') return std::nullopt;
    auto point = static_cast<std::uint64_t>(text[0] - 'a');
    for (const char letter : text.substr(1)) {
        if (letter >= '0' && letter <= '9') {
            point = point * kDigits + static_cast<std::uint64_t>(letter - '0');
        } else if (letter >= 'a' && letter <= 'z') {
            point = point * kDigits + static_cast<std::uint64_t>(letter - 'a') + 10;
        } else {
            return std::nullopt;
        }
    }
    return Affine(key).serial_of(point);
}

}  // namespace sweepctl
