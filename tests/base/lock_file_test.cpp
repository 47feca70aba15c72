#include "sweepctl/base/lock_file.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace sweepctl {
namespace {

/// A directory of its own, gone afterwards.
class Directory {
public:
    Directory() {
        std::string name = (std::filesystem::temp_directory_path() / "lock.XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    ~Directory() { std::filesystem::remove_all(path_); }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    [[nodiscard]] std::string file() const { return path_ + "/lock"; }

private:
    std::string path_;
};

TEST_CASE("lock file: one holder at a time, until it lets go", "[base][lock_file]") {
    const Directory directory;
    UniqueFd first = try_lock_file(directory.file());
    REQUIRE(first.valid());
    CHECK_FALSE(try_lock_file(directory.file()).valid());
    first.reset();
    CHECK(try_lock_file(directory.file()).valid());
}

TEST_CASE("lock file: looking at it takes nothing", "[base][lock_file]") {
    const Directory directory;
    CHECK_FALSE(is_lock_held(directory.file()));
    CHECK_FALSE(std::filesystem::exists(directory.file()));
    UniqueFd holder = try_lock_file(directory.file());
    CHECK(is_lock_held(directory.file()));
    CHECK(is_lock_held(directory.file()));
    holder.reset();
    CHECK_FALSE(is_lock_held(directory.file()));
    CHECK(try_lock_file(directory.file()).valid());
}

TEST_CASE("lock file: where none can be made, that is said", "[base][lock_file]") {
    const Directory directory;
    CHECK_THROWS_AS(try_lock_file(directory.file() + "/below/nothing"), std::system_error);
}

}  // namespace
}  // namespace sweepctl
