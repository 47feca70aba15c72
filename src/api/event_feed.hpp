#pragma once

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/api/http_server.hpp"
#include "sweepctl/controller/controller.hpp"
#include "sweepctl/store/reader.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace sweepctl::api {

/// Which events a stream carries. Empty ids: any.
struct EventChoice {
    SweepId sweep;
    RunId run;
    /// Those with a higher id; nullopt: those that are yet to happen.
    std::optional<std::uint64_t> after;
};

/// The audit log as server-sent events. A stream first catches up from the store, page by page and
/// no faster than its reader takes them, then goes on with what the controller publishes. No event
/// is missed in between, since the store shows whatever was published before it is asked; none
/// comes twice, since ids only rise.
class EventFeed {
public:
    EventFeed(boost::asio::io_context& context, Controller& controller, Reader& reader);
    ~EventFeed();
    EventFeed(const EventFeed&) = delete;
    EventFeed& operator=(const EventFeed&) = delete;

    void open(const std::shared_ptr<Exchange>& exchange, EventChoice choice);
    /// Ends all streams.
    void close();

private:
    struct Stream;

    void catch_up(const std::shared_ptr<Stream>& stream);
    void take_page(const std::shared_ptr<Stream>& stream,
                   std::uint64_t published_before,
                   const std::vector<EventText>& page);
    void publish(const std::vector<AuditEvent>& events);
    void drop(std::uint64_t number);

    boost::asio::io_context& context_;
    Controller& controller_;
    Reader& reader_;
    std::uint64_t subscription_ = 0;
    std::uint64_t published_ = 0;  ///< the highest id that the controller has published
    std::uint64_t next_number_ = 1;
    std::map<std::uint64_t, std::shared_ptr<Stream>> streams_;
    // What is on its way back from the reader must not find a feed that is gone.
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sweepctl::api
