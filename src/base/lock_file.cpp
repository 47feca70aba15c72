#include "sweepctl/base/lock_file.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sweepctl {

namespace {

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// Where it cannot be written, nobody can tell who holds the lock; it is held all the same.
void leave_pid(int fd) {
    const std::string line = std::to_string(::getpid()) + "\n";
    [[maybe_unused]] const bool left =
        ::ftruncate(fd, 0) == 0 &&
        ::pwrite(fd, line.data(), line.size(), 0) == static_cast<ssize_t>(line.size());
}

/// 0: there is none in it.
int pid_in(int fd) {
    std::array<char, 32> text{};
    const ssize_t got = ::pread(fd, text.data(), text.size(), 0);
    int pid = 0;
    std::from_chars(text.data(), text.data() + (got > 0 ? got : 0), pid);
    return pid;
}

/// The kernel names no process for a lock of this kind, but it shows the locks of each descriptor.
bool has_locked(int pid, const struct stat& file) {
    const std::filesystem::path process = "/proc/" + std::to_string(pid);
    std::error_code error;
    for (std::filesystem::directory_iterator at(process / "fd", error), end; !error && at != end;
         at.increment(error)) {
        struct stat opened {};
        if (::stat(at->path().c_str(), &opened) != 0 || opened.st_dev != file.st_dev ||
            opened.st_ino != file.st_ino)
            continue;
        std::ifstream about(process / "fdinfo" / at->path().filename());
        for (std::string line; std::getline(about, line);) {
            if (line.starts_with("lock:")) return true;
        }
    }
    return false;
}

}  // namespace

UniqueFd try_lock_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) {
        throw std::system_error(errno, std::generic_category(), "cannot open '" + path + "'");
    }
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) == 0) {
        leave_pid(file.get());
        return file;
    }
    if (errno == EAGAIN || errno == EACCES) return {};
    throw std::system_error(errno, std::generic_category(), "cannot lock '" + path + "'");
}

bool is_lock_held(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.valid()) return false;
    struct flock lock = whole_file();
    return ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

std::optional<LockHolder> find_lock_holder(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat itself {};
    if (!file.valid() || ::fstat(file.get(), &itself) != 0) return std::nullopt;
    LockHolder holder;
    holder.pid = pid_in(file.get());
    if (holder.pid <= 0) return std::nullopt;
    // Opened first and looked at then: what is found is true of the descriptor's process.
    holder.pidfd.reset(static_cast<int>(::syscall(SYS_pidfd_open, holder.pid, 0)));
    if (!holder.pidfd.valid() || !has_locked(holder.pid, itself)) return std::nullopt;
    return holder;
}

}  // namespace sweepctl
