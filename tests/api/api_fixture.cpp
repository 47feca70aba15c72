#include "api_fixture.hpp"

#include "sweepctl/aio/timer.hpp"
#include "sweepctl/base/log.hpp"
#include "sweepctl/controller/sweep_plan.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/store/sqlite_store.hpp"

#include "json_schema.hpp"

#include <chrono>
#include <stdexcept>

namespace sweepctl::test {

namespace {

Now now() {
    return {std::chrono::floor<Duration>(std::chrono::system_clock::now()),
            std::chrono::floor<Duration>(std::chrono::steady_clock::now())};
}

}  // namespace

void FillableStore::commit(Changes changes, std::function<void(std::optional<StoreError>)> done) {
    if (slow) {
        waiting_.emplace_back(std::move(changes), std::move(done));
        return;
    }
    if (!full) {
        store_->commit(std::move(changes), std::move(done));
        return;
    }
    StoreError error{true, "database or disk is full", std::move(changes)};
    refused_.push_back([error = std::move(error), done = std::move(done)] { done(error); });
    wake();
}

void FillableStore::hurry() {
    slow = false;
    for (auto& [changes, done] : std::exchange(waiting_, {}))
        commit(std::move(changes), std::move(done));
}

void FillableStore::poll() {
    store_->poll();
    for (const auto& tell : std::exchange(refused_, {}))
        tell();
}

const ParamValue& ApiReply::member(const ParamValue& value, std::string_view name) {
    static const ParamValue none;
    const auto* map = value.get_if<ParamMap>();
    const ParamValue* found = map == nullptr ? nullptr : find(*map, name);
    return found == nullptr ? none : *found;
}

std::string ApiReply::text(std::string_view name) const {
    const auto* found = at(name).get_if<std::string>();
    return found == nullptr ? "(no text '" + std::string(name) + "')" : *found;
}

std::int64_t ApiReply::number(std::string_view name) const {
    const auto* found = at(name).get_if<std::int64_t>();
    return found == nullptr ? -1 : *found;
}

const ParamList& ApiReply::list(std::string_view name) const {
    static const ParamList none;
    const auto* found = at(name).get_if<ParamList>();
    return found == nullptr ? none : *found;
}

std::string ApiReply::header(std::string_view name) const {
    const std::string* found = http.header(name);
    return found == nullptr ? "(none)" : *found;
}

ApiFixture::ApiFixture() {
    static_cast<void>(init_log(LogLevel::off));
    const auto wake = [this] {
        loop_.post([this] {
            store_->poll();
            if (reader_) reader_->poll();
            pump();
        });
    };
    const std::string database = directory_ / "sweepctl.db";
    store_ = std::make_unique<FillableStore>(open_sqlite_store(database, wake));
    store_->wake = wake;
    reader_ = open_reader(database, wake);
    AgentSessionsOptions options;
    options.now = &now;
    options.hello_timeout = std::chrono::milliseconds{500};
    agents_ = std::make_unique<AgentSessions>(loop_.context(), std::move(options));
    controller_ = std::make_unique<Controller>(*store_, *agents_, plan_of, now());
    controller_->on_news = [this] { loop_.post([this] { pump(); }); };
    agents_->attach(*controller_);
    deadline_ = std::make_unique<Timer>(loop_.context());

    ApiContext about;
    about.version = "1.2.3";
    about.home = directory_.path();
    about.socket = unix_path();
    about.token = kToken;
    about.user = "tester";
    about.pid = 4711;
    about.started_at = now().wall;
    about.now = &now;
    about.draw_seed = [] { return std::uint64_t{123456789}; };
    about.shut_down = [this](bool cancel, const ApiContext::Leaves& leaves) {
        shutdown_asked_ = cancel;
        leaves(controller_->world().unended_runs());
    };
    about.http_counts = [this] { return server_->counts(); };
    api_ =
        std::make_unique<Api>(loop_.context(), *controller_, *reader_, *agents_, std::move(about));

    HttpServerOptions server;
    server.unix_path = unix_path();
    api_->complete(server);
    TcpDoor door;
    door.token = kToken;
    server.tcp = door;
    auto started = HttpServer::start(loop_.context(), server, api_->handler());
    if (!started) throw std::runtime_error(started.error());
    server_ = std::move(*started);
    port_ = server_->port();
    api_->listens_at("http://127.0.0.1:" + std::to_string(port_));
    client_ = std::make_unique<HttpClient>(unix_address());
    thread_ = std::thread([this] {
        loop_.run();
        server_.reset();
        api_.reset();
        controller_.reset();
        agents_.reset();
    });
}

ApiFixture::~ApiFixture() {
    client_.reset();
    loop_.stop();
    thread_.join();
}

void ApiFixture::pump() {
    controller_->pump(now());
    if (const auto next = controller_->next_deadline()) {
        deadline_->at(*next, [this] { pump(); });
    } else {
        deadline_->cancel();
    }
    if (after_pump_) after_pump_();
}

void ApiFixture::wait_until(const std::function<bool()>& true_now) {
    std::promise<void> reached;
    on_loop([&] {
        if (true_now()) {
            reached.set_value();
            return;
        }
        after_pump_ = [&] {
            if (!true_now()) return;
            std::promise<void>& waiting = reached;  // What is captured goes with the closure.
            after_pump_ = nullptr;
            waiting.set_value();
        };
    });
    if (reached.get_future().wait_for(kPatience) != std::future_status::ready) {
        on_loop([&] { after_pump_ = nullptr; });
        throw std::runtime_error("what was waited for did not come to be");
    }
}

ServerAddress ApiFixture::unix_address() const {
    ServerAddress address;
    address.unix_path = unix_path();
    return address;
}

ServerAddress ApiFixture::tcp_address() const {
    ServerAddress address;
    address.host = "127.0.0.1";
    address.port = port_;
    address.token = kToken;
    return address;
}

ApiReply ApiFixture::call(const HttpCall& call) {
    Result<HttpReply, HttpError> reply = client_->request(call);
    if (!reply)
        throw std::runtime_error(call.method + " " + call.target + ": " + reply.error().message);
    ApiReply taken;
    taken.http = std::move(reply).value();
    taken.status = taken.http.status;
    if (auto json = parse_json(taken.http.body)) taken.json = std::move(json).value();
    return taken;
}

ApiReply ApiFixture::get(const std::string& target) {
    HttpCall asked;
    asked.target = target;
    return call(asked);
}

ApiReply ApiFixture::post(const std::string& target, const std::string& body) {
    HttpCall asked;
    asked.method = "POST";
    asked.target = target;
    asked.body = body;
    return call(asked);
}

ApiReply ApiFixture::remove(const std::string& target) {
    HttpCall asked;
    asked.method = "DELETE";
    asked.target = target;
    return call(asked);
}

std::string ApiFixture::faults(const ParamValue& answer, const std::string& schema) {
    if (document_.is_null()) document_ = get("/api/v1/openapi.json").json;
    const ParamValue reference(ParamMap{{"$ref", "#/components/schemas/" + schema}});
    std::string text;
    for (const std::string& fault : schema_faults(answer, reference, document_))
        text += fault + "\n";
    return text;
}

std::string ApiFixture::launch_body(const std::string& spec, ParamMap more) const {
    ParamMap body{{"spec", spec}, {"file_name", "sweep.yaml"}, {"cwd", "/tmp"}};
    body.insert(body.end(), more.begin(), more.end());
    return to_json(ParamValue(std::move(body)));
}

std::string ApiFixture::launch(const std::string& spec, ParamMap more) {
    const ApiReply reply = post("/api/v1/sweeps", launch_body(spec, std::move(more)));
    if (reply.status != 201) throw std::runtime_error("launch: " + reply.http.body);
    return reply.text("id");
}

}  // namespace sweepctl::test
