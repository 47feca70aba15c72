#pragma once

#include "sweepctl/api/api.hpp"

#include "api/graphql/graphql.hpp"
#include "api/route.hpp"
#include "api/wandb/wire_context.hpp"

// The door for W&B's own clients: their CLI, SDK and agents.

namespace sweepctl::api {

/// What is kept for them from one request to the next.
struct WireDoor {
    WireDoor();
    graphql::Service service;
};

/// Who asks, and under what address.
[[nodiscard]] WireAbout wire_about(const Call& call);

// graphql_route.cpp
void serve_graphql(const CallPtr& call);
void refuse_telemetry(const CallPtr& call);
// file_stream.cpp
void take_file_stream(const CallPtr& call);
// run_files_route.cpp
/// Whether the address of an upload says that it may come without a token.
[[nodiscard]] bool is_signed_upload(const HttpRequest& request,
                                    const Match& match,
                                    const ApiContext& about);
void put_run_file(const CallPtr& call);
void get_run_file(const CallPtr& call);
void describe_run_file(const CallPtr& call);

}  // namespace sweepctl::api
