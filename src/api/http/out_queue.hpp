#pragma once

#include "sweepctl/api/http_server.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// Bytes on their way into a socket, in blocks: small pieces are gathered, large ones taken over,
/// and those of files read when it is their turn.
class OutQueue {
public:
    enum class Sent : std::uint8_t {
        all,
        some,    ///< The socket takes no more for now.
        failed,  ///< The peer has gone, or a file has become shorter.
    };

    void append(std::string_view bytes);
    void append(std::string&& bytes);
    void append(FilePart file);
    /// Writes as much as the socket takes, without waiting and without SIGPIPE.
    Sent send_to(int socket);
    void clear();

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    struct Block {
        std::string bytes;
        FilePart rest;  // Comes behind the bytes.
    };

    void drop(std::size_t count);
    /// Reads the next piece of the file whose turn it is. False: it is not there.
    static bool refill(Block& block);

    std::vector<Block> blocks_;
    std::size_t first_ = 0;  // The block that is being sent; those before it are sent.
    std::size_t at_ = 0;     // How much of it is sent.
    std::size_t size_ = 0;   // Bytes not yet sent.
};

}  // namespace sweepctl
