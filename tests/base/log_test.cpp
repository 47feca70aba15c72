#include "sweepctl/base/log.hpp"

#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

using namespace sweepctl;

namespace {

enum class Colour { red };
const char* to_string(Colour) {
    return "red";
}

/// Logs into a file and gives the stderr back at the end.
class LogFile {
public:
    explicit LogFile(LogLevel level) {
        std::string pattern = (std::filesystem::temp_directory_path() / "sweepctl-XXXXXX").string();
        REQUIRE(::mkdtemp(pattern.data()) != nullptr);
        directory_ = pattern;
        REQUIRE(init_log(level, path()));
    }
    ~LogFile() {
        static_cast<void>(init_log(LogLevel::info));
        std::filesystem::remove_all(directory_);
    }
    [[nodiscard]] std::string path() const { return directory_ + "/log"; }
    [[nodiscard]] std::string text() const {
        std::ostringstream all;
        all << std::ifstream(path()).rdbuf();
        return all.str();
    }

private:
    std::string directory_;
};

}  // namespace

TEST_CASE("log: parts become one line with time and level", "[base]") {
    const LogFile file(LogLevel::info);
    log_info("run ", std::string("r1"), ": ", 42, ' ', 2.5, ' ', true, ' ', Colour::red, ' ',
             std::size_t{7});
    const auto text = file.text();
    CHECK(text.ends_with(" info: run r1: 42 2.5 true red 7\n"));
    CHECK(text.find("T") == 10);
}

TEST_CASE("log: one message is one line, whatever users put into it", "[base]") {
    const LogFile file(LogLevel::info);
    log_warn("name 'a\nb\x1b[31m\r' {} {0} %s");
    CHECK(file.text().ends_with("name 'a\\nb\\x1b[31m\\x0d' {} {0} %s\n"));
}

TEST_CASE("log: what is below the level is not written", "[base]") {
    const LogFile file(LogLevel::warn);
    log_debug("no");
    log_info("no");
    log_warn("yes");
    log_error("yes");
    CHECK_FALSE(log_enabled(LogLevel::info));
    CHECK(log_enabled(LogLevel::error));
    CHECK(file.text().find("no\n") == std::string::npos);
    CHECK(file.text().find("error: yes\n") != std::string::npos);
}

TEST_CASE("log: a file that cannot be opened is said, and the log stays as it was", "[base]") {
    const LogFile file(LogLevel::info);
    const auto opened = init_log(LogLevel::debug, "/dev/null/log");
    REQUIRE_FALSE(opened);
    CHECK(opened.error().find("cannot open the log file '/dev/null/log'") == 0);
    log_info("still here");
    CHECK(file.text().ends_with("still here\n"));
}

TEST_CASE("log: a full disk harms nobody", "[base]") {
    REQUIRE(init_log(LogLevel::info, "/dev/full"));
    log_info("lost");
    log_info("lost too");
    CHECK(init_log(LogLevel::info));
}
