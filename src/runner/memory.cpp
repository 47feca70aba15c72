#include <cstddef>

// The compiler calls these by itself, for what it would not write out.

extern "C" {

void* memcpy(void* to, const void* from, std::size_t size) {
    auto* target = static_cast<char*>(to);
    const auto* source = static_cast<const char*>(from);
    for (std::size_t i = 0; i < size; ++i)
        target[i] = source[i];
    return to;
}

void* memset(void* to, int byte, std::size_t size) {
    auto* target = static_cast<char*>(to);
    for (std::size_t i = 0; i < size; ++i)
        target[i] = static_cast<char>(byte);
    return to;
}
}
