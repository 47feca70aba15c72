#include "sweepctl/base/lock_file.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

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

TEST_CASE("lock file: its holder is known, and nobody else is taken for it",
          "[base][lock_file]") {
    const Directory directory;
    CHECK_FALSE(find_lock_holder(directory.file()));
    UniqueFd lock = try_lock_file(directory.file());
    const std::optional<LockHolder> holder = find_lock_holder(directory.file());
    REQUIRE(holder);
    CHECK(holder->pid == ::getpid());
    CHECK(holder->pidfd.valid());

    SECTION("not in a copy, which says the same") {
        std::filesystem::copy_file(directory.file(), directory.file() + ".copy");
        CHECK_FALSE(find_lock_holder(directory.file() + ".copy"));
    }
    SECTION("not a process that has it open only") {
        lock = UniqueFd(::open(directory.file().c_str(), O_RDWR | O_CLOEXEC));
        CHECK_FALSE(find_lock_holder(directory.file()));
    }
    SECTION("not one of that number which does not know it") {
        std::ofstream(directory.file()) << ::getppid() << "\n";
        CHECK_FALSE(find_lock_holder(directory.file()));
    }
    SECTION("nor nonsense") {
        std::ofstream(directory.file()) << GENERATE("", "x", "-1", "99999999999") << "\n";
        CHECK_FALSE(find_lock_holder(directory.file()));
    }
}

TEST_CASE("lock file: where none can be made, that is said", "[base][lock_file]") {
    const Directory directory;
    CHECK_THROWS_AS(try_lock_file(directory.file() + "/below/nothing"), std::system_error);
}

}  // namespace
}  // namespace sweepctl
