// How many history lines of W&B clients the controller takes in, decides about and makes durable in
// a second: World, loop and database without the network. Arguments: DIRECTORY SECONDS STREAMS
// LINES.

#include "sweepctl/controller/controller.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/sqlite_store.hpp"
#include "sweepctl/wire/agent_protocol.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <vector>

using namespace sweepctl;

namespace {

Now now() {
    return {std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()),
            std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now())};
}

class NoLinks final : public AgentLinks {
public:
    void send(const AgentId&, std::vector<AgentOrder>) override {}
    [[nodiscard]] bool trusted(const AgentId&) const override { return true; }
};

class Bell {
public:
    void ring() {
        const std::lock_guard lock(mutex_);
        rung_ = true;
        changed_.notify_one();
    }
    void wait() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return rung_; });
        rung_ = false;
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool rung_ = false;
};

struct Client {
    std::string name;
    std::uint64_t next = 0;
};

class Ingest {
public:
    Ingest(const std::string& path, std::size_t streams, std::size_t lines)
        : store_(open_sqlite_store(path, [this] { bell_.ring(); })),
          controller_(
              *store_, links_, [](const NewSweep&) { return std::nullopt; }, now()),
          lines_(lines) {
        controller_.on_news = [this] { bell_.ring(); };
        for (std::size_t k = 0; k < streams; ++k)
            clients_.push_back({"bench" + std::to_string(k), 0});
    }

    void run(std::chrono::seconds span) {
        for (Client& client : clients_) {
            UpsertRun event;
            event.named = name_of(client);
            event.live = true;
            controller_.request(std::move(event), [](const Answer&) {});
        }
        turn_until([this] { return controller_.settled(); });
        const auto begin = std::chrono::steady_clock::now();
        const auto end = begin + span;
        for (Client& client : clients_)
            post(client, end);
        turn_until([this] { return open_ == 0 && controller_.settled(); });
        const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
        std::printf("%zu streams, %zu lines a request: %.0f lines/s in %llu commits\n",
                    clients_.size(), lines_, static_cast<double>(taken_) / took.count(),
                    static_cast<unsigned long long>(controller_.commits()));
    }

private:
    static ClientRunName name_of(const Client& client) {
        return {{}, "e", "p", client.name, {}, false};
    }

    /// One request after the other, as a client does.
    void post(Client& client, std::chrono::steady_clock::time_point end) {
        ClientStream event;
        event.named = name_of(client);
        event.history.emplace();
        event.history->offset = client.next;
        for (std::size_t k = 0; k < lines_; ++k) {
            const std::string step = std::to_string(client.next++);
            std::string line = "{\"_step\":" + step + ",\"loss\":0." + step +
                               ",\"accuracy\":0.98765432,\"epoch\":12,\"_runtime\":12.345678,"
                               "\"_timestamp\":1.7957642955528653e+09}";
            event.history_points.push_back(read_metrics_line(line)->points);
            event.history->lines.push_back(std::move(line));
        }
        ++open_;
        controller_.request(std::move(event), [this, &client, end](const Answer&) {
            --open_;
            taken_ += lines_;
            if (std::chrono::steady_clock::now() < end) post(client, end);
        });
    }

    template <typename Done>
    void turn_until(const Done& done) {
        for (;;) {
            store_->poll();
            controller_.pump(now());
            if (done()) return;
            bell_.wait();
        }
    }

    Bell bell_;
    NoLinks links_;
    std::unique_ptr<Store> store_;
    Controller controller_;
    std::vector<Client> clients_;
    std::size_t lines_;
    std::size_t open_ = 0;
    std::uint64_t taken_ = 0;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "usage: ingest_bench DIRECTORY SECONDS STREAMS LINES\n");
        return 2;
    }
    const auto number = [&](int k) { return std::strtoul(argv[k], nullptr, 10); };
    Ingest(std::string(argv[1]) + "/ingest.db", number(3), number(4))
        .run(std::chrono::seconds{number(2)});
    return 0;
}
