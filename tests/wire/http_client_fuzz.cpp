// Any bytes as a server's answer: the reader must neither fall nor read on for ever, and the pieces
// they come in must not matter.
#include "sweepctl/base/check.hpp"
#include "sweepctl/wire/http_text.hpp"
#include "sweepctl/wire/server_address.hpp"

#include "wire/event_reader.hpp"
#include "wire/reply_reader.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using namespace sweepctl;

std::string read_reply(std::string_view bytes, std::size_t step, bool head_request) {
    ReplyReader reader(head_request);
    std::string body;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        auto piece = bytes.substr(at, step);
        while (!piece.empty() && reader.state() != ReplyReader::State::done &&
               reader.state() != ReplyReader::State::failed) {
            const auto before = reader.state();
            const auto used = reader.feed(piece, body);
            SWEEPCTL_CHECK(used <= piece.size());
            SWEEPCTL_CHECK(used > 0 || reader.state() != before);
            piece.remove_prefix(used);
        }
    }
    reader.end();
    if (reader.state() == ReplyReader::State::failed) return "failed";
    std::string all = std::to_string(reader.reply().status) + body;
    for (const auto& [name, value] : reader.reply().headers)
        all += name + ":" + value + ";";
    return all;
}

std::string read_events(std::string_view bytes, std::size_t step) {
    EventReader reader;
    std::string all;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        reader.feed(bytes.substr(at, step), [&](const ServerEvent& event) {
            all += event.id + "|" + event.name + "|" + event.data + ";";
            return true;
        });
    }
    return all + reader.last_event_id();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
    const std::size_t step = data[0] % 64 == 0 ? 1 : data[0] % 64;
    const bool head_request = data[0] >= 192;
    SWEEPCTL_CHECK(read_reply(bytes, bytes.size(), head_request) ==
                   read_reply(bytes, step, head_request));
    SWEEPCTL_CHECK(read_events(bytes, bytes.size()) == read_events(bytes, step));

    SWEEPCTL_CHECK(percent_decode(percent_encode(bytes), Plus::is_plus) == bytes);
    static_cast<void>(percent_decode(bytes, Plus::is_space));
    if (const auto address = ServerAddress::parse(bytes); address && !address->is_unix()) {
        const auto again = ServerAddress::parse(address->describe());
        SWEEPCTL_CHECK(again && again->host == address->host && again->port == address->port);
    }
    return 0;
}
