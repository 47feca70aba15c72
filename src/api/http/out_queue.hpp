#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// Bytes on their way into a socket, in blocks: small pieces are gathered, large ones taken over.
class OutQueue {
public:
    enum class Sent : std::uint8_t {
        all,
        some,    ///< The socket takes no more for now.
        failed,  ///< The peer has gone.
    };

    void append(std::string_view bytes);
    void append(std::string&& bytes);
    /// Writes as much as the socket takes, without waiting and without SIGPIPE.
    Sent send_to(int socket);
    void clear();

    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] std::size_t size() const { return size_; }

private:
    void drop(std::size_t count);

    std::vector<std::string> blocks_;
    std::size_t first_ = 0;  // The block that is being sent; those before it are sent.
    std::size_t at_ = 0;     // How much of it is sent.
    std::size_t size_ = 0;   // Bytes not yet sent.
};

}  // namespace sweepctl
