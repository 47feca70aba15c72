#include "wire/event_reader.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace sweepctl;

namespace {

std::vector<std::string> read(EventReader& reader, const std::string& bytes, std::size_t step) {
    std::vector<std::string> events;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(std::string_view(bytes).substr(at, step), [&](const ServerEvent& event) {
            events.push_back(event.id + "|" + event.name + "|" + event.data);
            return true;
        });
    }
    return events;
}

}  // namespace

TEST_CASE("event reader: events are read whatever their line ends and pieces", "[wire]") {
    const std::string end = GENERATE("\n", "\r\n", "\r");
    std::string bytes =
        "\xef\xbb\xbf: hello\nid: 1\ndata: one\n\ndata: two\ndata\ndata:  lines\n\nevent: "
        "run\nid\ndata:x\n\n"
        "id: 9\n\nunknown: x\nretry: 250\nretry: soon\n:\n\nevent: nothing\n\ndata: last\n\ndata: "
        "torn\n";
    for (std::size_t at = 0; (at = bytes.find('\n', at)) != std::string::npos; at += end.size())
        bytes.replace(at, 1, end);
    for (const std::size_t step : {bytes.size(), std::size_t{1}, std::size_t{2}, std::size_t{5}}) {
        EventReader reader;
        CHECK(read(reader, bytes, step) == std::vector<std::string>{"1|message|one",
                                                                    "1|message|two\n\n lines",
                                                                    "|run|x", "9|message|last"});
        CHECK(reader.last_event_id() == "9");
        CHECK(reader.retry() == std::chrono::milliseconds(250));
    }
}

TEST_CASE("event reader: a torn event is forgotten, and so is its id", "[wire]") {
    EventReader reader;
    CHECK(read(reader, "id: 1\ndata: a\n\nid: 2\ndata: b\n", 100).size() == 1);
    CHECK(reader.last_event_id() == "1");
    reader.restart();
    CHECK(read(reader, "data: c\n\n", 100) == std::vector<std::string>{"1|message|c"});
}

TEST_CASE("event reader: it stops when it is told", "[wire]") {
    EventReader reader;
    int seen = 0;
    CHECK_FALSE(
        reader.feed("data: a\n\ndata: b\n\n", [&](const ServerEvent&) { return ++seen < 1; }));
    CHECK(seen == 1);
    CHECK(reader.stopped());
}

TEST_CASE("event reader: an event without an end is given up", "[wire]") {
    EventReader reader;
    const std::string piece(std::size_t{1} << 20, 'x');
    bool going = reader.feed("data: ", [](const ServerEvent&) { return true; });
    for (int i = 0; i < 70 && going; ++i)
        going = reader.feed(piece, [](const ServerEvent&) { return true; });
    CHECK_FALSE(going);
    CHECK_FALSE(reader.stopped());
}
