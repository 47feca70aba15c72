#include "app/state_directory.hpp"

#include "sweepctl/base/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include <fcntl.h>
#include <pwd.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl {

namespace {

constexpr std::size_t kTokenLength = 48;

[[noreturn]] void throw_errno(const std::string& what) {
    throw std::runtime_error(what + ": " + std::strerror(errno));
}

}  // namespace

void make_private_directory(const std::string& path) {
    std::error_code error;
    const std::filesystem::path parent = std::filesystem::path(path).parent_path();
    if (!parent.empty()) std::filesystem::create_directories(parent, error);
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        throw_errno("cannot make the state directory '" + path + "'");
    }
}

std::string random_word(std::size_t length) {
    constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
    std::string word;
    while (word.size() < length) {
        std::array<unsigned char, 64> bytes{};
        if (::getrandom(bytes.data(), bytes.size(), 0) < 0) throw_errno("cannot draw random bytes");
        for (const unsigned char byte : bytes) {
            if (byte >= 252 || word.size() == length)
                continue;  // 252 = 7 * 36: no letter more likely than another.
            const char letter = kAlphabet[byte % 36];
            if (word.empty() && letter < 'a') continue;
            word.push_back(letter);
        }
    }
    return word;
}

std::string read_word(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 512> bytes{};
    const ssize_t got = file.valid() ? ::read(file.get(), bytes.data(), bytes.size()) : 0;
    std::string word(bytes.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
    word.erase(std::min(word.find_first_of("\r\n"), word.size()));
    return word;
}

void write_word(const std::string& path, const std::string& word) {
    const std::string temporary = path + ".new";
    {
        const UniqueFd file(
            ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
        const std::string line = word + "\n";
        if (!file.valid() ||
            ::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
            throw_errno("cannot write '" + temporary + "'");
        }
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) throw_errno("cannot write '" + path + "'");
}

std::string read_or_make_token(const std::string& path) {
    std::string token = read_word(path);
    if (token.size() >= 40) return token;
    token = random_word(kTokenLength);
    write_word(path, token);
    return token;
}

std::optional<std::uint16_t> read_port(const std::string& home) {
    const std::string word = read_word(home + "/port");
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), port);
    if (error != std::errc{} || end != word.data() + word.size() || port == 0) return std::nullopt;
    return port;
}

void write_port(const std::string& home, std::uint16_t port) {
    if (read_port(home) != port) write_word(home + "/port", std::to_string(port));
}

std::string user_name() {
    if (const passwd* entry = ::getpwuid(::getuid())) return entry->pw_name;
    return "uid" + std::to_string(::getuid());
}

std::string host_name() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

std::string own_program() {
    std::error_code error;
    const std::filesystem::path path = std::filesystem::read_symlink("/proc/self/exe", error);
    return !error && std::filesystem::exists(path, error) ? path.string() : "/proc/self/exe";
}

std::string runner_program() {
    std::error_code error;
    const std::filesystem::path here = std::filesystem::path(own_program()).parent_path();
    for (const std::filesystem::path& path :
         {here / "sweepctl-runner", here.parent_path() / "libexec" / "sweepctl" / "sweepctl-runner",
          // The build tree, where each program has a folder.
          here.parent_path() / "runner" / "sweepctl-runner"}) {
        if (::access(path.c_str(), X_OK) == 0) return path.string();
    }
    throw std::runtime_error("sweepctl-runner is missing: it belongs beside '" + own_program() +
                             "'");
}

LogLevel log_level_from(const std::string& word) {
    if (word == "debug") return LogLevel::debug;
    if (word == "warn") return LogLevel::warn;
    if (word == "error") return LogLevel::error;
    return LogLevel::info;
}

}  // namespace sweepctl
