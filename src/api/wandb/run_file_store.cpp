#include "api/wandb/run_file_store.hpp"

#include "sweepctl/base/log.hpp"
#include "sweepctl/wire/http_text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl::api {

namespace {

enum class Missing { make, leave };

bool is_file_name(const std::string& id) {
    return !id.empty() && id.front() != '.' && id.find('/') == std::string::npos &&
           id.find('\0') == std::string::npos;
}

/// The directories from the run's own to the file's, then the file.
std::vector<std::string> parts_of(const RunFilePlace& place, const std::string& name) {
    std::vector<std::string> parts{place.run.text, "files"};
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t slash = std::min(name.find('/', at), name.size());
        parts.push_back(name.substr(at, slash - at));
        at = slash + 1;
    }
    return parts;
}

UniqueFd open_directory(int parent, const char* name, Missing missing, int links) {
    constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    UniqueFd directory(::openat(parent, name, kFlags | links));
    if (directory.valid() || errno != ENOENT || missing == Missing::leave) return directory;
    if (::mkdirat(parent, name, 0700) != 0 && errno != EEXIST) return directory;
    if (::fsync(parent) != 0) return directory;  // What will lie in it is to outlive a loss of power.
    directory.reset(::openat(parent, name, kFlags | links));
    return directory;
}

/// The open directories down to the file's own; the last is not valid, and errno says why, where
/// that fails.
std::vector<UniqueFd> descend(const RunFilePlace& place,
                              const std::vector<std::string>& parts,
                              Missing missing) {
    std::vector<UniqueFd> open;
    // The state directory may be put together of links; it is not the programs'.
    open.push_back(open_directory(AT_FDCWD, place.home.c_str(), Missing::leave, 0));
    for (const char* name : {"sweeps", place.sweep.text.c_str()}) {
        if (!open.back().valid()) return open;
        open.push_back(open_directory(open.back().get(), name, missing, 0));
    }
    for (std::size_t i = 0; i + 1 < parts.size() && open.back().valid(); ++i) {
        open.push_back(open_directory(open.back().get(), parts[i].c_str(), missing, O_NOFOLLOW));
    }
    return open;
}

Result<std::optional<FilePart>, Problem> opened(UniqueFd file, int error) {
    std::optional<FilePart> none;
    if (!file.valid()) {
        if (error == ENOENT || error == ENOTDIR || error == ELOOP) return none;
        return Failure{
            Problem{500, std::string("the file cannot be read: ") + std::strerror(error)}};
    }
    struct stat status {};
    if (::fstat(file.get(), &status) != 0)
        return Failure{
            Problem{500, std::string("the file cannot be read: ") + std::strerror(errno)}};
    if (!S_ISREG(status.st_mode)) return none;
    return std::optional(FilePart{std::make_shared<const UniqueFd>(std::move(file)), 0,
                                  static_cast<std::uint64_t>(status.st_size)});
}

// Never wait in open(): a program could put a pipe in its file's place.
constexpr int kRead = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;

constexpr std::array<std::pair<std::string_view, std::string_view>, 28> kMediaTypes{{
    {".bmp", "image/bmp"},
    {".csv", "text/csv; charset=utf-8"},
    {".diff", "text/plain; charset=utf-8"},
    {".gif", "image/gif"},
    {".gz", "application/gzip"},
    {".htm", "text/html; charset=utf-8"},
    {".html", "text/html; charset=utf-8"},
    {".ipynb", "application/json"},
    {".jpeg", "image/jpeg"},
    {".jpg", "image/jpeg"},
    {".json", "application/json"},
    {".jsonl", "application/x-ndjson"},
    {".log", "text/plain; charset=utf-8"},
    {".md", "text/markdown; charset=utf-8"},
    {".mp3", "audio/mpeg"},
    {".mp4", "video/mp4"},
    {".patch", "text/plain; charset=utf-8"},
    {".pdf", "application/pdf"},
    {".png", "image/png"},
    {".py", "text/x-python; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".tar", "application/x-tar"},
    {".txt", "text/plain; charset=utf-8"},
    {".wav", "audio/wav"},
    {".webm", "video/webm"},
    {".yaml", "application/yaml"},
    {".yml", "application/yaml"},
    {".zip", "application/zip"},
}};

}  // namespace

std::optional<Problem> store_file(const RunFilePlace& place,
                                  const std::string& name,
                                  Upload& upload) {
    if (!is_file_name(place.sweep.text) || !is_file_name(place.run.text))
        return Problem{500, "run " + place.run.text + " has no place for files"};
    const std::vector<std::string> parts = parts_of(place, name);
    const std::vector<UniqueFd> open = descend(place, parts, Missing::make);
    if (!open.back().valid()) return write_problem(errno);
    return upload.move_to(open.back().get(), parts.back());
}

Result<std::optional<FilePart>, Problem> open_file(const RunFilePlace& place,
                                                   const std::string& name) {
    if (!is_file_name(place.sweep.text) || !is_file_name(place.run.text))
        return std::optional<FilePart>();
    const std::vector<std::string> parts = parts_of(place, name);
    const std::vector<UniqueFd> open = descend(place, parts, Missing::leave);
    if (!open.back().valid()) return opened(UniqueFd(), errno);
    UniqueFd file(::openat(open.back().get(), parts.back().c_str(), kRead));
    const int error = errno;
    return opened(std::move(file), error);
}

Result<std::optional<FilePart>, Problem> open_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), kRead));
    const int error = errno;
    return opened(std::move(file), error);
}

void remove_file(const RunFilePlace& place, const std::string& name) {
    if (!is_file_name(place.sweep.text) || !is_file_name(place.run.text)) return;
    const std::vector<std::string> parts = parts_of(place, name);
    std::vector<UniqueFd> open = descend(place, parts, Missing::leave);
    if (!open.back().valid()) return;
    if (::unlinkat(open.back().get(), parts.back().c_str(), 0) != 0 && errno != ENOENT) {
        log_warn("file ", quoted(name), " of run ", place.run.text,
                 " stays: ", std::strerror(errno), ", ignoring");
        return;
    }
    // Up to the run's own directory, which is its program's, too.
    for (std::size_t i = parts.size() - 2; i > 0; --i) {
        open.pop_back();
        if (::unlinkat(open.back().get(), parts[i].c_str(), AT_REMOVEDIR) != 0) return;
    }
}

std::string_view media_type_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    const std::string end = dot == std::string_view::npos ? "" : lower(name.substr(dot));
    const auto found = std::find_if(kMediaTypes.begin(), kMediaTypes.end(),
                                    [&](const auto& known) { return known.first == end; });
    return found == kMediaTypes.end() ? "application/octet-stream" : found->second;
}

}  // namespace sweepctl::api
