#pragma once

#include "sweepctl/wire/http_client.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sweepctl {

/// Reads one HTTP/1.1 reply from bytes as they come.
class ReplyReader {
public:
    enum class State : std::uint8_t {
        head,  ///< Status line and headers are not complete.
        body,
        done,
        failed,  ///< See error().
    };

    explicit ReplyReader(bool answers_head_request = false)
        : answers_head_request_(answers_head_request) {}

    /// Reads what it can of `bytes`, appends what is body to `body`, and says how much it took:
    /// all, unless it is done or failed before. It stops once behind the head, so that the caller
    /// can look.
    std::size_t feed(std::string_view bytes, std::string& body);
    /// The connection has ended.
    void end();

    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] const std::string& error() const { return error_; }
    /// Status and headers, from State::body on. Its body is not set.
    [[nodiscard]] HttpReply& reply() { return reply_; }
    /// May another request follow on this connection? From State::done on.
    [[nodiscard]] bool keeps_alive() const { return keeps_alive_ && framing_ != Framing::to_end; }
    /// Nothing of a reply has come.
    [[nodiscard]] bool untouched() const { return untouched_; }

private:
    enum class Framing : std::uint8_t { none, length, chunked, to_end };
    enum class Chunk : std::uint8_t { size, data, data_end, trailer };

    std::size_t feed_head(std::string_view bytes);
    void read_head();
    bool read_status_line(std::string_view line);
    bool read_field(std::string_view line);
    void choose_framing();
    std::size_t feed_chunked(std::string_view bytes, std::string& body);
    bool read_chunk_line(std::string_view line);
    void fail(std::string why);

    bool answers_head_request_;
    State state_ = State::head;
    Framing framing_ = Framing::none;
    Chunk chunk_ = Chunk::size;
    bool untouched_ = true;
    bool keeps_alive_ = true;
    bool has_length_ = false;
    bool is_chunked_ = false;
    std::uint64_t left_ = 0;  // Of the body, or of the chunk.
    std::string line_;        // The head, or a line between chunks, as far as it has come.
    std::size_t trailer_bytes_ = 0;
    HttpReply reply_;
    std::string error_;
};

}  // namespace sweepctl
