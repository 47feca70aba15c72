#pragma once

#include "sweepctl/base/result.hpp"

#include <optional>
#include <string>

// How the command line finds the controller of a state directory: a small file there that the
// controller writes when its doors are open, and removes when it leaves. A file that was left
// behind is found out by trying: nobody answers. It says which directory it is of, since in a copy
// of that directory it would lead to the controller of the original.

namespace sweepctl {

struct Endpoint {
    int pid = 0;
    std::string socket;  ///< path of the unix socket
    std::string url;     ///< of the TCP door, "http://127.0.0.1:9127"; empty: none
};

/// Replaces HOME/controller.json in one step. Fails with a message.
Outcome<std::string> write_endpoint(const std::string& home, const Endpoint& endpoint);
/// nullopt: no controller has left word there, or it cannot be read. By whatever path the directory
/// is reached, it must be the one that the controller wrote it in.
[[nodiscard]] std::optional<Endpoint> read_endpoint(const std::string& home);
/// Removes it if it is the one that `pid` wrote.
void remove_endpoint(const std::string& home, int pid);

/// Where the controller of `home` listens: in $XDG_RUNTIME_DIR/sweepctl where there is that
/// directory, else in `home`. Makes the socket's own directory (0700). Fails with a message when
/// neither path is short enough for a unix socket.
Result<std::string, std::string> socket_path(const std::string& home);

/// Held by the controller of `home` for as long as it lives (see lock_file.hpp).
[[nodiscard]] std::string controller_lock_path(const std::string& home);

/// The file with the key for the TCP door: one line, 0600.
[[nodiscard]] std::string token_path(const std::string& home);

}  // namespace sweepctl
