#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace sweepctl::api {

struct ByteRange {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;  ///< 0: the file ends before it
};
/// The part of `size` bytes that a Range header asks for (RFC 9110, section 14.2). nullopt: all of
/// it, since the header is none of "bytes=A-B", "bytes=A-", "bytes=-N".
[[nodiscard]] std::optional<ByteRange> byte_range(std::string_view header, std::uint64_t size);

}  // namespace sweepctl::api
