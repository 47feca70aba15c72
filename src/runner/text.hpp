#pragma once

#include <cstddef>
#include <cstdint>

// Reading and writing text in place.

namespace sweepctl::runner {

/// Characters that belong to somebody else.
struct Text {
    const char* data = nullptr;
    std::size_t size = 0;
};

inline std::size_t length_of(const char* text) {
    std::size_t length = 0;
    while (text[length] != '\0')
        ++length;
    return length;
}

inline bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Reads an unsigned decimal number at `cursor` and moves it behind. False: there is none, or it
/// does not fit.
inline bool read_number(const char*& cursor, std::uint64_t& number) {
    if (!is_digit(*cursor)) return false;
    number = 0;
    for (; is_digit(*cursor); ++cursor) {
        const auto digit = static_cast<std::uint64_t>(*cursor - '0');
        if (number > (UINT64_MAX - digit) / 10) return false;
        number = number * 10 + digit;
    }
    return true;
}

/// Text in a fixed buffer. What does not fit is left out, and `complete` says so.
template <std::size_t capacity>
class TextBuffer {
public:
    void clear() {
        size_ = 0;
        complete_ = true;
    }
    void put(char c) {
        if (size_ == capacity) {
            complete_ = false;
        } else {
            data_[size_++] = c;
        }
    }
    void put(Text text) {
        for (std::size_t i = 0; i < text.size; ++i)
            put(text.data[i]);
    }
    void put(const char* text) { put(Text{text, length_of(text)}); }
    void put_number(std::uint64_t number) {
        char digits[20];
        std::size_t count = 0;
        do {
            digits[count++] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        while (count != 0)
            put(digits[--count]);
    }
    void put_hexadecimal(std::uint64_t number) {
        for (int shift = 60; shift >= 0; shift -= 4)
            put("0123456789abcdef"[number >> static_cast<unsigned>(shift) & 15U]);
    }

    [[nodiscard]] const char* data() const { return data_; }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool complete() const { return complete_; }

private:
    std::size_t size_ = 0;
    bool complete_ = true;
    char data_[capacity];
};

}  // namespace sweepctl::runner
