#include "sweepctl/base/shown.hpp"

#include "store/fsck_check.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

namespace sweepctl {

namespace {

constexpr std::string_view kUploads =
    "SELECT files.run, files.name, files.size, files.updated_at, runs.id, sweeps.id FROM files"
    " JOIN runs ON runs.key = files.run JOIN sweeps ON sweeps.key = runs.sweep"
    " WHERE sweeps.deleted = 0";
constexpr std::string_view kSame =
    "SELECT 1 FROM files WHERE run = ?1 AND name = ?2 AND size = ?3 AND updated_at = ?4";

struct StoredFile {
    std::int64_t run_key = 0;
    std::string name;
    std::uint64_t size = 0;
    std::int64_t updated_at = 0;
    std::string run;
    std::string path;
};

/// What is wrong with it; nullopt: nothing.
std::optional<std::string> fault_of(const StoredFile& file) {
    struct stat status {};
    if (::lstat(file.path.c_str(), &status) != 0) return "is not there";
    if (!S_ISREG(status.st_mode)) return "is no file";
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size == file.size) return std::nullopt;
    return "has " + std::to_string(size) + " bytes, but " + std::to_string(file.size) +
           " were stored";
}

}  // namespace

void check_uploads(sqlite::Database& database, const std::string& home, FsckReport& findings) {
    std::vector<StoredFile> suspects;
    {
        sqlite::Statement uploads = database.prepare(kUploads);
        for (sqlite::Rows row = uploads.query(); row.next();) {
            StoredFile file{row.integer(0), row.string(1), row.get<std::uint64_t>(2),
                            row.integer(3), row.string(4), {}};
            file.path = home + "/sweeps/" + row.string(5) + "/" + file.run + "/files/" + file.name;
            if (fault_of(file)) suspects.push_back(std::move(file));
        }
    }
    // A live controller may just have deleted it, or put a newer one in its place: then what is
    // known of it has changed meanwhile.
    sqlite::Statement same = database.prepare(kSame);
    for (const StoredFile& file : suspects) {
        if (!same.query(file.run_key, file.name, file.size, file.updated_at).next()) continue;
        if (const std::optional<std::string> fault = fault_of(file))
            findings.add("upload", file.run, "its file '" + shown(file.path, 200) + "' " + *fault);
    }
}

}  // namespace sweepctl
