#include "api/log_file.hpp"

#include "sweepctl/base/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl::api {

namespace {

bool is_file_name(const std::string& id) {
    return !id.empty() && id.front() != '.' && id.find('/') == std::string::npos &&
           id.find('\0') == std::string::npos;
}

Problem unreadable(const std::string& path, int error) {
    return {500, "cannot read '" + path + "': " + std::strerror(error)};
}

}  // namespace

std::string log_path(const std::string& home,
                     const SweepId& sweep,
                     const RunId& run,
                     std::uint32_t attempt) {
    if (!is_file_name(sweep.text) || !is_file_name(run.text)) return {};
    return home + "/sweeps/" + sweep.text + "/" + run.text + "." + std::to_string(attempt) + ".log";
}

Result<LogPiece, Problem> read_log(const std::string& path,
                                   std::uint64_t offset,
                                   std::size_t limit) {
    LogPiece piece;
    // A program could put a pipe in its log's place: never wait in open().
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.valid()) {
        if (errno == ENOENT || errno == ENOTDIR) return piece;
        return Failure{unreadable(path, errno)};
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return Failure{unreadable(path, errno)};
    if (!S_ISREG(status.st_mode)) return Failure{Problem{500, "'" + path + "' is not a file"}};
    piece.there = true;
    piece.size = static_cast<std::uint64_t>(status.st_size);
    if (offset >= piece.size) return piece;
    piece.bytes.resize(static_cast<std::size_t>(
        std::min<std::uint64_t>(piece.size - offset, static_cast<std::uint64_t>(limit))));
    std::size_t filled = 0;
    while (filled < piece.bytes.size()) {
        const ssize_t count =
            ::pread(file.get(), piece.bytes.data() + filled, piece.bytes.size() - filled,
                    static_cast<off_t>(offset + filled));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return Failure{unreadable(path, errno)};
        if (count == 0) break;  // It was cut meanwhile.
        filled += static_cast<std::size_t>(count);
    }
    piece.bytes.resize(filled);
    return piece;
}

}  // namespace sweepctl::api
