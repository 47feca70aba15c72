#include "sweepctl/cli/endpoint.hpp"

#include "sweepctl/base/unique_fd.hpp"
#include "sweepctl/core/json_text.hpp"

#include "cli/json_view.hpp"
#include "cli/output.hpp"
#include "cli/text.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace sweepctl {

namespace {

constexpr std::size_t kEndpointSizeMax = 65536;

std::string endpoint_path(const std::string& home) {
    return home + "/controller.json";
}

std::string errno_text(const std::string& what, const std::string& path) {
    return what + " '" + cli::printable(path) + "': " + std::strerror(errno);
}

/// FNV-1a, in hexadecimal: a short name for a long path.
std::string path_hash(std::string_view path) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : path) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3U;
    }
    char text[24];
    std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
    return text;
}

bool fits_a_socket(const std::string& path) {
    return path.size() < sizeof(sockaddr_un::sun_path);
}

bool same_directory(const std::string& one, const std::string& other) {
    struct stat first {};
    struct stat second {};
    return ::stat(one.c_str(), &first) == 0 && ::stat(other.c_str(), &second) == 0 &&
           first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/// Ours, and nobody else may enter.
bool private_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return false;
    struct stat info {};
    return ::lstat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode) &&
           info.st_uid == ::getuid() && (info.st_mode & 0077U) == 0;
}

}  // namespace

Outcome<std::string> write_endpoint(const std::string& home, const Endpoint& endpoint) {
    const std::string path = endpoint_path(home);
    const std::string temporary = path + ".new";
    const std::string text =
        to_json(ParamMap{{"home", home},
                         {"pid", endpoint.pid},
                         {"socket", endpoint.socket},
                         {"url", endpoint.url}}) +
        "\n";
    {
        const UniqueFd file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        if (!file.valid() || !cli::write_all(file.get(), text)) {
            return Failure{errno_text("cannot write", temporary)};
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
        return Failure{errno_text("cannot write", path)};
    }
    return {};
}

std::optional<Endpoint> read_endpoint(const std::string& home) {
    const UniqueFd file(::open(endpoint_path(home).c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) return std::nullopt;
    std::string text(kEndpointSizeMax, '\0');
    const ssize_t got = ::read(file.get(), text.data(), text.size());
    if (got <= 0) return std::nullopt;
    text.resize(static_cast<std::size_t>(got));
    const auto json = parse_json(text);
    if (!json) return std::nullopt;
    const ParamValue& object = *json;
    if (!same_directory(cli::text_field(object, "home"), home)) return std::nullopt;
    const std::int64_t pid = cli::int_field(object, "pid").value_or(0);
    if (pid <= 0 || !std::in_range<int>(pid)) return std::nullopt;
    return Endpoint{.pid = static_cast<int>(pid),
                    .socket = cli::text_field(object, "socket"),
                    .url = cli::text_field(object, "url")};
}

void remove_endpoint(const std::string& home, int pid) {
    const std::optional<Endpoint> endpoint = read_endpoint(home);
    if (endpoint && endpoint->pid == pid) ::unlink(endpoint_path(home).c_str());
}

Result<std::string, std::string> socket_path(const std::string& home) {
    // $XDG_RUNTIME_DIR is on a local disk, which a state directory need not be.
    if (const char* runtime = std::getenv("XDG_RUNTIME_DIR");
        runtime != nullptr && runtime[0] == '/') {
        const std::string directory = std::string(runtime) + "/sweepctl";
        std::string path = directory + "/" + path_hash(home);
        if (fits_a_socket(path) && private_directory(directory)) return path;
    }
    std::string path = home + "/socket";
    if (fits_a_socket(path)) return path;
    return Failure{std::string("the state directory's path is too long for a unix socket: '") +
                   cli::printable(path) + "'; set XDG_RUNTIME_DIR, or use a shorter SWEEPCTL_HOME"};
}

std::string controller_lock_path(const std::string& home) {
    return home + "/controller.lock";
}

std::string token_path(const std::string& home) {
    return home + "/token";
}

}  // namespace sweepctl
