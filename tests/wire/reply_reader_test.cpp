#include "wire/reply_reader.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;
using State = ReplyReader::State;

namespace {

struct Outcome {
    State state = State::head;
    int status = 0;
    std::string body;
    std::size_t used = 0;
    bool keeps_alive = false;
    std::string error;
};

Outcome read(const std::string& bytes,
             std::size_t step,
             bool ended = false,
             bool head_request = false) {
    ReplyReader reader(head_request);
    Outcome outcome;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        std::string_view piece = std::string_view(bytes).substr(at, step);
        while (!piece.empty() && reader.state() != State::done && reader.state() != State::failed) {
            const auto used = reader.feed(piece, outcome.body);
            outcome.used += used;
            piece.remove_prefix(used);
        }
    }
    if (ended) reader.end();
    outcome.state = reader.state();
    outcome.status = reader.reply().status;
    outcome.keeps_alive = reader.keeps_alive();
    outcome.error = reader.error();
    return outcome;
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";

}  // namespace

TEST_CASE("reply reader: every framing is read, in one piece and byte by byte", "[wire]") {
    struct Row {
        std::string bytes;
        int status;
        std::string body;
        bool keeps_alive;
    };
    const auto row = GENERATE_COPY(values<Row>({
        {kOk + "Content-Length: 5\r\n\r\nhello", 200, "hello", true},
        {kOk + "content-length:  5 \r\nConnection: Close\r\n\r\nhello", 200, "hello", false},
        {kOk + "Content-Length: 0\r\n\r\n", 200, "", true},
        {kOk + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", 200, "abc", true},
        {kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=1\r\n 0123456\r\n\r\n0\r\nT: "
               "1\r\n\r\n",
         200, "hello 0123456\r\n", true},
        {kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "", true},
        {"HTTP/1.1 204 No Content\r\n\r\n", 204, "", true},
        {"HTTP/1.1 304\r\nContent-Length: 7\r\n\r\n", 304, "", true},
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, "x", false},
        {"HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\nx", 200, "x", true},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + kOk +
             "Content-Length: 2\r\n\r\nok",
         200, "ok", true},
    }));
    CAPTURE(row.bytes);
    for (const std::size_t step : {row.bytes.size(), std::size_t{1}, std::size_t{3}}) {
        const auto outcome = read(row.bytes, step);
        CHECK(outcome.state == State::done);
        CHECK(outcome.status == row.status);
        CHECK(outcome.body == row.body);
        CHECK(outcome.used == row.bytes.size());
        CHECK(outcome.keeps_alive == row.keeps_alive);
    }
}

TEST_CASE("reply reader: without a length the connection's end is the end", "[wire]") {
    const auto outcome = read(kOk + "\r\nall that comes", 4, true);
    CHECK(outcome.state == State::done);
    CHECK(outcome.body == "all that comes");
    CHECK_FALSE(outcome.keeps_alive);
}

TEST_CASE("reply reader: it stops where the reply stops", "[wire]") {
    const auto outcome = read(kOk + "Content-Length: 2\r\n\r\nokHTTP/1.1 200", 1000);
    CHECK(outcome.body == "ok");
    CHECK(outcome.used == kOk.size() + 23);
    const auto head = read(kOk + "Content-Length: 2\r\n\r\nHTTP/1.1", 1000, false, true);
    CHECK(head.state == State::done);
    CHECK(head.body.empty());
}

TEST_CASE("reply reader: what is no reply is refused", "[wire]") {
    const std::string bytes = GENERATE_COPY(values<std::string>({
        "hello\r\n\r\n",
        "HTTP/2 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 OK\r\n\r\n",
        "HTTP/1.1 -20 OK\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\n\r\n",
        kOk + "no colon\r\n\r\n",
        kOk + ": no name\r\n\r\n",
        kOk + "a space: x\r\n\r\n",
        kOk + " folded\r\n\r\n",
        kOk + "Content-Length: -1\r\n\r\n",
        kOk + "Content-Length: 1x\r\n\r\n",
        kOk + "Content-Length:\r\n\r\n",
        kOk + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n",
        kOk + "Content-Length: 99999999999999999999\r\n\r\n",
        kOk + "Transfer-Encoding: gzip\r\n\r\n",
        kOk + "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\n\r\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\n11111111111111111\r\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\n1\n",
        kOk + "Transfer-Encoding: chunked\r\n\r\n1;" + std::string(20000, 'x'),
        kOk + "X: " + std::string(300000, 'x'),
    }));
    CAPTURE(bytes.substr(0, 100));
    for (const std::size_t step : {bytes.size(), std::size_t{1}}) {
        const auto outcome = read(bytes, step);
        CHECK(outcome.state == State::failed);
        CHECK_FALSE(outcome.error.empty());
    }
}

TEST_CASE("reply reader: an end too early is told apart by where it came", "[wire]") {
    CHECK(read("", 1, true).error == "the connection ended before the answer");
    CHECK(read("HTTP/1.1 20", 99, true).error == "the connection ended before the answer");
    CHECK(read(kOk + "Content-Length: 5\r\n\r\nhell", 99, true).error ==
          "the connection ended in the middle of the answer");
    CHECK(read(kOk + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n", 99, true).error ==
          "the connection ended in the middle of the answer");
}
