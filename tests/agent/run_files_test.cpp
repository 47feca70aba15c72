#include "sweepctl/agent/run_files.hpp"

#include "sweepctl/aio/event_loop.hpp"
#include "sweepctl/aio/timer.hpp"

#include "support/launch_fixture.hpp"

#include <catch2/catch.hpp>

#include <fstream>
#include <string>

using namespace sweepctl;
using namespace sweepctl::testing;

namespace {

const RunId kRun{"r"};

void append(const std::string& path, const std::string& text) {
    std::ofstream(path, std::ios::app | std::ios::binary) << text;
}

}  // namespace

TEST_CASE("run files: growth of the output is told once for each time that it is followed",
          "[agent][metrics]") {
    TemporaryFolder folder;
    const std::string metrics = folder / "r.1.metrics.jsonl";
    const std::string output = folder / "r.1.log";
    append(output, "begin\n");
    EventLoop loop;
    int grown = 0;
    int metrics_grown = 0;
    RunFilesEvents events;
    events.output_changed = [&](const RunId&, std::uint32_t) {
        ++grown;
        append(output, "more\n");  // Not followed: not told.
        append(metrics, "{}\n");   // Told after whatever was told before it.
    };
    events.metrics_changed = [&](const RunId&, std::uint32_t) {
        ++metrics_grown;
        loop.stop();
    };
    const auto files = make_run_files(loop.context(), events);
    files->follow(kRun, 1, metrics);
    files->follow_output(kRun, 1, output);
    files->follow_output(kRun, 1, output);
    append(output, "x\n");
    Timer patience(loop.context());
    patience.after(std::chrono::duration_cast<std::chrono::milliseconds>(kPatience),
                   [&] { loop.stop(); });
    loop.run();
    CHECK(grown == 1);
    CHECK(metrics_grown == 1);
    files->follow_output(kRun, 1, output);
    append(output, "y\n");
    loop.run();
    CHECK(grown == 2);
    files->follow_output(kRun, 1, output);
    files->unfollow(kRun, 1);
    files->follow(kRun, 2, folder / "r.2.metrics.jsonl");
    append(output, "z\n");
    append(folder / "r.2.metrics.jsonl", "{}\n");  // What is told comes in order.
    loop.run();
    CHECK(grown == 2);
    CHECK(metrics_grown == 3);
}

TEST_CASE("run files: output without metrics is looked through in long stretches",
          "[agent][metrics]") {
    TemporaryFolder folder;
    const std::string path = folder / "log";
    std::string prose;
    while (prose.size() < 3 * kMetricsPiece)
        prose += "all is well and the weather is fine\n";
    append(path, prose + "loss=1\n" + prose + "loss=2\n" + std::string(3 * kMetricsLineMax, '.') +
                     "\nloss=3\n" + prose + prose + prose + prose + prose + prose + "loss=4");
    EventLoop loop;
    const auto files = make_run_files(loop.context(), {});
    const auto read = [&](std::uint64_t offset) {
        return files->read_metrics(path, offset, MetricsFormat::printed_pairs, true);
    };
    const MetricsChunk first = read(0);
    CHECK(first.lines == std::vector<std::string>{"{\"loss\":1}", "{\"loss\":2}"});
    CHECK(first.offset_end >= kOutputStretch - 2 * kMetricsLineMax);
    std::vector<std::string> rest;
    std::uint64_t offset = first.offset_end;
    for (;;) {
        const MetricsChunk chunk = read(offset);
        if (chunk.offset_end == offset) break;
        offset = chunk.offset_end;
        rest.insert(rest.end(), chunk.lines.begin(), chunk.lines.end());
        REQUIRE_FALSE(chunk.invalid);
    }
    CHECK(rest == std::vector<std::string>{"{\"loss\":3}", "{\"loss\":4}"});
}

TEST_CASE("run files: those of an execution are found by its output", "[agent][metrics]") {
    TemporaryFolder folder;
    for (const std::string sweep : {"a", "b"})
        REQUIRE(std::system(("mkdir " + (folder / sweep)).c_str()) == 0);
    append(folder / "b/r.2.log", "");
    EventLoop loop;
    const auto files = make_run_files(loop.context(), {});
    CHECK(files->locate(folder.path(), kRun, 2) == folder / "b/r.2");
    CHECK(files->locate(folder.path(), kRun, 1).empty());
    CHECK(files->locate(folder / "none", kRun, 1).empty());
}

TEST_CASE("run files: one that became shorter is read from its beginning", "[agent][metrics]") {
    TemporaryFolder folder;
    const std::string path = folder / "r.1.metrics.jsonl";
    append(path, "{\"a\":1}\n{\"a\":2}\n");
    EventLoop loop;
    const auto files = make_run_files(loop.context(), {});
    const auto read = [&](std::uint64_t offset) {
        return files->read_metrics(path, offset, MetricsFormat::metrics_file, false);
    };
    CHECK_FALSE(read(16).truncated);
    CHECK(read(16).offset_end == 16);
    std::ofstream(path, std::ios::trunc) << "";
    CHECK(read(16).truncated);
    CHECK(read(16).offset_end == 0);
    append(path, "{\"a\":3}\n{\"a\"");
    const MetricsChunk anew = read(16);
    CHECK(anew.truncated);
    CHECK(anew.lines == std::vector<std::string>{"{\"a\":3}"});
    CHECK(anew.offset_end == 8);
    CHECK_FALSE(read(8).truncated);
}
