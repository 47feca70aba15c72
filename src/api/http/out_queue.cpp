#include "out_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace sweepctl {
namespace {

constexpr std::size_t kBlockSize = std::size_t{32} << 10;
// An idle connection may keep a block as small as this for its next answer.
constexpr std::size_t kKeptCapacity = 1024;
constexpr std::size_t kVectors = 16;
constexpr std::size_t kPieceSize = std::size_t{256} << 10;  // Of a file.

}  // namespace

void OutQueue::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (blocks_.empty() || blocks_.back().rest.length > 0 ||
        blocks_.back().bytes.size() + bytes.size() > kBlockSize) {
        blocks_.emplace_back();
    }
    blocks_.back().bytes.append(bytes);
    size_ += bytes.size();
}

void OutQueue::append(std::string&& bytes) {
    if (bytes.size() < kBlockSize / 2) {
        append(std::string_view(bytes));
        return;
    }
    size_ += bytes.size();
    blocks_.push_back({std::move(bytes), {}});
}

void OutQueue::append(FilePart file) {
    if (file.length == 0) return;
    size_ += file.length;
    blocks_.push_back({{}, std::move(file)});
}

OutQueue::Sent OutQueue::send_to(int socket) {
    while (size_ > 0) {
        Block& block = blocks_[first_];
        if (block.rest.length > 0 && at_ == block.bytes.size() && !refill(block))
            return Sent::failed;
        iovec vectors[kVectors];
        std::size_t count = 0;
        for (auto i = first_; i < blocks_.size() && count < kVectors; ++i) {
            const auto skipped = i == first_ ? at_ : 0;
            vectors[count++] = {blocks_[i].bytes.data() + skipped,
                                blocks_[i].bytes.size() - skipped};
            if (blocks_[i].rest.length > 0) break;
        }
        msghdr message{};
        message.msg_iov = vectors;
        message.msg_iovlen = count;
        const auto sent = ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0) {
            if (errno == EINTR) continue;
            return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::some : Sent::failed;
        }
        drop(static_cast<std::size_t>(sent));
    }
    return Sent::all;
}

bool OutQueue::refill(Block& block) {
    block.bytes.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(block.rest.length, std::uint64_t{kPieceSize})));
    ssize_t got = -1;
    do {
        got = ::pread(block.rest.file->get(), block.bytes.data(), block.bytes.size(),
                      static_cast<off_t>(block.rest.offset));
    } while (got < 0 && errno == EINTR);
    if (got <= 0) return false;
    block.bytes.resize(static_cast<std::size_t>(got));
    block.rest.offset += static_cast<std::uint64_t>(got);
    block.rest.length -= static_cast<std::uint64_t>(got);
    return true;
}

void OutQueue::drop(std::size_t count) {
    size_ -= count;
    while (count > 0) {
        Block& block = blocks_[first_];
        const auto rest = block.bytes.size() - at_;
        if (count < rest) {
            at_ += count;
            break;
        }
        count -= rest;
        at_ = 0;
        if (block.rest.length > 0) {
            block.bytes.clear();
            break;
        }
        if (++first_ < blocks_.size()) blocks_[first_ - 1] = {};
    }
    if (size_ == 0) {
        clear();
    } else if (first_ > 64) {
        blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(first_));
        first_ = 0;
    }
}

void OutQueue::clear() {
    size_ = first_ = at_ = 0;
    if (!blocks_.empty() && blocks_.back().bytes.capacity() <= kKeptCapacity) {
        blocks_.front().bytes = std::move(blocks_.back().bytes);
        blocks_.front().rest = {};
        blocks_.resize(1);
        blocks_.front().bytes.clear();
    } else {
        blocks_.clear();
    }
}

}  // namespace sweepctl
