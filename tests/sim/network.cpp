#include "sim/network.hpp"

#include "sweepctl/wire/agent_protocol.hpp"

namespace sweepctl::sim {

namespace {

/// As the controller's end of the link does.
void read_points(AgentMessage& message) {
    auto* metrics = std::get_if<MetricsLogged>(&message);
    if (metrics == nullptr) return;
    metrics->points.clear();
    for (const std::string& line : metrics->lines) {
        auto read = read_metrics_line(line);
        metrics->points.push_back(read ? std::move(read->points) : std::vector<MetricPoint>{});
    }
}

/// An acknowledgement counts what it answers, so each comes once; orders may be repeated.
bool may_be_repeated(const AgentOrder& order) {
    return !std::holds_alternative<AckOrder>(order) && !std::holds_alternative<WelcomeOrder>(order);
}

}  // namespace

Connection::Connection(Agenda& agenda, std::string host, Habits habits)
    : agenda_(agenda), host_(std::move(host)), habits_(habits) {}

template <typename Task>
void Connection::deliver_later(std::deque<Task>& queue, Task task) {
    queue.push_back(std::move(task));
    const Duration delay = agenda_.random.chance(2)
                               ? agenda_.random.between(Duration{0}, Duration{300})
                               : agenda_.random.between(Duration{0}, Duration{2});
    agenda_.after(delay, life_, [&queue] {
        if (queue.empty()) return;  // Lost when the connection broke.
        const Task next = std::move(queue.front());
        queue.pop_front();
        next();
    });
    if (doom_) break_off(*std::exchange(doom_, std::nullopt));
}

void Connection::send_up(const AgentMessage& message) {
    if (broken_) return;
    AgentMessage arriving = message;
    if (habits_.as_text) {
        auto decoded = decode_message(encode(message));
        if (!decoded) throw Foul("the protocol cannot read what it wrote: " + decoded.error());
        arriving = std::move(decoded).value();
    }
    read_points(arriving);
    const bool twice =
        std::holds_alternative<MetricsLogged>(arriving) && agenda_.random.chance(habits_.repeats);
    const Agenda::Task deliver([this, arriving = std::move(arriving)] {
        if (controller.open) to_controller(arriving);
    });
    deliver_later(up_, deliver);
    if (!twice) return;
    agenda_.count("network: metrics repeated");
    deliver_later(up_, deliver);
}

void Connection::send_down(const std::vector<AgentOrder>& orders) {
    if (broken_) return;
    std::vector<AgentOrder> arriving = orders;
    if (habits_.as_text) {
        auto decoded = decode_orders(encode(orders));
        if (!decoded) throw Foul("the protocol cannot read what it wrote: " + decoded.error());
        arriving = std::move(decoded).value();
    }
    const auto deliver = [this](std::vector<AgentOrder> list) {
        deliver_later(down_, Agenda::Task([this, list = std::move(list)] {
                          if (agent.open) to_agent(list);
                      }));
    };
    std::vector<AgentOrder> again;
    for (const AgentOrder& order : arriving) {
        if (may_be_repeated(order) && agenda_.random.chance(habits_.repeats))
            again.push_back(order);
    }
    deliver(std::move(arriving));
    if (again.empty()) return;
    agenda_.count("network: orders repeated");
    deliver(std::move(again));
}

void Connection::break_off(Duration notice) {
    if (broken_) return;
    broken_ = true;
    const std::size_t under_way = up_.size() + down_.size();
    up_.resize(agenda_.random.pick(up_.size() + 1));
    down_.resize(agenda_.random.pick(down_.size() + 1));
    if (up_.size() + down_.size() < under_way) agenda_.count("network: messages lost");
    // Later than the last of what still arrives.
    for (End* end : {&agent, &controller}) {
        if (!end->open) continue;
        agenda_.after(Duration{301} + agenda_.random.between(Duration{0}, notice), life_, [end] {
            if (!std::exchange(end->open, false)) return;
            if (end->on_broken) end->on_broken();
        });
    }
}

ConnectionRef Network::connect(const std::string& host) {
    if (!on_accept || cut_off_.contains(host)) return nullptr;
    std::erase_if(connections_, [](const ConnectionRef& connection) {
        return connection->broken() && !connection->agent.open && !connection->controller.open;
    });
    auto connection = std::make_shared<Connection>(agenda_, host, habits);
    connections_.push_back(connection);
    on_accept(connection);
    return connection;
}

void Network::break_one() {
    if (connections_.empty()) return;
    const ConnectionRef connection = agenda_.random.one_of(connections_);
    agenda_.trace("network: a connection of ", connection->host(), " breaks");
    const Duration notice = agenda_.random.chance(20) ? Duration{40'000} : Duration{200};
    if (agenda_.random.chance(50)) {
        connection->break_off(notice);
    } else {
        connection->doom(notice);
    }
}

void Network::break_all(Duration notice) {
    for (const ConnectionRef& connection : connections_)
        connection->break_off(notice);
}

void Network::cut_off(const std::string& host) {
    agenda_.trace("network: ", host, " is cut off");
    cut_off_.insert(host);
    for (const ConnectionRef& connection : connections_) {
        if (connection->host() == host) connection->break_off(Duration{40'000});
    }
}

}  // namespace sweepctl::sim
