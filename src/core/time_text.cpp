#include "sweepctl/core/time_text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sweepctl {

namespace {

constexpr std::int64_t kMillisecondsPerDay = 86'400'000;

void put_digits(char* at, unsigned value, int digits) {
    for (int i = digits - 1; i >= 0; --i) {
        at[i] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
}

class Scanner {
public:
    explicit Scanner(std::string_view text) : text_(text) {}

    [[nodiscard]] bool done() const { return at_ == text_.size(); }
    bool take(std::string_view any_of) {
        if (done() || any_of.find(text_[at_]) == std::string_view::npos) return false;
        ++at_;
        return true;
    }
    /// Exactly `count` digits; nullopt when there are fewer.
    std::optional<int> digits(int count) {
        int value = 0;
        for (int i = 0; i < count; ++i) {
            if (!is_digit()) return std::nullopt;
            value = value * 10 + (text_[at_++] - '0');
        }
        return value;
    }
    [[nodiscard]] bool is_digit() const {
        return !done() && text_[at_] >= '0' && text_[at_] <= '9';
    }
    [[nodiscard]] char previous() const { return text_[at_ - 1]; }

private:
    std::string_view text_;
    std::size_t at_ = 0;
};

/// Milliseconds of the decimals after the seconds' point.
std::optional<int> read_decimals(Scanner& scan) {
    int milliseconds = 0;
    int digits = 0;
    for (; scan.is_digit(); ++digits) {
        const int digit = *scan.digits(1);
        if (digits < 3) milliseconds = milliseconds * 10 + digit;
    }
    if (digits == 0) return std::nullopt;
    for (; digits < 3; ++digits)
        milliseconds *= 10;
    return milliseconds;
}

/// "Z", "+02:00", "-0330", or nothing.
std::optional<std::chrono::minutes> read_offset(Scanner& scan) {
    if (scan.done() || scan.take("Zz")) return std::chrono::minutes{0};
    if (!scan.take("+-")) return std::nullopt;
    const int sign = scan.previous() == '-' ? -1 : 1;
    const auto hours = scan.digits(2);
    scan.take(":");
    const auto minutes = scan.digits(2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    return std::chrono::minutes{sign * (*hours * 60 + *minutes)};
}

/// "10:00", "10:00:00" or "10:00:00.123".
std::optional<Duration> read_time_of_day(Scanner& scan) {
    const auto hour = scan.digits(2);
    if (!hour || *hour > 23 || !scan.take(":")) return std::nullopt;
    const auto minute = scan.digits(2);
    if (!minute || *minute > 59) return std::nullopt;
    Duration time = std::chrono::hours{*hour} + std::chrono::minutes{*minute};
    if (!scan.take(":")) return time;
    const auto second = scan.digits(2);
    if (!second || *second > 60) return std::nullopt;  // 60: a leap second.
    time += std::chrono::seconds{*second};
    if (!scan.take(".,")) return time;
    const auto decimals = read_decimals(scan);
    if (!decimals) return std::nullopt;
    return time + Duration{*decimals};
}

}  // namespace

void append_rfc3339(std::string& out, WallTime time) {
    constexpr std::int64_t kFirst = -62'167'219'200'000;  // 0000-01-01
    constexpr std::int64_t kLast = 253'402'300'799'999;   // 9999-12-31T23:59:59.999
    const std::int64_t ms =
        std::clamp<std::int64_t>(time.time_since_epoch().count(), kFirst, kLast);
    std::int64_t days = ms / kMillisecondsPerDay;
    std::int64_t rest = ms % kMillisecondsPerDay;
    if (rest < 0) {
        rest += kMillisecondsPerDay;
        --days;
    }
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{static_cast<std::int32_t>(days)}}};
    const auto of_day = static_cast<unsigned>(rest);
    std::array<char, 24> text{'0', '0', '0', '0', '-', '0', '0', '-', '0', '0', 'T', '0',
                              '0', ':', '0', '0', ':', '0', '0', '.', '0', '0', '0', 'Z'};
    put_digits(&text[0], static_cast<unsigned>(static_cast<int>(date.year())), 4);
    put_digits(&text[5], static_cast<unsigned>(date.month()), 2);
    put_digits(&text[8], static_cast<unsigned>(date.day()), 2);
    put_digits(&text[11], of_day / 3'600'000, 2);
    put_digits(&text[14], of_day / 60'000 % 60, 2);
    put_digits(&text[17], of_day / 1000 % 60, 2);
    put_digits(&text[20], of_day % 1000, 3);
    out.append(text.data(), text.size());
}

std::string to_rfc3339(WallTime time) {
    std::string out;
    append_rfc3339(out, time);
    return out;
}

std::optional<WallTime> from_rfc3339(std::string_view text) {
    Scanner scan(text);
    const auto year = scan.digits(4);
    if (!year || !scan.take("-")) return std::nullopt;
    const auto month = scan.digits(2);
    if (!month || !scan.take("-")) return std::nullopt;
    const auto day = scan.digits(2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (!date.ok()) return std::nullopt;
    const WallTime midnight{
        Duration{std::chrono::sys_days{date}.time_since_epoch().count() * kMillisecondsPerDay}};
    if (scan.done()) return midnight;
    if (!scan.take("Tt ")) return std::nullopt;
    const auto time = read_time_of_day(scan);
    if (!time) return std::nullopt;
    const auto offset = read_offset(scan);
    if (!offset || !scan.done()) return std::nullopt;
    return midnight + *time - *offset;
}

}  // namespace sweepctl
