#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/core/ids.hpp"

#include "api/problem.hpp"
#include "api/wandb/upload.hpp"

#include <optional>
#include <string>
#include <string_view>

// Where the files lie that clients store with runs: beside what the runs' programs left, below
// <home>/sweeps/<sweep>/<run>/files. Names are clean ones (upload_links.hpp), and no symbolic link
// is followed, since it would be the program's.

namespace sweepctl::api {

struct RunFilePlace {
    std::string home;
    SweepId sweep;  ///< that the run is kept with
    RunId run;
};

[[nodiscard]] std::optional<Problem> store_file(const RunFilePlace& place,
                                                const std::string& name,
                                                Upload& upload);
/// The whole file; nullopt: there is none.
[[nodiscard]] Result<std::optional<FilePart>, Problem> open_file(const RunFilePlace& place,
                                                                 const std::string& name);
/// The same for a path of our own making.
[[nodiscard]] Result<std::optional<FilePart>, Problem> open_file(const std::string& path);
/// With the directories that it leaves empty.
void remove_file(const RunFilePlace& place, const std::string& name);

/// By the end of the name; "application/octet-stream" when that says nothing.
[[nodiscard]] std::string_view media_type_of(std::string_view name);

}  // namespace sweepctl::api
