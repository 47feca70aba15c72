#include "out_queue.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <utility>

#include <sys/socket.h>
#include <sys/uio.h>

namespace sweepctl {
namespace {

constexpr std::size_t kBlockSize = std::size_t{32} << 10;
// An idle connection may keep a block as small as this for its next answer.
constexpr std::size_t kKeptCapacity = 1024;
constexpr std::size_t kVectors = 16;

}  // namespace

void OutQueue::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (blocks_.empty() || blocks_.back().size() + bytes.size() > kBlockSize) {
        blocks_.emplace_back();
    }
    blocks_.back().append(bytes);
    size_ += bytes.size();
}

void OutQueue::append(std::string&& bytes) {
    if (bytes.size() < kBlockSize / 2) {
        append(std::string_view(bytes));
        return;
    }
    size_ += bytes.size();
    blocks_.push_back(std::move(bytes));
}

OutQueue::Sent OutQueue::send_to(int socket) {
    while (size_ > 0) {
        iovec vectors[kVectors];
        std::size_t count = 0;
        for (auto i = first_; i < blocks_.size() && count < kVectors; ++i, ++count) {
            const auto skipped = i == first_ ? at_ : 0;
            vectors[count] = {blocks_[i].data() + skipped, blocks_[i].size() - skipped};
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

void OutQueue::drop(std::size_t count) {
    size_ -= count;
    while (count > 0) {
        const auto rest = blocks_[first_].size() - at_;
        if (count < rest) {
            at_ += count;
            break;
        }
        count -= rest;
        at_ = 0;
        if (++first_ < blocks_.size()) std::string().swap(blocks_[first_ - 1]);
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
    if (!blocks_.empty() && blocks_.back().capacity() <= kKeptCapacity) {
        blocks_.front() = std::move(blocks_.back());
        blocks_.resize(1);
        blocks_.front().clear();
    } else {
        blocks_.clear();
    }
}

}  // namespace sweepctl
