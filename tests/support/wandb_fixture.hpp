#pragma once

#include "support/world_fixture.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// What W&B's clients and agents say to the World of a Fixture, as the real ones do it.

namespace sweepctl::testing {

/// A sweep that goes on whatever its runs do.
inline SweepOptions plain(std::optional<std::uint64_t> size) {
    return with(size, [](SweepPolicy& policy) { policy.fail_fast.reset(); });
}

/// A W&B agent of one sweep.
class WandbAgent {
public:
    WandbAgent(Fixture& world, const SweepId& sweep) : world_(world) {
        id = world.ask(RegisterForeignAgent{{}, sweep, "far"}).agent;
    }
    /// Waits as it does, then asks; the runs that it has are in `live`.
    Answer beat(Duration wait = std::chrono::seconds{5}) {
        world_.pass(wait);
        return beat_now();
    }
    Answer beat_now(bool answer_lost = false) {
        return world_.ask(ForeignHeartbeat{{}, id, live, answer_lost, {}});
    }
    /// A run that it is given and starts; an empty id when it is given none.
    RunId take() {
        const Answer answer = beat();
        if (answer.commands.size() != 1) return {};
        live = {answer.commands[0].run};
        return answer.commands[0].run;
    }

    AgentId id;
    std::vector<RunId> live;

private:
    Fixture& world_;
};

/// The client in one process: wandb.init, log, finish.
class WandbClient {
public:
    WandbClient(Fixture& world, std::string name) : world_(world), name_(std::move(name)) {}

    [[nodiscard]] ClientRunName named() const { return {{}, "e", "p", name_, {}, false}; }
    /// The first words of wandb.init.
    Answer init(const std::optional<SweepId>& sweep = {}) {
        UpsertRun event;
        event.named = named();
        event.live = true;
        event.sweep = sweep;
        event.host = "there";
        event.details.config_json = R"({"_wandb":{"value":{"t":{}}}})";
        return say(std::move(event));
    }
    /// The same with resume=, which is told the numbers of lines.
    Answer resume(const RunId& known) {
        UpsertRun event;
        event.named.run = known;
        event.live = true;
        event.host = "there";
        return say(std::move(event));
    }
    /// What follows a little later.
    Answer environment() {
        UpsertRun event;
        event.named = named();
        event.live = true;
        event.details.config_json = R"({"_wandb":{"value":{"t":{},"e":{"w":{"os":"Linux"}}}}})";
        return say(std::move(event));
    }
    Answer say(UpsertRun event) {
        Answer answer = world_.ask(std::move(event));
        if (answer.code == AnswerCode::ok) run = answer.run;
        return answer;
    }
    /// A line of history with one number.
    Answer log(double value, const std::string& metric = "loss") {
        ClientStream post = empty();
        post.history = ClientStream::Lines{history_++, {line(metric, value)}};
        post.history_points = {{{metric, ParamValue(value)}}};
        return world_.ask(std::move(post));
    }
    Answer post() { return world_.ask(empty()); }
    Answer preempting() {
        ClientStream post = empty();
        post.preempting = true;
        return world_.ask(std::move(post));
    }
    Answer complete(int code) {
        ClientStream post = empty();
        post.complete = true;
        post.exit_code = code;
        return world_.ask(std::move(post));
    }
    [[nodiscard]] ClientStream empty() const {
        ClientStream post;
        post.named = named();
        return post;
    }
    [[nodiscard]] static std::string line(const std::string& metric, double value) {
        return "{\"" + metric + "\":" + std::to_string(value) + "}";
    }

    RunId run;

private:
    Fixture& world_;
    std::string name_;
    std::uint64_t history_ = 0;
};

}  // namespace sweepctl::testing
