#include "sweepctl/core/client_rules.hpp"

#include "support/wandb_fixture.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <limits>

// W&B's clients: runs of no sweep, the lines that they stream, and how they end.

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

std::vector<std::string> texts(const std::map<std::uint64_t, std::string>& lines) {
    std::vector<std::string> all;
    for (const auto& [number, line] : lines)
        all.push_back(std::to_string(number) + " " + line);
    return all;
}

}  // namespace

TEST_CASE("client: a run of no sweep", "[core][wandb]") {
    Fixture world;
    WandbClient client(world, "abc123");
    const Answer made = client.init();
    CHECK(made.code == AnswerCode::ok);
    CHECK(made.created);
    CHECK(client.run.text == "abc123");
    const Run& run = world.run(client.run);
    CHECK(run.state == RunState::running);
    CHECK(run.host == "there");
    CHECK(run.name == "run-1");
    CHECK(run.started_at == world.now().wall);
    CHECK_FALSE(run.claim);
    CHECK(world.record(run.sweep).loose);
    CHECK(world.record(run.sweep).project == "p");
    CHECK(world.world().sweep_ids().empty());
    CHECK_FALSE(client.init().created);  // Said twice, since the answer was lost.
    client.environment();
    CHECK(world.run(client.run).attempt == 1);
    SECTION("it finishes") {
        client.log(0.5);
        client.complete(0);
        CHECK(world.run(client.run).state == RunState::finished);
        CHECK(world.run(client.run).end_reason == EndReason::finish);
        client.complete(0);
        client.complete(1);
        client.environment();
        CHECK(world.run(client.run).state == RunState::finished);
    }
    SECTION("it fails") {
        client.complete(3);
        CHECK(world.run(client.run).state == RunState::failed);
        CHECK(world.run(client.run).exit_code == 3);
    }
    SECTION("it is silent") {
        world.pass(std::chrono::seconds{200});
        client.post();
        world.pass(std::chrono::seconds{299});
        CHECK(world.run(client.run).state == RunState::running);
        world.pass(std::chrono::seconds{1});
        CHECK(world.run(client.run).state == RunState::crashed);
        CHECK(world.run(client.run).end_reason == EndReason::heartbeat_lost);
        SECTION("and heard again (R8)") {
            client.post();
            CHECK(world.run(client.run).state == RunState::running);
            CHECK_FALSE(world.run(client.run).ended_at);
            world.pass(std::chrono::seconds{300});
            CHECK(world.run(client.run).state == RunState::crashed);
        }
        SECTION("and ended late (R9)") {
            client.complete(0);
            CHECK(world.run(client.run).state == RunState::finished);
            CHECK(world.run(client.run).attempt == 1);
        }
        SECTION("and its config was told late") {
            client.environment();
            CHECK(world.run(client.run).state == RunState::running);
            CHECK(world.run(client.run).attempt == 1);
        }
        SECTION("and started again") {
            client.init();
            CHECK(world.run(client.run).state == RunState::running);
            CHECK(world.run(client.run).attempt == 2);
        }
        SECTION("and cannot be retried") {
            CHECK(world.answer(world.retry(client.run, true)).code == AnswerCode::wrong_state);
        }
    }
    SECTION("no command is for where it lies") {
        const SweepId drawer = run.sweep;
        CHECK(world.answer(world.command(drawer, SweepCommand::cancel)).code ==
              AnswerCode::not_found);
        CHECK(world.answer(world.remove(drawer, true)).code == AnswerCode::not_found);
        CHECK(world.answer(world.enqueue(drawer, {})).code == AnswerCode::not_found);
        CHECK(world.ask(EditSweep{{}, drawer, "x", {}, {}, {}}).code == AnswerCode::not_found);
        CHECK(world.ask(RegisterForeignAgent{{}, drawer, "far"}).code == AnswerCode::not_found);
        UpsertRun event;
        event.named = {{}, "e", "p", "other", {}, false};
        event.sweep = drawer;
        CHECK(world.ask(std::move(event)).code == AnswerCode::invalid);
    }
    SECTION("a restart loses nobody's patience") {
        world.pass(std::chrono::seconds{290});
        world.restart();
        world.pass(std::chrono::seconds{299});
        CHECK(world.run(client.run).state == RunState::running);
        world.pass(std::chrono::seconds{1});
        CHECK(world.run(client.run).state == RunState::crashed);
    }
    SECTION("it is stopped") {
        CHECK(world.answer(world.stop_run(client.run)).code == AnswerCode::ok);
        CHECK(client.post().stop);
        client.complete(255);
        CHECK(world.run(client.run).state == RunState::killed);
    }
    SECTION("another one in the same drawer") {
        WandbClient other(world, "def456");
        other.init();
        CHECK(world.run(other.run).sweep == run.sweep);
        CHECK(world.run(other.run).number == 2);
    }
}

TEST_CASE("client: an ended run that is started again goes on (R24)", "[core][wandb]") {
    Fixture world;
    WandbClient client(world, "abc123");
    client.init();
    client.log(0.5);
    const int code = GENERATE(0, 1);
    client.complete(code);
    WandbClient again(world, "abc123");
    SECTION("by its name") {
        again.init();
    }
    SECTION("with resume=") {
        CHECK(again.resume(client.run).code == AnswerCode::ok);
    }
    const Run& run = world.run(client.run);
    CHECK(run.state == RunState::running);
    CHECK(run.attempt == 2);
    CHECK_FALSE(run.requeued);
    CHECK(run.summary.size() == 1);  // It goes on where it was.
    REQUIRE(world.attempts().size() == 1);
    CHECK(world.attempts()[0].state == (code == 0 ? RunState::finished : RunState::failed));
    CHECK(world.attempts()[0].exit_code == code);
    again.complete(0);
    CHECK(world.run(client.run).state == RunState::finished);
}

TEST_CASE("client: which run is meant", "[core][wandb]") {
    Fixture world;
    SECTION("names that cannot be ids get one of ours") {
        const std::string name =
            GENERATE(as<std::string>{}, "my run", "a.b", "-x", "ünï", std::string(65, 'a'));
        WandbClient client(world, name);
        client.init();
        CHECK(client.run.text.size() == 8);
        CHECK(world.run(client.run).client->wire_name == name);
        client.log(1.0);
        client.complete(0);
        CHECK(world.run(client.run).state == RunState::finished);
        const RunId first = client.run;
        client.init();
        CHECK(client.run == first);
        world.restart();
        client.environment();
        CHECK(client.run == first);
    }
    SECTION("a name that another project's run has") {
        WandbClient client(world, "abc123");
        client.init();
        const bool ended = GENERATE(true, false);
        if (ended) client.complete(0);
        UpsertRun event;
        event.named = {{}, "e", "other", "abc123", {}, false};
        event.live = true;
        event.host = "there";
        const Answer made = world.ask(std::move(event));
        CHECK(made.created);
        CHECK(made.run != client.run);
        CHECK(world.run(made.run).client->wire_name == "abc123");
        ClientStream post;
        post.named = {{}, "e", "other", "abc123", {}, false};
        CHECK(world.ask(std::move(post)).run == made.run);
        CHECK(client.post().run == client.run);
    }
    SECTION("ids that clients take are not given out again") {
        // The next ids of this World, as it would make them.
        const std::uint64_t next = 1;
        for (const std::uint64_t serial : {next, next + 2}) {
            WandbClient client(world, id_text(serial, 0));
            client.init();
            CHECK(client.run.text == id_text(serial, 0));
        }
        if (GENERATE(true, false)) world.restart();
        world.create_sweep(plain({}));
        world.connect("a", 2);
        CHECK(world.start(0).run.text == id_text(next + 1, 0));
        CHECK(world.start(1).run.text == id_text(next + 3, 0));
    }
    SECTION("by an id that nobody has") {
        UpsertRun event;
        event.named.run = RunId{"nosuchru"};
        CHECK(world.ask(std::move(event)).code == AnswerCode::not_found);
    }
    SECTION("a stream for a run that was deleted") {
        WandbClient client(world, "abc123");
        client.init();
        client.complete(0);
        world.remove(client.run);
        CHECK(client.post().code == AnswerCode::not_found);
        CHECK(client.init().created);
    }
}

TEST_CASE("client: lines are taken once, whatever is repeated", "[core][wandb]") {
    Fixture world;
    WandbClient client(world, "abc123");
    client.init();
    const auto history = [&](std::uint64_t offset, std::vector<double> values) {
        ClientStream post = client.empty();
        post.history.emplace();
        post.history->offset = offset;
        for (const double value : values) {
            post.history->lines.push_back("h" + std::to_string(static_cast<int>(value)));
            post.history_points.push_back({{"loss", ParamValue(value)}});
        }
        post.last_step = static_cast<std::int64_t>(offset + values.size()) - 1;
        CHECK(world.ask(std::move(post)).code == AnswerCode::ok);
    };
    const auto other = [&](RunStream stream, std::uint64_t offset, std::vector<std::string> lines) {
        ClientStream post = client.empty();
        (stream == RunStream::events ? post.events : post.output) =
            ClientStream::Lines{offset, std::move(lines)};
        CHECK(world.ask(std::move(post)).code == AnswerCode::ok);
    };
    using Texts = std::vector<std::string>;
    SECTION("history") {
        history(0, {0, 1});
        history(0, {0, 1});
        history(1, {1, 2, 3});
        CHECK(texts(world.lines(client.run, RunStream::history)) ==
              Texts{"0 h0", "1 h1", "2 h2", "3 h3"});
        CHECK(find(world.run(client.run).summary, "loss")->count == 4);
        CHECK(world.run(client.run).client->last_step == 3);
        history(6, {6});  // Something is missing; it is never refused.
        history(6, {6});
        CHECK(world.run(client.run).client->history_lines == 7);
        CHECK(find(world.run(client.run).summary, "loss")->count == 5);
    }
    SECTION("a program that begins again goes on behind what is there") {
        history(0, {0, 1});
        other(RunStream::events, 0, {"a", "b"});
        other(RunStream::output, 0, {"x", "y", "z"});
        client.complete(0);
        client.init();
        history(2, {2});
        other(RunStream::events, 0, {"c"});
        other(RunStream::events, 0, {"c"});
        other(RunStream::output, 0, {"w"});
        client.environment();  // Not one more program.
        other(RunStream::events, 1, {"d"});
        other(RunStream::output, 0, {"W", "V"});
        CHECK(texts(world.lines(client.run, RunStream::history)) == Texts{"0 h0", "1 h1", "2 h2"});
        CHECK(texts(world.lines(client.run, RunStream::events)) ==
              Texts{"0 a", "1 b", "2 c", "3 d"});
        CHECK(texts(world.lines(client.run, RunStream::output)) ==
              Texts{"0 x", "1 y", "2 z", "3 W", "4 V"});
    }
    SECTION("one that resumes counts on by itself") {
        other(RunStream::events, 0, {"a", "b"});
        client.complete(1);
        client.resume(client.run);
        other(RunStream::events, 2, {"c"});
        CHECK(texts(world.lines(client.run, RunStream::events)) == Texts{"0 a", "1 b", "2 c"});
    }
    SECTION("the last step is the greatest") {
        history(0, {0, 1, 2});
        CHECK(world.run(client.run).client->last_step == 2);
        ClientStream post = client.empty();
        post.history = ClientStream::Lines{3, {"{\"_step\":1}"}};  // Of a process that began anew.
        post.history_points = {{}};
        post.last_step = 1;
        world.ask(std::move(post));
        CHECK(world.run(client.run).client->history_lines == 4);
        CHECK(world.run(client.run).client->last_step == 2);
    }
    SECTION("offsets beyond all counting") {
        ClientStream post = client.empty();
        post.history = ClientStream::Lines{std::numeric_limits<std::uint64_t>::max(), {"x"}};
        CHECK(world.ask(std::move(post)).code == AnswerCode::invalid);
    }
    SECTION("over a restart") {
        history(0, {0, 1});
        world.restart();
        history(0, {0, 1, 2});
        CHECK(world.lines(client.run, RunStream::history).size() == 3);
    }
}

TEST_CASE("client: the summary says what a metric is now", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain({});
    options.policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
    const SweepId sweep = world.create_sweep(options);
    WandbAgent agent(world, sweep);
    const RunId id = agent.take();
    WandbClient client(world, id.text);
    client.init(sweep);
    client.log(0.5);
    ClientStream post = client.empty();
    post.details.summary_json = R"({"loss":0.2,"note":"x"})";
    post.summary_points = {{"loss", ParamValue(0.2)}, {"note", ParamValue("x")}};
    world.ask(post);
    world.ask(post);
    const MetricSummary* loss = find(world.run(id).summary, "loss");
    REQUIRE(loss != nullptr);
    CHECK(loss->count == 1);
    CHECK(loss->min == 0.2);
    CHECK(loss->max == 0.5);
    CHECK(loss->latest == 0.2);
    CHECK(world.record(sweep).best->value == 0.2);
    CHECK(world.details(id).summary_json == post.details.summary_json);
}

TEST_CASE("client: the sweep's metric is compared, however many others there are",
          "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain({});
    options.policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
    const SweepId sweep = world.create_sweep(options);
    WandbAgent agent(world, sweep);
    WandbClient client(world, agent.take().text);
    client.init(sweep);
    ClientStream post = client.empty();
    for (std::size_t k = 0; k < kMetricNamesMax; ++k)
        post.summary_points.push_back({"m" + std::to_string(k), ParamValue(1)});
    world.ask(post);
    SECTION("its lines") {
        client.log(0.5);
    }
    SECTION("its summary") {
        post.summary_points.push_back({"loss", ParamValue(0.5)});
        world.ask(post);
    }
    REQUIRE(world.record(sweep).best);
    CHECK(world.record(sweep).best->value == 0.5);
}

TEST_CASE("client: what it says about a run", "[core][wandb]") {
    Fixture world;
    WandbClient client(world, "abc123");
    client.init();
    UpsertRun event;
    event.named = client.named();
    event.live = true;
    event.display_name = "brave-fox-1";
    event.config = Config{{"lr", ParamValue(0.1)}};
    event.details.notes = "first";
    event.details.tags = {"a", "b"};
    world.ask(event);
    CHECK(world.run(client.run).name == "brave-fox-1");
    CHECK(world.run(client.run).config == *event.config);
    client.complete(0);
    UpsertRun later;  // Run.update()
    later.named.run = client.run;
    later.details.notes = "";
    later.config = Config{{"lr", ParamValue(0.2)}};
    CHECK(world.ask(later).code == AnswerCode::ok);
    CHECK(world.run(client.run).state == RunState::finished);
    CHECK(world.run(client.run).config == *later.config);
    CHECK(world.details(client.run).notes->empty());
    CHECK(world.details(client.run).tags->size() == 2);
    SECTION("the parameters of a sweep's run stay") {
        const SweepId sweep = world.create_sweep(plain({}));
        WandbAgent agent(world, sweep);
        const RunId id = agent.take();
        UpsertRun mine;
        mine.named = {{}, "e", "p", id.text, {}, false};
        mine.live = true;
        mine.config = Config{{"more", ParamValue(1)}, {"x", ParamValue(77)}};
        world.ask(std::move(mine));
        CHECK(world.run(id).config == Config{{"x", ParamValue(0)}});
    }
}

TEST_CASE("client: runs that the API makes", "[core][wandb]") {
    Fixture world;
    const RunState state = GENERATE(RunState::pending, RunState::running);
    CAPTURE(to_string(state));
    UpsertRun event;
    event.named = {{}, "e", "p", "made", {}, false};
    event.state = state;
    const Answer made = world.ask(std::move(event));
    CHECK(made.created);
    CHECK(world.run(made.run).state == state);
    world.pass(std::chrono::hours{24});
    CHECK(world.run(made.run).state == state);  // Nobody was ever heard.
    const auto becomes = [&](RunState to) {
        return world.ask(SetRunState{{}, {made.run, {}, {}, {}, {}, false}, to}).code;
    };
    SECTION("a client takes it over") {
        WandbClient client(world, "made");
        client.init();
        CHECK(world.run(made.run).state == RunState::running);
        world.pass(std::chrono::seconds{301});
        CHECK(world.run(made.run).state == RunState::crashed);
    }
    SECTION("a stream speaks for a running one") {
        WandbClient client(world, "made");
        client.post();
        CHECK(world.run(made.run).state == state);
        client.complete(0);
        CHECK(world.run(made.run).state ==
              (state == RunState::running ? RunState::finished : RunState::pending));
    }
    SECTION("stopped") {
        world.stop_run(made.run);
        CHECK(world.run(made.run).state == RunState::killed);
    }
    SECTION("failed, and pending again") {
        CHECK(becomes(RunState::failed) == AnswerCode::ok);
        CHECK(world.run(made.run).state == RunState::failed);
        CHECK(becomes(RunState::failed) == AnswerCode::ok);
        CHECK(becomes(RunState::pending) == AnswerCode::ok);
        CHECK(world.run(made.run).state == RunState::pending);
        CHECK(becomes(RunState::pending) == AnswerCode::ok);
    }
    SECTION("pending") {
        CHECK(becomes(RunState::pending) == AnswerCode::ok);
        CHECK(world.run(made.run).state == RunState::pending);
    }
    SECTION("not out of finished") {
        WandbClient client(world, "made");
        client.init();
        client.complete(0);
        CHECK(becomes(RunState::pending) == AnswerCode::wrong_state);
        CHECK(becomes(RunState::failed) == AnswerCode::wrong_state);
    }
    SECTION("never of a sweep's run") {
        world.create_sweep(plain({}));
        world.connect("a", 1);
        const RunId run = world.start(0).run;
        CHECK(world.ask(SetRunState{{}, {run, {}, {}, {}, {}, false}, RunState::failed}).code ==
              AnswerCode::wrong_state);
    }
}

TEST_CASE("client: in a run that our agent executes", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain(2);
    options.policy.metric = MetricGoal{"loss", Goal::minimize, std::nullopt};
    const SweepId sweep = world.create_sweep(options);
    world.connect("a", 1);
    const RunId id = world.start(0).run;
    const ExecutionRef execution = world.start(0);
    WandbClient client(world, id.text);
    client.init(sweep);
    CHECK(world.run(id).state == RunState::pending);  // The news of its start is on the way.
    CHECK(world.run(id).claim->phase == ClaimPhase::held);
    SECTION("finish() before the news of its start") {
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
        world.started("a", execution);
        world.exited("a", execution, 0);
        CHECK(world.run(id).settled());
        return;
    }
    world.started("a", execution);
    client.log(0.5);
    CHECK(world.record(sweep).best->run == id);
    SECTION("finish() counts, and its process may live on (R10)") {
        const int code = GENERATE(0, 2);
        client.complete(code);
        const RunState state = code == 0 ? RunState::finished : RunState::failed;
        CHECK(world.run(id).state == state);
        CHECK(world.run(id).end_reason == EndReason::finish);
        CHECK(world.run(id).process_alive());
        CHECK(world.starts().size() == 1);  // Its slot stays taken.
        client.complete(7);
        CHECK(world.run(id).exit_code == code);
        world.exited("a", execution, 9);
        CHECK(world.run(id).state == state);
        CHECK(world.run(id).exit_code == 9);
        CHECK(world.starts().size() == 2);
    }
    SECTION("its silence says nothing") {
        for (int k = 0; k < 40; ++k) {
            world.pass(std::chrono::seconds{10});
            world.heartbeat("a", {execution});
        }
        CHECK(world.run(id).state == RunState::running);
    }
    SECTION("when it is being stopped its process decides") {
        world.stop_run(id);
        CHECK_FALSE(client.post().stop);  // The signal is on its way.
        client.complete(0);
        CHECK(world.run(id).state == RunState::running);
        world.exited("a", execution, 0, SIGTERM);
        CHECK(world.run(id).state == RunState::killed);
    }
    SECTION("when it is preempted its process decides") {
        client.preempting();
        client.complete(1);
        CHECK(world.run(id).state == RunState::running);
        world.exited("a", execution, 1);
        CHECK(world.run(id).state == RunState::pending);
        CHECK(world.run(id).requeued);
    }
    SECTION("finish() of one whose agent is silent (R9)") {
        world.disconnect("a");
        world.pass(std::chrono::seconds{301});
        CHECK(world.run(id).state == RunState::crashed);
        client.post();
        CHECK(world.run(id).state == RunState::crashed);
        client.complete(0);
        CHECK(world.run(id).state == RunState::finished);
        world.hello("a", {execution}, {});
        CHECK(world.run(id).state == RunState::finished);
        world.exited("a", execution, 0);
        CHECK(world.run(id).settled());
    }
    SECTION("it ends by signal without a word") {
        world.signaled("a", execution, SIGKILL);
        CHECK(world.run(id).state == RunState::crashed);
        client.complete(0);  // Its other process was late; the kernel has said what happened.
        CHECK(world.run(id).state == RunState::crashed);
    }
    SECTION("cancel") {
        world.command(sweep, SweepCommand::cancel);
        world.signaled("a", execution, SIGKILL, SIGKILL);
        CHECK(world.run(id).state == RunState::killed);
        CHECK(client.post().stop);
    }
}

TEST_CASE("client: a run that it brings into a sweep", "[core][wandb]") {
    Fixture world;
    SweepOptions options = plain(2);
    options.policy.run_cap = 2;
    const SweepId sweep = world.create_sweep(options);
    WandbClient client(world, "mine");
    UpsertRun event;
    event.named = client.named();
    event.live = true;
    event.sweep = sweep;
    event.config = Config{{"x", ParamValue(0)}};
    client.say(std::move(event));
    CHECK(world.run(client.run).state == RunState::running);
    CHECK(world.run(client.run).suggestion == 0U);
    CHECK(world.status(sweep) == SweepStatus::running);
    SECTION("its cell is not given out again") {
        WandbAgent agent(world, sweep);
        const RunId other = agent.take();
        CHECK(world.run(other).config == Config{{"x", ParamValue(1)}});
        SECTION("nor is there more than run_cap") {
            WandbClient third(world, "third");
            CHECK(third.init(sweep).code == AnswerCode::invalid);
        }
    }
    SECTION("cancel ends it through its client") {
        world.command(sweep, SweepCommand::cancel);
        CHECK(world.run(client.run).state == RunState::running);
        CHECK(client.post().stop);
        client.complete(255);
        CHECK(world.run(client.run).state == RunState::killed);
        CHECK(world.run(client.run).end_reason == EndReason::cancel);
        client.init(sweep);
        CHECK(world.run(client.run).state == RunState::killed);
        WandbClient late(world, "late");
        CHECK(late.init(sweep).code == AnswerCode::invalid);
    }
    SECTION("cancel ends it in its silence") {
        world.command(sweep, SweepCommand::cancel);
        world.pass(std::chrono::seconds{301});
        CHECK(world.run(client.run).state == RunState::killed);
    }
    SECTION("it crashed before the sweep was cancelled, and is heard again") {
        world.pass(std::chrono::seconds{301});
        CHECK(world.run(client.run).state == RunState::crashed);
        CHECK(world.answer(world.retry(client.run)).code == AnswerCode::wrong_state);
        world.command(sweep, SweepCommand::cancel);
        CHECK(client.post().stop);
        CHECK(world.run(client.run).stopping);
    }
    SECTION("crashed, and started again by force") {
        world.pass(std::chrono::seconds{301});
        CHECK(world.answer(world.retry(client.run, true)).code == AnswerCode::ok);
        WandbAgent agent(world, sweep);
        CHECK(agent.take() == client.run);
    }
    SECTION("a sweep that nobody knows") {
        WandbClient lost(world, "lost");
        CHECK(lost.init(SweepId{"nosuchsw"}).code == AnswerCode::invalid);
    }
}

TEST_CASE("client: projects, files, and a sweep that is changed", "[core][wandb]") {
    Fixture world;
    CHECK(world.ask(CreateProject{{}, "e", "new", "words"}).code == AnswerCode::ok);
    REQUIRE(world.projects().size() == 1);
    CHECK(world.projects()[0].description == "words");

    WandbClient client(world, "abc123");
    client.init();
    client.complete(0);
    CHECK(world.ask(RegisterFile{{}, client.named(), "a/b.txt", 12, "md5=", "text/plain"}).code ==
          AnswerCode::ok);
    CHECK(world.files(client.run).at("a/b.txt").size == 12);
    CHECK(world.ask(DeleteFiles{{}, client.named(), {"a/b.txt", "none"}}).code == AnswerCode::ok);
    CHECK(world.files(client.run).empty());
    CHECK(world.ask(DeleteFiles{{}, {RunId{"nosuchru"}, {}, {}, {}, {}, false}, {"x"}}).code ==
          AnswerCode::not_found);

    const SweepId sweep = world.create_sweep(plain(5));
    EditSweep::Plan plan;
    plan.policy.run_cap = 3;
    plan.origin.spec = "other";
    plan.strategy = std::make_shared<CountingStrategy>(7);
    EditSweep edit{{}, sweep, "called", "words", {}, plan};
    CHECK(world.ask(edit).code == AnswerCode::ok);
    CHECK(world.record(sweep).name == "called");
    CHECK(world.record(sweep).description == "words");
    CHECK(world.record(sweep).expected_runs == 3U);
    CHECK(world.origin(sweep).spec == "other");
    world.connect("a", 1);
    CHECK(world.ask(edit).code == AnswerCode::wrong_state);
    edit.plan.reset();
    edit.name = "again";
    CHECK(world.ask(edit).code == AnswerCode::ok);
    CHECK(world.record(sweep).name == "again");
}

TEST_CASE("client: how its words about the end are judged", "[core][wandb][client_rules]") {
    using enum RunState;
    struct Row {
        bool stopping, told, preempting;
        int code;
        RunState state;
        EndReason reason;
        bool requeue;
    };
    using R = EndReason;
    constexpr bool y = true;
    constexpr bool n = false;
    const Row row = GENERATE(values<Row>({{n, n, n, 0, finished, R::finish, n},
                                          {n, n, n, 1, failed, R::finish, n},
                                          {n, n, n, 255, failed, R::finish, n},
                                          {y, n, n, 0, finished, R::finish, n},
                                          {y, n, n, 1, failed, R::finish, n},
                                          {y, y, n, 0, killed, R::stop_run, n},
                                          {y, y, n, 255, killed, R::stop_run, n},
                                          {n, n, y, 0, finished, R::finish, n},
                                          {n, n, y, 1, crashed, R::preempted, y},
                                          {y, n, y, 0, finished, R::finish, n},
                                          {y, n, y, 1, killed, R::stop_run, n},
                                          {y, y, y, 1, killed, R::stop_run, n}}));
    Run run;
    run.state = running;
    run.stopping = row.stopping;
    run.preempting = row.preempting;
    if (row.stopping) run.stop_reason = R::stop_run;
    run.client.emplace();
    run.client->told_to_stop = row.told;
    CAPTURE(row.stopping, row.told, row.preempting, row.code);
    const EndVerdict verdict = judge_complete(run, row.code);
    CHECK(verdict.requeue == row.requeue);
    if (!row.requeue) CHECK(verdict.state == row.state);
    CHECK(verdict.reason == row.reason);
    CHECK(verdict.exit_code == row.code);
}

TEST_CASE("client: how one tells a process that begins", "[core][wandb][client_rules]") {
    CHECK(is_first_config("{}"));
    CHECK(is_first_config(R"({"_wandb":{"value":{"t":{},"m":[]}}})"));
    CHECK(is_first_config(R"({"_wandb":{"value":{"e":{}}}})"));
    CHECK(is_first_config("no JSON"));
    CHECK_FALSE(is_first_config(R"({"_wandb":{"value":{"e":{"id":{"os":"Linux"}}}}})"));
    CHECK(is_run_id("abc-DEF_1"));
    for (const char* name : {"", "a.b", "-a", "a b", "ü", "a/b"})
        CHECK_FALSE(is_run_id(name));
}
