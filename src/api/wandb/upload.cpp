#include "api/wandb/upload.hpp"

#include "sweepctl/base/base64.hpp"
#include "sweepctl/base/log.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl::api {

namespace {

std::string directory_of(const std::string& home) {
    return home + "/uploads";
}

/// 0, or errno.
int write_all(int file, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return errno;
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    return 0;
}

}  // namespace

Upload::Upload(const std::string& home) : digest_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    SWEEPCTL_CHECK(digest_ != nullptr && EVP_DigestInit_ex(digest_.get(), EVP_md5(), nullptr) == 1);
    const std::string directory = directory_of(home);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        error_ = errno;
        return;
    }
    std::string path = directory + "/XXXXXX";  // mkstemp: mode 0600.
    file_.reset(::mkostemp(path.data(), O_CLOEXEC));
    if (file_.valid()) {
        path_ = std::move(path);
    } else {
        error_ = errno;
    }
}

Upload::~Upload() {
    if (!path_.empty()) ::unlink(path_.c_str());
}

bool Upload::take(std::string_view bytes) {
    if (error_ == 0) error_ = write_all(file_.get(), bytes);
    if (error_ != 0) return false;
    size_ += bytes.size();
    return EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()) == 1;
}

std::optional<Problem> Upload::problem() const {
    if (error_ == 0) return std::nullopt;
    return write_problem(error_);
}

BodySink::Refusal Upload::refusal() const {
    Problem problem = write_problem(error_);
    return {problem.status, std::move(problem.detail)};
}

std::string Upload::md5_base64() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    if (EVP_DigestFinal_ex(digest_.get(), digest.data(), &length) != 1) return {};
    return base64_encode({reinterpret_cast<const char*>(digest.data()), length});
}

std::optional<Problem> Upload::move_to(int directory, const std::string& name) {
    if (::fdatasync(file_.get()) != 0 ||
        ::renameat(AT_FDCWD, path_.c_str(), directory, name.c_str()) != 0)
        return write_problem(errno);
    path_.clear();
    file_.reset();
    if (::fsync(directory) != 0) return write_problem(errno);
    return std::nullopt;
}

void clear_uploads(const std::string& home) {
    std::error_code error;
    std::filesystem::remove_all(directory_of(home), error);
    if (error) log_warn("'", directory_of(home), "' stays: ", error.message(), ", ignoring");
}

Problem write_problem(int error) {
    const std::string why = std::strerror(error);
    switch (error) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG: return {507, "the file cannot be stored: " + why};
        // Another file's name is a directory's here, or the other way round.
        case ENOTDIR:
        case EISDIR:
        case EEXIST:
        case ENOTEMPTY:
        case ELOOP: return {409, "another file is in the way: " + why};
        case ENAMETOOLONG: return {400, "no file can be called so: " + why};
        default: return {500, "the file cannot be stored: " + why};
    }
}

}  // namespace sweepctl::api
