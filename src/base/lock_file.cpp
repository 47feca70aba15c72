#include "sweepctl/base/lock_file.hpp"

#include <cerrno>
#include <system_error>

#include <fcntl.h>

namespace sweepctl {

namespace {

struct flock whole_file() {
    struct flock lock {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    return lock;
}

}  // namespace

UniqueFd try_lock_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!file.valid()) {
        throw std::system_error(errno, std::generic_category(), "cannot open '" + path + "'");
    }
    struct flock lock = whole_file();
    if (::fcntl(file.get(), F_OFD_SETLK, &lock) == 0) return file;
    if (errno == EAGAIN || errno == EACCES) return {};
    throw std::system_error(errno, std::generic_category(), "cannot lock '" + path + "'");
}

bool is_lock_held(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    if (!file.valid()) return false;
    struct flock lock = whole_file();
    return ::fcntl(file.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

}  // namespace sweepctl
