#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/core/ids.hpp"
#include "sweepctl/core/time.hpp"

#include <optional>
#include <string>
#include <string_view>

// Addresses that files are put under. W&B's clients send no token with the bytes, so the address
// itself says what it allows: this file of this run, for a while.

namespace sweepctl::api {

/// The name as files of runs are kept under: no empty parts, no ".". nullopt: nothing may be called
/// so (it leaves the run's directory, or no file system takes it).
[[nodiscard]] std::optional<std::string> clean_file_name(std::string_view name);

/// A file of a run as its address names it.
struct RunFileName {
    std::string entity;
    std::string project;
    std::string run;  ///< its name on the wire
    std::string name;
};
/// "/files/me/proj/run/a/b%20c", for any of them.
[[nodiscard]] std::string run_file_path(const RunFileName& file);

/// A path with a query that lets this file of `run` be put until `until`. nullopt: without a token
/// there is nothing to sign with.
[[nodiscard]] std::optional<std::string> signed_upload_path(const RunFileName& file,
                                                            const RunId& run,
                                                            WallTime until,
                                                            std::string_view token);
/// Whether the request has such an address, and in time.
[[nodiscard]] bool is_signed(const HttpRequest& request,
                             const RunFileName& file,
                             WallTime now,
                             std::string_view token);
/// The run that a signed address was made for; nullopt: it is no signed one.
[[nodiscard]] std::optional<RunId> signed_run(const HttpRequest& request);

}  // namespace sweepctl::api
