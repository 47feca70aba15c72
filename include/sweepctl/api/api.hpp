#pragma once

#include "sweepctl/api/agent_sessions.hpp"
#include "sweepctl/api/http_server.hpp"
#include "sweepctl/controller/controller.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

// REST and server-sent events: everything that the command line does, and the door for agents.
// Reads go to the store's reader, changes to the controller. The routes are in src/api/routes, each
// resource in a file of its own, and described by /api/v1/openapi.json.

namespace boost::asio {
class io_context;
}

namespace sweepctl {

class Reader;
namespace api {
class Backend;
}

/// What the API says of the controller's process, and asks of it.
struct ApiContext {
    std::string version;
    std::string home;    ///< the state directory; run files lie below home/sweeps
    std::string socket;  ///< path of the unix door; empty: there is none
    std::string token;   ///< of the TCP door; addresses for uploads are signed with it
    std::string user;    ///< who runs the controller: in the audit log, and the default entity
    int pid = 0;
    WallTime started_at;

    std::function<Now()> now;
    /// A seed for a sweep whose spec gives none. Of a larger number the lowest 53 bits are taken.
    std::function<std::uint64_t()> draw_seed;
    /// Leave, after cancelling every sweep when `cancel`. `leaves` is called just before the doors
    /// close, with how many runs may be alive then.
    using Leaves = std::function<void(std::uint64_t live_runs)>;
    std::function<void(bool cancel, Leaves leaves)> shut_down;
    /// For /metrics; may be unset.
    std::function<HttpServerCounts()> http_counts;
};

class Api {
public:
    /// `controller`, `reader` and `agents` must outlive it; so must `context`.
    Api(boost::asio::io_context& context,
        Controller& controller,
        Reader& reader,
        AgentSessions& agents,
        ApiContext about);
    ~Api();
    Api(const Api&) = delete;
    Api& operator=(const Api&) = delete;

    /// For HttpServer. Once the Api is gone it answers 503.
    [[nodiscard]] HttpHandler handler();
    /// What only it knows of HttpServerOptions: which requests need no token, how large bodies may
    /// be and where they go. What it puts there outlives it.
    void complete(HttpServerOptions& options);

    /// The TCP door's address, known once the server listens: "http://127.0.0.1:9127".
    void listens_at(std::string url);
    /// From now on whatever would change something is answered 503. Reads and agents go on.
    void begin_shutdown();

private:
    std::shared_ptr<api::Backend> backend_;  // Shared with the answers that are on their way.
};

}  // namespace sweepctl
