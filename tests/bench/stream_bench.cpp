// How many lines a second W&B clients can hand over: every stream is a run of its own that sends a
// POST, waits until its lines are durable, and sends the next.
//
//   stream_bench PORT TOKEN STREAMS LINES METRICS SECONDS
//
// LINES a POST, METRICS a line. Prints lines a second, POSTs a second and the median time of a POST
// in milliseconds.

#include "sweepctl/wire/http_client.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace sweepctl;
using Clock = std::chrono::steady_clock;

struct Plan {
    std::uint16_t port = 0;
    std::string token;
    std::size_t streams = 1;
    std::size_t lines = 1000;
    std::size_t metrics = 3;
    double seconds = 3;
};

/// `"{\"_step\":1,\"m0\":0.123...}"`, each line another, joined with commas.
std::string lines_text(const Plan& plan) {
    std::string text;
    for (std::size_t line = 0; line < plan.lines; ++line) {
        text += line == 0 ? "\"{" : ",\"{";
        text += R"(\"_step\":)" + std::to_string(line);
        text += R"(,\"_runtime\":12.25,\"_timestamp\":1.7642330123456e+09)";
        for (std::size_t metric = 0; metric < plan.metrics; ++metric) {
            text += R"(,\"metric_)" + std::to_string(metric) + R"(\":0.)" +
                    std::to_string((line * 7919 + metric * 104729) % 1'000'000'007);
        }
        text += "}\"";
    }
    return text;
}

class Stream {
public:
    Stream(const Plan& plan, const std::string& text, std::string name)
        : plan_(plan), text_(text), name_(std::move(name)), client_([&plan] {
              ServerAddress address;
              address.host = "127.0.0.1";
              address.port = plan.port;
              address.token = plan.token;
              return address;
          }()) {
        post(
            "/graphql",
            R"({"query":"mutation { upsertBucket(input: {name: \")" + name_ +
                R"(\", modelName: \"bench\", entityName: \"bench\", host: \"h\"}) {inserted} }"})");
    }

    void run(Clock::time_point until) {
        const std::string target = "/files/bench/bench/" + name_ + "/file_stream";
        while (Clock::now() < until) {
            const auto begin = Clock::now();
            post(target, R"({"files":{"wandb-history.jsonl":{"offset":)" +
                             std::to_string(posts * plan_.lines) + R"(,"content":[)" + text_ +
                             "]}}}");
            times.push_back(
                std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
            ++posts;
        }
    }

    std::size_t posts = 0;
    std::vector<double> times;

private:
    void post(const std::string& target, std::string body) {
        HttpCall call;
        call.method = "POST";
        call.target = target;
        call.body = std::move(body);
        const Result<HttpReply, HttpError> reply = client_.request(call);
        if (!reply) throw std::runtime_error(reply.error().message);
        if (reply->status != 200) throw std::runtime_error(target + ": " + reply->body);
    }

    const Plan& plan_;
    const std::string& text_;
    std::string name_;
    HttpClient client_;
};

int measure(const Plan& plan) {
    const std::string text = lines_text(plan);
    std::vector<std::unique_ptr<Stream>> streams;
    const std::string batch = std::to_string(Clock::now().time_since_epoch().count());
    for (std::size_t i = 0; i < plan.streams; ++i)
        streams.push_back(
            std::make_unique<Stream>(plan, text, "b" + batch + "-" + std::to_string(i)));
    const auto begin = Clock::now();
    const auto until = begin + std::chrono::duration_cast<Clock::duration>(
                                   std::chrono::duration<double>(plan.seconds));
    std::vector<std::thread> threads;
    for (const auto& stream : streams)
        threads.emplace_back([&stream, until] { stream->run(until); });
    for (std::thread& thread : threads)
        thread.join();
    const double took = std::chrono::duration<double>(Clock::now() - begin).count();
    std::size_t posts = 0;
    std::vector<double> times;
    for (const auto& stream : streams) {
        posts += stream->posts;
        times.insert(times.end(), stream->times.begin(), stream->times.end());
    }
    if (times.empty()) return 1;
    std::sort(times.begin(), times.end());
    const auto per_second = [took](std::size_t count) { return static_cast<double>(count) / took; };
    std::printf("%.0f %.1f %.2f\n", per_second(posts * plan.lines), per_second(posts),
                times[times.size() / 2]);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 7) {
        std::fprintf(stderr, "usage: stream_bench PORT TOKEN STREAMS LINES METRICS SECONDS\n");
        return 2;
    }
    Plan plan;
    plan.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
    plan.token = argv[2];
    plan.streams = std::strtoul(argv[3], nullptr, 10);
    plan.lines = std::strtoul(argv[4], nullptr, 10);
    plan.metrics = std::strtoul(argv[5], nullptr, 10);
    plan.seconds = std::atof(argv[6]);
    try {
        return measure(plan);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "stream_bench: %s\n", error.what());
        return 1;
    }
}
