#include "api/wandb/gzip.hpp"

#include <algorithm>
#include <memory>

#include <zlib.h>

namespace sweepctl::api {

namespace {

constexpr int kGzipWindow = 15 + 16;  // The largest window; 16: a gzip header and no other.
constexpr std::size_t kFirstGuess = 8;
constexpr std::size_t kRoomMin = std::size_t{16} << 10;

Problem broken() {
    return {400, "the body is said to be gzip and is not, or not whole"};
}

}  // namespace

Result<std::string, Problem> unpack_gzip(std::string_view packed, std::size_t limit) {
    z_stream stream{};
    if (inflateInit2(&stream, kGzipWindow) != Z_OK)
        return Failure{Problem{500, "no memory to unpack the body"}};
    const std::unique_ptr<z_stream, int (*)(z_stream*)> ended(&stream, &inflateEnd);
    // zlib only reads what it is given here.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    stream.avail_in = static_cast<uInt>(packed.size());

    std::string unpacked;
    // One byte more than is taken, to see that there is more.
    const auto make_room = [&unpacked, limit](std::size_t more) {
        unpacked.resize(std::min(limit + 1, unpacked.size() + more));
    };
    make_room(std::max(packed.size() * kFirstGuess, kRoomMin));
    for (;;) {
        stream.next_out = reinterpret_cast<Bytef*>(unpacked.data() + stream.total_out);
        stream.avail_out = static_cast<uInt>(unpacked.size() - stream.total_out);
        const int result = inflate(&stream, Z_NO_FLUSH);
        if (stream.total_out > limit) {
            return Failure{Problem{413, "the body unpacks to more than " + std::to_string(limit) +
                                            " bytes, which is more than is taken"}};
        }
        if (result == Z_STREAM_END) break;
        // With no room left the next round goes on; with room left there is too little input.
        if (result != Z_OK || stream.avail_out > 0) return Failure{broken()};
        make_room(unpacked.size());
    }
    if (stream.avail_in > 0) return Failure{broken()};
    unpacked.resize(stream.total_out);
    return unpacked;
}

}  // namespace sweepctl::api
