#include "sweepctl/cli/endpoint.hpp"

#include "cli/home.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace sweepctl;

namespace {

/// A directory that is gone with the test.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = std::filesystem::temp_directory_path() / "sweepctl-cli-XXXXXX";
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
    }
    ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Sets a variable, and puts it back.
class Variable {
public:
    Variable(const char* name, const char* value) : name_(name) {
        if (const char* before = std::getenv(name)) before_ = before;
        value == nullptr ? ::unsetenv(name) : ::setenv(name, value, 1);
    }
    ~Variable() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }
    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

private:
    const char* name_;
    std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("endpoint: what the controller leaves is found again", "[cli][endpoint]") {
    const TemporaryDirectory home;
    CHECK_FALSE(read_endpoint(home.path()).has_value());
    CHECK(write_endpoint(home.path(), {42, "/run/x", "http://127.0.0.1:9127"}).ok());
    const auto found = read_endpoint(home.path());
    REQUIRE(found.has_value());
    CHECK(found->pid == 42);
    CHECK(found->socket == "/run/x");
    CHECK(found->url == "http://127.0.0.1:9127");
    remove_endpoint(home.path(), 41);
    CHECK(read_endpoint(home.path()).has_value());
    remove_endpoint(home.path(), 42);
    CHECK_FALSE(read_endpoint(home.path()).has_value());
}

TEST_CASE("endpoint: what was copied or moved along is of another directory", "[cli][endpoint]") {
    namespace fs = std::filesystem;
    const TemporaryDirectory folder;
    const std::string home = folder.path() + "/home";
    const std::string other = folder.path() + "/other";
    fs::create_directory(home);
    REQUIRE(write_endpoint(home, {42, "/run/x", ""}).ok());
    SECTION("a copy") {
        fs::copy(home, other);
        CHECK_FALSE(read_endpoint(other).has_value());
        CHECK(read_endpoint(home).has_value());
        remove_endpoint(other, 42);
        CHECK(fs::exists(other + "/controller.json"));
    }
    SECTION("a copy of one that is gone") {
        fs::copy(home, other);
        fs::remove_all(home);
        CHECK_FALSE(read_endpoint(other).has_value());
    }
    SECTION("another name for the same") {
        fs::create_directory_symlink(home, other);
        CHECK(read_endpoint(other).has_value());
        REQUIRE(write_endpoint(other, {43, "/run/x", ""}).ok());
        CHECK(read_endpoint(home).has_value());
    }
    SECTION("a new name") {
        fs::rename(home, other);
        CHECK_FALSE(read_endpoint(other).has_value());
        fs::create_directory_symlink(other, home);  // For those who know the old one.
        CHECK(read_endpoint(other).has_value());
    }
}

TEST_CASE("endpoint: garbage is no controller", "[cli][endpoint]") {
    const TemporaryDirectory home;
    for (const char* text : {"", "{", "[]", "{}", R"({"pid":"x"})", R"({"pid":-1})",
                             R"({"pid":99999999999})", "\xff\xfe"}) {
        std::ofstream(home.path() + "/controller.json") << text;
        CAPTURE(text);
        CHECK_FALSE(read_endpoint(home.path()).has_value());
    }
    const Outcome<std::string> written = write_endpoint(home.path() + "/nosuch", {1, "s", ""});
    REQUIRE_FALSE(written.ok());
    CHECK(written.error().find("No such file or directory") != std::string::npos);
}

TEST_CASE("endpoint: the socket lies in the runtime directory, or in the home", "[cli][endpoint]") {
    const TemporaryDirectory home;
    const TemporaryDirectory runtime;
    {
        const Variable variable("XDG_RUNTIME_DIR", runtime.path().c_str());
        const auto path = socket_path(home.path());
        REQUIRE(path.ok());
        CHECK(path.value().rfind(runtime.path() + "/sweepctl/", 0) == 0);
        CHECK(socket_path(home.path() + "2").value() != path.value());
        struct stat info {};
        REQUIRE(::stat((runtime.path() + "/sweepctl").c_str(), &info) == 0);
        CHECK((info.st_mode & 0777U) == 0700U);
        // A directory that others can enter is not used.
        REQUIRE(::chmod((runtime.path() + "/sweepctl").c_str(), 0755) == 0);
        CHECK(socket_path(home.path()).value() == home.path() + "/socket");
    }
    const Variable variable("XDG_RUNTIME_DIR", nullptr);
    CHECK(socket_path(home.path()).value() == home.path() + "/socket");
    const auto too_long = socket_path("/" + std::string(200, 'x'));
    REQUIRE_FALSE(too_long.ok());
    CHECK(too_long.error().find("XDG_RUNTIME_DIR") != std::string::npos);
}

TEST_CASE("home: the first that is given, absolute", "[cli][home]") {
    const Variable home("HOME", "/h");
    const Variable given("SWEEPCTL_HOME", "/s//x/../y/");
    const Variable state("XDG_STATE_HOME", "/state");
    CHECK(cli::state_directory("/a/./b/") == "/a/b");
    CHECK(cli::state_directory(std::nullopt) == "/s/y");
    CHECK(cli::state_directory("rel") == std::filesystem::current_path().string() + "/rel");
    {
        const Variable none("SWEEPCTL_HOME", nullptr);
        CHECK(cli::state_directory(std::nullopt) == "/state/sweepctl");
        const Variable relative("XDG_STATE_HOME", "state");
        CHECK(cli::state_directory(std::nullopt) == "/h/.local/state/sweepctl");
    }
    CHECK(cli::state_directory("/") == "/");
}
