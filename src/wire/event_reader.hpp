#pragma once

#include "sweepctl/wire/http_client.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace sweepctl {

/// Reads server-sent events (the text/event-stream format) from bytes as they come.
class EventReader {
public:
    /// False: an event grew beyond `event_limit`, or the callback returned false (see stopped()).
    bool feed(std::string_view bytes, const std::function<bool(const ServerEvent&)>& on_event);
    /// The connection broke: what had come of an event is forgotten, the last id is not.
    void restart();

    [[nodiscard]] bool stopped() const { return stopped_; }
    [[nodiscard]] const std::string& last_event_id() const { return last_id_; }
    void set_last_event_id(std::string id) { last_id_ = std::move(id); }
    /// How long the server asks us to wait before we come back.
    [[nodiscard]] std::optional<std::chrono::milliseconds> retry() const { return retry_; }

    static constexpr std::size_t kEventMax = std::size_t{64} << 20;

private:
    void read_line(const std::function<bool(const ServerEvent&)>& on_event);

    std::string line_;
    bool after_cr_ = false;
    bool at_start_ = true;
    bool stopped_ = false;
    std::string id_;  // Of the event that is being read; counts once it is complete.
    std::string name_;
    std::string data_;
    bool has_data_ = false;
    std::string last_id_;
    std::optional<std::chrono::milliseconds> retry_;
};

}  // namespace sweepctl
