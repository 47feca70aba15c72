#include "sweepctl/agent/agent.hpp"
#include "sweepctl/agent/run_files.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace sweepctl;
using namespace std::chrono_literals;

// The agent's logic with one run, the run's two files, and a controller that this test plays.

namespace {

const RunId kRun{"r1"};
const SweepId kSweep{"s1"};
const std::string kStem = "/home/sweeps/s1/r1.1";
const ExecutionRef kExecution{kRun, 1, 7};

class FakeLauncher : public Launcher {
public:
    std::vector<JournalRecord> recover() override { return left; }
    void launch(LaunchRequest request) override { launched.push_back(std::move(request)); }
    bool adopt(const RunId&, std::uint32_t, const RunnerIdentity&) override { return true; }
    bool signal(const RunId&, std::uint32_t, RunnerOrder, int) override { return true; }
    void forget(const RunId&, std::uint32_t) override {}

    std::vector<JournalRecord> left;
    std::vector<LaunchRequest> launched;
};

class FakeFiles : public RunFiles {
public:
    void follow(const RunId&, std::uint32_t, const std::string&) override {}
    void unfollow(const RunId&, std::uint32_t) override { watched = false; }
    void follow_output(const RunId&, std::uint32_t, const std::string& path) override {
        CHECK(path == kStem + ".log");
        watched = true;
    }
    MetricsChunk read_metrics(const std::string& path,
                              std::uint64_t offset,
                              MetricsFormat format,
                              bool final) override {
        ++reads[path];
        const std::string& text = files[path];
        const bool truncated = offset > text.size();
        if (truncated) offset = 0;
        constexpr std::size_t kPiece = 64;
        const bool whole = text.size() - offset <= kPiece;
        MetricsChunk chunk = metrics_lines(std::string_view(text).substr(offset, kPiece), offset,
                                           final && whole, format);
        chunk.truncated = truncated;
        return chunk;
    }
    std::string locate(const std::string&, const RunId&, std::uint32_t) override {
        return files.contains(kStem + ".log") ? kStem : std::string();
    }
    LogChunk read_log(const std::string&, std::uint64_t, std::uint32_t) override { return {}; }
    std::vector<std::string> environment_of(int) override { return {"SWEEPCTL_SWEEP_ID=s1"}; }
    std::optional<int> program_pid(int) override { return std::nullopt; }

    std::map<std::string, std::string> files;
    std::map<std::string, int> reads;
    bool watched = false;
};

/// Takes lines in as the World does: those that go on where the last ones ended.
class Station : public AgentLink, public AgentClock {
public:
    bool send(const AgentMessage& message) override {
        if (const auto* metrics = std::get_if<MetricsLogged>(&message)) inbox.push_back(*metrics);
        if (const auto* hello = std::get_if<AgentHello>(&message)) note(hello->report);
        if (const auto* report = std::get_if<AgentReport>(&message)) note(*report);
        return true;
    }
    [[nodiscard]] AgentClockReading now() const override { return {{}, steady, 1}; }

    SteadyTime steady{1h};
    std::vector<MetricsLogged> inbox;
    std::uint64_t sequence = 0;
    bool end_told = false;

private:
    void note(const AgentReport& report) {
        sequence = report.sequence;
        end_told = end_told || !report.ended.empty();
    }
};

struct Fixture {
    explicit Fixture(StdoutMetrics kind, std::vector<JournalRecord> left = {}) {
        brief.sweep = kSweep;
        brief.command = {"train"};
        brief.stdout_metrics = kind;
        launcher.left = std::move(left);
    }
    void begin() {
        AgentSettings settings;
        settings.home = "/home";
        settings.record.slots = 1;
        agent.emplace(std::move(settings), launcher, files, station, station);
        agent->recover();
        agent->connected();
    }
    /// Brief and welcome, as the controller sends them to an agent that has runs already.
    void welcome() {
        agent->order(brief);
        agent->order(WelcomeOrder{{}, station.sequence, 0, {}});
    }
    void start() {
        begin();
        welcome();
        StartOrder order;
        order.execution = kExecution;
        order.sweep = kSweep;
        agent->order(order);
        files.files[kStem + ".log"];
        agent->journal({started()});
        agent->order(AckOrder{{}, station.sequence});
    }
    static Started started() { return {kRun, 1, 7, {100, 5, "boot"}, {}}; }
    static Ended ended() {
        Ended ended;
        ended.run = kRun;
        ended.attempt = 1;
        ended.fence = 7;
        ended.how = ProgramExited{0};
        ended.drained = true;
        return ended;
    }
    void print(const std::string& text) {
        files.files[kStem + ".log"] += text;
        if (std::exchange(files.watched, false)) agent->output_changed(kRun, 1);
    }
    void log(const std::string& text) {
        files.files[kStem + ".metrics.jsonl"] += text;
        agent->metrics_changed(kRun, 1);
    }
    /// Lets time pass to the agent's next deadline, but for heartbeats.
    bool wait() {
        const auto next = agent->next_deadline();
        if (!next || *next > station.steady + 1s) return false;
        station.steady = std::max(station.steady, *next);
        agent->tick();
        return true;
    }
    /// The controller takes in what came, and acknowledges it, until nothing more comes.
    void settle() {
        do {
            while (!station.inbox.empty()) {
                const MetricsLogged message = std::move(station.inbox.front());
                station.inbox.erase(station.inbox.begin());
                std::uint64_t& offset = offsets[message.source];
                ++messages;
                if (message.offset == offset &&
                    (message.offset_end > offset || message.truncated)) {
                    offset = message.offset_end;
                    std::vector<std::string>& to = taken[message.source];
                    to.insert(to.end(), message.lines.begin(), message.lines.end());
                }
                if (acknowledges)
                    agent->order(MetricsAck{{}, message.execution, message.source, offset});
            }
            if (acknowledges) agent->order(AckOrder{{}, station.sequence});
        } while (wait() || (acknowledges && !station.inbox.empty()));
    }
    std::vector<std::string> printed() { return taken[MetricsSource::output]; }
    std::vector<std::string> logged() { return taken[MetricsSource::file]; }

    SweepBrief brief;
    FakeLauncher launcher;
    FakeFiles files;
    Station station;
    std::optional<Agent> agent;
    std::map<MetricsSource, std::uint64_t> offsets;
    std::map<MetricsSource, std::vector<std::string>> taken;
    int messages = 0;
    bool acknowledges = true;
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("agent: what a run prints is read only where its sweep says so", "[agent][metrics]") {
    const StdoutMetrics kind =
        GENERATE(StdoutMetrics::none, StdoutMetrics::json, StdoutMetrics::kv);
    Fixture all(kind);
    all.start();
    all.print("hello\na=1\n{\"b\":2}\n");
    all.settle();
    all.agent->journal({Fixture::ended()});
    all.settle();
    CHECK(all.printed() == (kind == StdoutMetrics::none   ? Lines{}
                            : kind == StdoutMetrics::json ? Lines{"{\"b\":2}"}
                                                          : Lines{"{\"a\":1}"}));
    CHECK(all.station.end_told);
    if (kind == StdoutMetrics::none) CHECK(all.files.reads[kStem + ".log"] == 0);
}

TEST_CASE("agent: both files may hold metrics, each with its own offset", "[agent][metrics]") {
    Fixture all(StdoutMetrics::kv);
    all.start();
    for (int k = 0; k < 20; ++k) {
        all.print("step=" + std::to_string(k) + "\n");
        all.log("{\"k\":" + std::to_string(k) + "}\n");
        if (k % 3 == 0) all.settle();
    }
    all.print("last=1");  // Without a line's end.
    all.agent->journal({Fixture::ended()});
    all.settle();
    REQUIRE(all.printed().size() == 21);
    CHECK(all.printed()[19] == "{\"step\":19}");
    CHECK(all.printed()[20] == "{\"last\":1}");
    REQUIRE(all.logged().size() == 20);
    CHECK(all.logged()[19] == "{\"k\":19}");
    CHECK(all.station.end_told);
}

TEST_CASE("agent: prose is not told, and not read more often than now and then",
          "[agent][metrics]") {
    Fixture all(StdoutMetrics::kv);
    all.start();
    all.settle();
    const int reads = all.files.reads[kStem + ".log"];
    for (int k = 0; k < 1000; ++k)
        all.print("nothing to see here, move on\n");
    CHECK(all.files.reads[kStem + ".log"] <= reads + 1);
    all.settle();
    CHECK(all.messages == 0);
    CHECK_FALSE(all.station.end_told);
    all.print("loss=1\n");
    all.settle();
    CHECK(all.printed() == Lines{"{\"loss\":1}"});
    CHECK(all.messages == 1);
    // And it goes to sleep: the file's watch is what wakes it.
    CHECK(all.files.watched);
    CHECK_FALSE(all.wait());
}

TEST_CASE("agent: a file that the program cuts is read on from its beginning",
          "[agent][metrics]") {
    Fixture all(StdoutMetrics::none);
    all.start();
    const std::string path = kStem + ".metrics.jsonl";
    all.log("{\"k\":1}\n{\"k\":2}\n");
    all.settle();
    SECTION("seen while it is empty") {
        all.files.files[path].clear();
        all.log("");
        all.settle();
        CHECK(all.offsets[MetricsSource::file] == 0);
        all.log("{\"k\":3}\n{\"k\":4}\n{\"k\":5}\n");
    }
    SECTION("seen when it has something again") {
        all.files.files[path] = "{\"k\":3}\n";
        all.log("");
        all.settle();
        all.log("{\"k\":4}\n{\"k\":5}\n");
    }
    SECTION("the acknowledgement is lost with the link") {
        all.files.files[path] = "{\"k\":3}\n";
        all.acknowledges = false;
        all.log("");
        all.settle();
        all.acknowledges = true;
        all.agent->disconnected();
        all.agent->connected();
        all.welcome();
        all.log("{\"k\":4}\n{\"k\":5}\n");
    }
    all.settle();
    all.agent->journal({Fixture::ended()});
    all.settle();
    CHECK(all.logged() == Lines{"{\"k\":1}", "{\"k\":2}", "{\"k\":3}", "{\"k\":4}", "{\"k\":5}"});
    CHECK(all.station.end_told);
}

TEST_CASE("agent: the end waits until what was printed is acknowledged", "[agent][metrics]") {
    Fixture all(StdoutMetrics::json);
    all.start();
    all.settle();
    all.acknowledges = false;
    std::string prose;
    while (prose.size() < 500)
        prose += "nothing to see here\n";
    all.print(prose + "{\"a\":1}\n" + prose + "{\"a\":2}\n" + prose);
    all.agent->journal({Fixture::ended()});
    all.settle();
    CHECK(all.messages == 1);
    CHECK_FALSE(all.station.end_told);

    // Its acknowledgement is lost with the link: sent again, taken in once.
    all.agent->disconnected();
    all.agent->connected();
    all.acknowledges = true;
    all.welcome();
    all.settle();
    CHECK(all.printed() == Lines{"{\"a\":1}", "{\"a\":2}"});
    CHECK(all.station.end_told);
}

TEST_CASE("agent: one that takes over reads on, whether the run lives or has ended",
          "[agent][metrics]") {
    const bool lives = GENERATE(true, false);
    std::vector<JournalRecord> left{Fixture::started()};
    if (!lives) left.emplace_back(Fixture::ended());
    Fixture all(StdoutMetrics::kv, left);
    all.files.files[kStem + ".log"] = "a=1\nprose\na=2\n";
    all.offsets[MetricsSource::output] = 4;  // The first was taken in already.
    all.begin();
    CHECK_FALSE(all.station.end_told);
    all.welcome();
    all.settle();
    CHECK(all.printed() == Lines{"{\"a\":2}"});
    if (lives) {
        CHECK_FALSE(all.station.end_told);
        all.print("a=3\n");
        all.agent->journal({Fixture::ended()});
        all.settle();
        CHECK(all.printed() == Lines{"{\"a\":2}", "{\"a\":3}"});
    }
    CHECK(all.station.end_told);
}

TEST_CASE("agent: one that takes over is not held up where output holds no metrics",
          "[agent][metrics]") {
    Fixture all(StdoutMetrics::none, {Fixture::started(), Fixture::ended()});
    all.files.files[kStem + ".log"] = "a=1\n";
    all.begin();
    all.agent->order(WelcomeOrder{{}, all.station.sequence, 0, {}});  // Without a brief.
    all.settle();
    CHECK(all.station.end_told);
    CHECK(all.messages == 0);
    CHECK(all.files.reads[kStem + ".log"] == 0);
}

TEST_CASE("agent: a mistake in a metrics file is told once, garbage is not sent",
          "[agent][metrics]") {
    Fixture all(StdoutMetrics::none);
    all.start();
    std::string garbage;
    for (int k = 0; k < 100; ++k)
        garbage += "this is not a metric\n";
    all.log(garbage + "{\"a\":1}\n" + garbage);
    all.settle();
    all.agent->journal({Fixture::ended()});
    all.settle();
    CHECK(all.logged() == Lines{"{\"a\":1}"});
    CHECK(all.messages == 2);
    CHECK(all.station.end_told);
}
