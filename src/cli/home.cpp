#include "cli/home.hpp"

#include "sweepctl/base/utf8.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <pwd.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string{} : std::string(value);
}

std::string user_directory() {
    if (std::string home = variable("HOME"); !home.empty()) return home;
    if (const passwd* user = ::getpwuid(::getuid());
        user != nullptr && user->pw_dir != nullptr && *user->pw_dir != '\0') {
        return user->pw_dir;
    }
    throw CliError(kError, "there is no home directory to keep the state in", "set SWEEPCTL_HOME");
}

std::string absolute(const std::string& path) {
    std::error_code error;
    std::filesystem::path whole = std::filesystem::absolute(path, error);
    if (error) {
        throw CliError(kError, "cannot tell the working directory: " + error.message());
    }
    whole = whole.lexically_normal();
    // "/a/b/" and "/a/b" are one directory, and must be one controller.
    return whole.has_filename() || whole == whole.root_path() ? whole.string()
                                                              : whole.parent_path().string();
}

}  // namespace

std::string working_directory() {
    std::error_code error;
    std::string path = std::filesystem::current_path(error).string();
    if (error) {
        throw CliError(kError, "cannot tell the working directory: " + error.message(),
                       "it may have been deleted; change to one that exists");
    }
    if (!is_utf8(path)) {
        throw CliError(kError,
                       "the working directory's name is not UTF-8: '" + printable(path) + "'",
                       "runs are started there, and the controller could not be told; use another");
    }
    return path;
}

std::string state_directory(const std::optional<std::string>& given) {
    if (given && !given->empty()) return absolute(*given);
    if (const std::string home = variable("SWEEPCTL_HOME"); !home.empty()) return absolute(home);
    // The XDG specification says that a relative path there is to be ignored.
    if (const std::string state = variable("XDG_STATE_HOME"); !state.empty() && state[0] == '/') {
        return absolute(state + "/sweepctl");
    }
    return absolute(user_directory() + "/.local/state/sweepctl");
}

}  // namespace sweepctl::cli
