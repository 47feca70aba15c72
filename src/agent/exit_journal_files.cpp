#include "sweepctl/agent/exit_journal.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sweepctl {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "journal-";

[[noreturn]] void raise(const std::string& what, const std::string& path) {
    throw std::system_error(errno, std::system_category(), what + " '" + path + "'");
}

}  // namespace

JournalReader::JournalReader(const std::string& path)
    : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
    if (!file_.valid()) raise("cannot open the exit journal", path);
}

JournalChunk JournalReader::read_new() {
    constexpr std::size_t kPiece = 64 * 1024;
    JournalChunk all;
    for (;;) {
        buffer_.resize(kPiece);
        const ssize_t size =
            ::pread(file_.get(), buffer_.data(), buffer_.size(), static_cast<off_t>(offset_));
        if (size < 0) {
            if (errno == EINTR) continue;
            throw std::system_error(errno, std::system_category(), "cannot read the exit journal");
        }
        const std::string_view piece(buffer_.data(), static_cast<std::size_t>(size));
        JournalChunk chunk = parse_journal(piece);
        offset_ += chunk.consumed;
        all.consumed += chunk.consumed;
        all.damaged += chunk.damaged;
        std::move(chunk.records.begin(), chunk.records.end(), std::back_inserter(all.records));
        if (piece.size() < kPiece) return all;
    }
}

std::string journal_path(const std::string& directory, std::uint64_t number) {
    return (fs::path(directory) / (std::string(kPrefix) + std::to_string(number))).string();
}

std::vector<std::uint64_t> list_journals(const std::string& directory) {
    std::vector<std::uint64_t> numbers;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
         entry.increment(error)) {
        const std::string name = entry->path().filename().string();
        if (!name.starts_with(kPrefix)) continue;
        std::uint64_t number = 0;
        const char* last = name.data() + name.size();
        const auto read = std::from_chars(name.data() + kPrefix.size(), last, number);
        if (read.ec == std::errc{} && read.ptr == last) numbers.push_back(number);
    }
    if (error && error != std::errc::no_such_file_or_directory)
        throw std::system_error(error, "cannot list the exit journals in '" + directory + "'");
    std::sort(numbers.begin(), numbers.end());
    return numbers;
}

UniqueFd begin_journal(const std::string& directory, std::uint64_t number) {
    std::error_code error;
    fs::create_directories(directory, error);
    if (error) throw std::system_error(error, "cannot make the folder '" + directory + "'");
    const std::string path = journal_path(directory, number);
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
    if (!file.valid()) raise("cannot begin the exit journal", path);
    return file;
}

void delete_journal(const std::string& directory, std::uint64_t number) {
    const std::string path = journal_path(directory, number);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT)
        raise("cannot delete the exit journal", path);
}

}  // namespace sweepctl
