#include "sweepctl/core/json_text.hpp"

#include "agent_peer.hpp"
#include "api_fixture.hpp"

#include <catch2/catch.hpp>

#include <future>
#include <string>

using namespace sweepctl;
using namespace sweepctl::test;

namespace {

std::string sweep_path(const std::string& id, const std::string& verb = {}) {
    return "/api/v1/sweeps/" + id + (verb.empty() ? "" : "/" + verb);
}

bool mentions(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("sweeps: they are listed newest first, in pages, and by status", "[api][sweeps]") {
    ApiFixture fixture;
    std::vector<std::string> ids;
    for (int i = 0; i < 5; ++i)
        ids.push_back(fixture.launch(kGridSpec, {{"paused", i % 2 == 0}}));
    std::string listed;
    std::string cursor;
    int pages = 0;
    do {
        const ApiReply page =
            fixture.get("/api/v1/sweeps?limit=2" + (cursor.empty() ? "" : "&cursor=" + cursor));
        REQUIRE(page.status == 200);
        CHECK(fixture.faults(page.json, "SweepPage") == "");
        for (const ParamValue& item : page.list("items")) {
            listed += *ApiReply::member(item, "id").get_if<std::string>() + " ";
            CHECK(ApiReply::member(item, "spec").is_null());
        }
        cursor = page.at("next_cursor").is_null() ? "" : page.text("next_cursor");
        ++pages;
    } while (!cursor.empty());
    CHECK(pages == 3);
    CHECK(listed == ids[4] + " " + ids[3] + " " + ids[2] + " " + ids[1] + " " + ids[0] + " ");

    CHECK(fixture.get("/api/v1/sweeps?status=paused").list("items").size() == 3);
    CHECK(fixture.get("/api/v1/sweeps?status=paused,pending").list("items").size() == 5);
    CHECK(fixture.get("/api/v1/sweeps?status=cancelled").list("items").empty());
    const ApiReply wrong = fixture.get("/api/v1/sweeps?status=pause");
    CHECK(wrong.status == 422);
    CHECK(mentions(wrong.text("detail"), "'status' must be made of pending, running"));
}

TEST_CASE("sweeps: pause, resume, stop and cancel say what they did", "[api][sweeps]") {
    ApiFixture fixture;
    const std::string id = fixture.launch(kGridSpec);
    const auto command = [&](const std::string& verb, int status, const std::string& expected) {
        CAPTURE(verb);
        const ApiReply reply = fixture.post(sweep_path(id, verb));
        CHECK(reply.status == status);
        if (status == 200) {
            CHECK(fixture.faults(reply.json, "Commanded") == "");
            CHECK(reply.text("status") == expected);
            CHECK(mentions(reply.text("message"), id));
        } else {
            CHECK(fixture.faults(reply.json, "Problem") == "");
            CHECK(reply.text("detail") == expected);
        }
    };
    command("pause", 200, "paused");
    command("pause", 200, "paused");
    command("resume", 200, "running");
    command("stop", 200, "stopped");
    command("pause", 409, "Cannot pause stopped sweep.");
    command("resume", 200, "running");
    command("cancel", 200, "cancelled");
    command("stop", 409, "Sweep already cancelled.");
    const ApiReply missing = fixture.post(sweep_path("no-such-sweep", "pause"));
    CHECK(missing.status == 404);
    CHECK(missing.text("detail") == "there is no sweep 'no-such-sweep'");
}

TEST_CASE("sweeps: a prefix is enough where it is unique", "[api][sweeps]") {
    ApiFixture fixture;
    // Enough of them that two share their first letter.
    std::map<char, std::vector<std::string>> by_letter;
    for (int i = 0; i < 30; ++i) {
        const std::string id =
            fixture.launch(kGridSpec, {{"project", i % 2 == 0 ? "even" : "odd"}});
        by_letter[id.front()].push_back(id);
    }
    bool ambiguous = false;
    for (const auto& [letter, ids] : by_letter) {
        const ApiReply reply = fixture.get(sweep_path(std::string(1, letter)));
        if (ids.size() == 1) {
            CHECK(reply.text("id") == ids.front());
            continue;
        }
        ambiguous = true;
        CHECK(reply.status == 409);
        CHECK(fixture.faults(reply.json, "Problem") == "");
        CHECK(reply.list("candidates").size() == ids.size());
        CHECK(fixture.post(sweep_path(std::string(1, letter), "pause")).status == 409);
    }
    CHECK(ambiguous);
    const std::string whole = by_letter.begin()->second.front();
    CHECK(fixture.post(sweep_path(whole.substr(0, 7), "pause")).text("id") == whole);
    const std::string project = fixture.get(sweep_path(whole)).text("project");
    const std::string other = project == "even" ? "odd" : "even";
    CHECK(fixture.get(sweep_path(whole) + "?project=" + project).status == 200);
    CHECK(fixture.get(sweep_path(whole) + "?project=" + other).status == 404);
    CHECK(fixture.post(sweep_path(whole, "resume") + "?project=" + other).status == 404);
    CHECK(fixture.post(sweep_path(whole, "resume") + "?project=" + project + "&entity=tester")
              .status == 200);
}

TEST_CASE("sweeps: a deleted sweep is gone, its events stay", "[api][sweeps]") {
    ApiFixture fixture;
    const std::string id = fixture.launch(kGridSpec);
    const ApiReply reply = fixture.remove(sweep_path(id));
    CHECK(reply.status == 200);
    CHECK(fixture.faults(reply.json, "Done") == "");
    CHECK(fixture.get(sweep_path(id)).status == 404);
    CHECK(fixture.remove(sweep_path(id)).status == 404);
    std::string kinds;
    const ApiReply events = fixture.get("/api/v1/events");
    for (const ParamValue& event : events.list("items")) {
        if (ApiReply::member(event, "sweep") == ParamValue(id))
            kinds += *ApiReply::member(event, "kind").get_if<std::string>() + " ";
    }
    CHECK(kinds == "sweep_status sweep_deleted ");
}

TEST_CASE("sweeps: one with live runs is deleted only by force", "[api][sweeps]") {
    ApiFixture fixture;
    const std::string id = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.next<AckOrder>();
    CHECK(fixture.remove(sweep_path(id)).status == 409);
    auto removed =
        std::async(std::launch::async, [&] { return fixture.remove(sweep_path(id) + "?force=1"); });
    CHECK(agent.next<SignalOrder>().kind == SignalKind::kill);
    agent.exited(start.execution, 137);
    CHECK(removed.get().status == 200);
    CHECK(fixture.get(sweep_path(id)).status == 404);
    CHECK(fixture.get("/api/v1/runs/" + start.execution.run.text).status == 404);
}

TEST_CASE("sweeps: cancel answers when the runs are dead, after the grace", "[api][sweeps]") {
    ApiFixture fixture;
    const std::string id = fixture.launch(kGridSpec);
    AgentPeer agent(fixture.unix_address());
    agent.hello("a1");
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.next<AckOrder>();
    auto cancelled = std::async(std::launch::async, [&] {
        return fixture.post(sweep_path(id, "cancel"), R"({"grace_ms": 50})");
    });
    CHECK(agent.next<SignalOrder>().kind == SignalKind::stop);
    CHECK(agent.next<SignalOrder>().kind == SignalKind::kill);
    CHECK(cancelled.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
    agent.exited(start.execution, 143);
    const ApiReply reply = cancelled.get();
    CHECK(reply.status == 200);
    CHECK(reply.text("status") == "cancelled");
    CHECK(fixture.post(sweep_path(id, "cancel"), R"({"grace_ms": -1})").status == 422);
    CHECK(fixture.post(sweep_path(id, "pause"), R"({"grace_ms": 1})").status == 422);
}

TEST_CASE("sweeps: explain says why nothing runs", "[api][sweeps]") {
    ApiFixture fixture;
    const std::string id = fixture.launch(kGridSpec);
    const ApiReply reply = fixture.get(sweep_path(id, "explain"));
    REQUIRE(reply.status == 200);
    CHECK(fixture.faults(reply.json, "Explanation") == "");
    CHECK(reply.text("summary") == "sweep " + id + " is pending");
    CHECK(mentions(to_json(reply.at("lines")), "no agent is connected"));
}

TEST_CASE("status: it says what there is", "[api][status]") {
    ApiFixture fixture;
    fixture.launch(kGridSpec);
    AgentPeer agent(fixture.tcp_address());
    agent.hello("a1", 3);
    const StartOrder start = agent.next<StartOrder>();
    agent.started(start.execution);
    agent.next<AckOrder>();
    const ApiReply status = fixture.get("/api/v1/status");
    CHECK(fixture.faults(status.json, "Status") == "");
    CHECK(status.text("version") == "1.2.3");
    CHECK(status.text("home") == fixture.home());
    CHECK(status.text("socket") == fixture.unix_path());
    CHECK(status.text("url") == "http://127.0.0.1:" + std::to_string(fixture.port()));
    CHECK(status.number("sweeps") == 1);
    CHECK(status.number("live_runs") == 1);
    CHECK(status.number("agents") == 1);

    const ApiReply health = fixture.get("/api/v1/health");
    CHECK(health.http.body == R"({"status":"ok"})");
    CHECK(fixture.faults(health.json, "Health") == "");

    const ApiReply metrics = fixture.get("/metrics");
    CHECK(mentions(metrics.header("Content-Type"), "text/plain"));
    CHECK(mentions(metrics.http.body, "sweepctl_runs{state=\"running\"} 1\n"));
    CHECK(mentions(metrics.http.body, "sweepctl_sweeps{status=\"running\"} 1\n"));
    CHECK(mentions(metrics.http.body, "sweepctl_agents{state=\"online\"} 1\n"));
    CHECK(mentions(metrics.http.body, "sweepctl_slots 3\n"));
    CHECK(mentions(metrics.http.body, "sweepctl_store_trouble 0\n"));
}

TEST_CASE("shutdown: it is answered when it happens", "[api][status]") {
    ApiFixture fixture;
    CHECK(fixture.post("/api/v1/shutdown", R"({"cancel": "no"})").status == 422);
    CHECK_FALSE(fixture.on_loop([&] { return fixture.shutdown_asked(); }));
    const ApiReply reply = fixture.post("/api/v1/shutdown", R"({"cancel": true})");
    CHECK(reply.status == 202);
    CHECK(fixture.faults(reply.json, "Leaving") == "");
    CHECK(reply.number("live_runs") == 0);
    CHECK(fixture.on_loop([&] { return fixture.shutdown_asked(); }) == true);

    fixture.on_loop([&] { fixture.api().begin_shutdown(); });
    CHECK(fixture.post("/api/v1/sweeps", fixture.launch_body(kGridSpec)).status == 503);
    CHECK(fixture.get("/api/v1/sweeps").status == 200);
}
