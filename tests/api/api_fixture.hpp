#pragma once

#include "sweepctl/api/agent_sessions.hpp"
#include "sweepctl/api/api.hpp"
#include "sweepctl/controller/controller.hpp"
#include "sweepctl/core/value.hpp"
#include "sweepctl/store/reader.hpp"
#include "sweepctl/store/store.hpp"
#include "sweepctl/wire/http_client.hpp"

#include "support/http_fixture.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

// The API as it is served: controller, SQLite store and reader, both doors. Only the agents are
// missing; AgentPeer plays them.

namespace sweepctl::test {

/// A store whose disk can be full, or slow.
class FillableStore final : public Store {
public:
    explicit FillableStore(std::unique_ptr<Store> store) : store_(std::move(store)) {}

    bool full = false;
    bool slow = false;  ///< commits wait for hurry()
    /// Commits what waits.
    void hurry();
    [[nodiscard]] bool waiting() const { return !waiting_.empty(); }
    /// Called when a commit was refused: poll() has something to tell.
    std::function<void()> wake;

    [[nodiscard]] Snapshot load() override { return store_->load(); }
    void commit(Changes changes, std::function<void(std::optional<StoreError>)> done) override;
    void poll() override;
    [[nodiscard]] std::optional<Run> find_run(const RunId& id) override {
        return store_->find_run(id);
    }
    void each_settled(const SweepId& sweep, const std::function<void(const Run&)>& take) override {
        store_->each_settled(sweep, take);
    }
    [[nodiscard]] std::optional<Run> find_run_named(const std::string& entity,
                                                    const std::string& project,
                                                    const std::string& name) override {
        return store_->find_run_named(entity, project, name);
    }
    [[nodiscard]] std::optional<BestRun> best_without(const SweepId& sweep,
                                                      const RunId& without) override {
        return store_->best_without(sweep, without);
    }
    [[nodiscard]] std::vector<MetricSeries> metric_history(const SweepId& sweep,
                                                           const std::string& metric) override {
        return store_->metric_history(sweep, metric);
    }

private:
    std::unique_ptr<Store> store_;
    std::vector<std::function<void()>> refused_;
    std::vector<std::pair<Changes, std::function<void(std::optional<StoreError>)>>> waiting_;
};

/// One answer, taken apart.
struct ApiReply {
    int status = 0;
    HttpReply http;
    ParamValue json;  ///< null when the body is no JSON

    /// The member at a path of names: reply.at("counts", "failed"). Null where there is none.
    template <typename... Names>
    [[nodiscard]] const ParamValue& at(Names... names) const {
        const ParamValue* value = &json;
        for (const std::string_view name : {std::string_view(names)...})
            value = &member(*value, name);
        return *value;
    }
    [[nodiscard]] std::string text(std::string_view name) const;
    [[nodiscard]] std::int64_t number(std::string_view name) const;
    [[nodiscard]] const ParamList& list(std::string_view name) const;
    [[nodiscard]] std::string header(std::string_view name) const;

    static const ParamValue& member(const ParamValue& value, std::string_view name);
};

class ApiFixture {
public:
    ApiFixture();
    ~ApiFixture();
    ApiFixture(const ApiFixture&) = delete;
    ApiFixture& operator=(const ApiFixture&) = delete;

    ApiReply get(const std::string& target);
    ApiReply post(const std::string& target, const std::string& body = {});
    ApiReply remove(const std::string& target);
    ApiReply call(const HttpCall& call);

    /// Launches a spec and returns the sweep's id.
    std::string launch(const std::string& spec, ParamMap more = {});
    /// A request body for launching `spec`.
    [[nodiscard]] std::string launch_body(const std::string& spec, ParamMap more = {}) const;

    /// What of an answer is not as the document's schema of that name says; empty: all is.
    std::string faults(const ParamValue& answer, const std::string& schema);

    /// Runs `work` on the loop's thread and waits for its result.
    template <typename Work>
    auto on_loop(Work work) {
        std::promise<decltype(work())> promise;
        auto future = promise.get_future();
        loop_.post([&] {
            if constexpr (std::is_void_v<decltype(work())>) {
                work();
                promise.set_value();
            } else {
                promise.set_value(work());
            }
        });
        return future.get();
    }
    /// Waits until `true_now()`, asked on the loop after each pump.
    void wait_until(const std::function<bool()>& true_now);

    [[nodiscard]] Controller& controller() { return *controller_; }
    [[nodiscard]] Api& api() { return *api_; }
    [[nodiscard]] AgentSessions& agents() { return *agents_; }
    [[nodiscard]] FillableStore& store() { return *store_; }
    [[nodiscard]] HttpServerCounts http_counts() const { return server_->counts(); }
    [[nodiscard]] const std::string& home() const { return directory_.path(); }
    [[nodiscard]] std::string unix_path() const { return directory_ / "socket"; }
    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] ServerAddress unix_address() const;
    [[nodiscard]] ServerAddress tcp_address() const;
    /// As at a controller's end: the server still listens.
    void drop_api() {
        on_loop([this] { api_.reset(); });
    }
    /// What POST /shutdown asked for.
    [[nodiscard]] std::optional<bool> shutdown_asked() const { return shutdown_asked_; }

private:
    void pump();

    TempDirectory directory_;
    EventLoop loop_;
    std::unique_ptr<FillableStore> store_;
    std::unique_ptr<Reader> reader_;
    std::unique_ptr<AgentSessions> agents_;
    std::unique_ptr<Controller> controller_;
    std::unique_ptr<Api> api_;
    std::unique_ptr<HttpServer> server_;
    std::unique_ptr<Timer> deadline_;
    std::uint16_t port_ = 0;
    std::optional<bool> shutdown_asked_;
    std::function<void()> after_pump_;
    std::thread thread_;
    std::unique_ptr<HttpClient> client_;
    ParamValue document_;  ///< openapi.json, once asked for
};

/// Two parameters, six cells.
inline constexpr const char* kGridSpec =
    "program: train.py\n"
    "method: grid\n"
    "metric: {name: loss, goal: minimize}\n"
    "parameters:\n"
    "  lr: {values: [0.1, 0.01, 0.001]}\n"
    "  layers: {values: [1, 2]}\n";

}  // namespace sweepctl::test
