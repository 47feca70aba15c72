#include "reply_reader.hpp"

#include "sweepctl/wire/http_text.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sweepctl {
namespace {

constexpr std::string_view kProtocol = "HTTP/1.";
constexpr std::size_t kHeadMax = std::size_t{256} << 10;
constexpr std::size_t kChunkLineMax = std::size_t{16} << 10;

/// Digits and nothing else.
bool read_number(std::string_view text, std::uint64_t& number, int base) {
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, number, base);
    return !text.empty() && text.front() != '-' && read.ec == std::errc() && read.ptr == end;
}

}  // namespace

std::size_t ReplyReader::feed(std::string_view bytes, std::string& body) {
    if (!bytes.empty()) untouched_ = false;
    switch (state_) {
        case State::head: return feed_head(bytes);
        case State::done:
        case State::failed: return 0;
        case State::body: break;
    }
    switch (framing_) {
        case Framing::none: break;
        case Framing::to_end: body += bytes; return bytes.size();
        case Framing::chunked: return feed_chunked(bytes, body);
        case Framing::length: {
            const auto taken = std::min<std::uint64_t>(left_, bytes.size());
            body += bytes.substr(0, taken);
            left_ -= taken;
            if (left_ == 0) state_ = State::done;
            return taken;
        }
    }
    return 0;
}

void ReplyReader::end() {
    if (state_ == State::done || state_ == State::failed) return;
    if (state_ == State::body && framing_ == Framing::to_end) {
        state_ = State::done;
    } else {
        fail(state_ == State::head ? "the connection ended before the answer"
                                   : "the connection ended in the middle of the answer");
    }
}

std::size_t ReplyReader::feed_head(std::string_view bytes) {
    const auto had = line_.size();
    line_ += bytes;
    auto end = line_.find("\r\n\r\n", had < 3 ? 0 : had - 3);
    if (end == std::string::npos) {
        if (line_.size() > kHeadMax) fail("the headers of the answer are too long");
        return bytes.size();
    }
    end += 4;
    line_.resize(end);
    read_head();
    line_.clear();
    return end - had;
}

void ReplyReader::read_head() {
    std::string_view rest = line_;
    const auto next_line = [&rest] {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(line.size() + 2);
        return line;
    };
    reply_ = {};
    keeps_alive_ = true;
    has_length_ = is_chunked_ = false;
    const auto status_line = next_line();
    if (!read_status_line(status_line)) {
        fail("not an HTTP answer: it begins with " + quoted(status_line));
        return;
    }
    for (auto line = next_line(); !line.empty(); line = next_line()) {
        if (!read_field(line)) {
            if (state_ != State::failed) fail("a bad header in the answer: " + quoted(line));
            return;
        }
    }
    if (reply_.status == 101) {
        fail("the server switched to another protocol although nobody asked for it");
    } else if (reply_.status >= 200) {
        choose_framing();
    }
    // 1xx: the real one is still to come.
}

bool ReplyReader::read_status_line(std::string_view line) {
    if (line.substr(0, kProtocol.size()) != kProtocol || line.size() < 12) return false;
    const char minor = line[7];
    std::uint64_t status = 0;
    if ((minor != '0' && minor != '1') || line[8] != ' ' ||
        !read_number(line.substr(9, 3), status, 10) || status < 100 ||
        (line.size() > 12 && line[12] != ' ')) {
        return false;
    }
    keeps_alive_ = minor == '1';
    reply_.status = static_cast<int>(status);
    return true;
}

bool ReplyReader::read_field(std::string_view line) {
    const auto colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (name.find_first_of(" \t") != std::string_view::npos) return false;
    if (equal_ignoring_case(name, "content-length")) {
        std::uint64_t length = 0;
        if (!read_number(value, length, 10) || (has_length_ && length != left_)) {
            fail("a bad length of the answer: " + quoted(value));
            return false;
        }
        has_length_ = true;
        left_ = length;
    } else if (equal_ignoring_case(name, "transfer-encoding")) {
        if (!equal_ignoring_case(value, "chunked") || is_chunked_) {
            fail("an unknown transfer coding of the answer: " + quoted(value));
            return false;
        }
        is_chunked_ = true;
    } else if (equal_ignoring_case(name, "connection")) {
        if (has_token(value, "close")) keeps_alive_ = false;
        if (has_token(value, "keep-alive")) keeps_alive_ = true;
    }
    reply_.headers.emplace_back(name, value);
    return true;
}

void ReplyReader::choose_framing() {
    if (has_length_ && is_chunked_) {
        fail("the answer has two lengths");
        return;
    }
    if (answers_head_request_ || reply_.status == 204 || reply_.status == 304) {
        framing_ = Framing::none;
    } else if (is_chunked_) {
        framing_ = Framing::chunked;
    } else if (has_length_) {
        framing_ = left_ > 0 ? Framing::length : Framing::none;
    } else {
        framing_ = Framing::to_end;
    }
    state_ = framing_ == Framing::none ? State::done : State::body;
}

std::size_t ReplyReader::feed_chunked(std::string_view bytes, std::string& body) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ == State::body) {
        if (chunk_ == Chunk::data) {
            const auto taken = std::min<std::uint64_t>(left_, bytes.size() - used);
            body += bytes.substr(used, taken);
            used += taken;
            left_ -= taken;
            if (left_ == 0) chunk_ = Chunk::data_end;
            continue;
        }
        const auto rest = bytes.substr(used);
        const auto newline = rest.find('\n');
        const auto piece =
            rest.substr(0, newline == std::string_view::npos ? newline : newline + 1);
        line_ += piece;
        used += piece.size();
        if (line_.size() > kChunkLineMax) {
            fail("a line between two chunks of the answer is too long");
        } else if (newline != std::string_view::npos) {
            if (!line_.ends_with("\r\n") ||
                !read_chunk_line(std::string_view(line_).substr(0, line_.size() - 2))) {
                fail("a bad chunk in the answer: " + quoted(line_));
            }
            line_.clear();
        }
    }
    return used;
}

bool ReplyReader::read_chunk_line(std::string_view line) {
    switch (chunk_) {
        case Chunk::size:
            if (!read_number(trimmed(line.substr(0, line.find(';'))), left_, 16)) return false;
            chunk_ = left_ > 0 ? Chunk::data : Chunk::trailer;
            return true;
        case Chunk::data_end: chunk_ = Chunk::size; return line.empty();
        case Chunk::trailer:
            trailer_bytes_ += line.size();
            if (line.empty()) state_ = State::done;
            return trailer_bytes_ <= kChunkLineMax;
        case Chunk::data: break;
    }
    return false;
}

void ReplyReader::fail(std::string why) {
    state_ = State::failed;
    error_ = std::move(why);
}

}  // namespace sweepctl
