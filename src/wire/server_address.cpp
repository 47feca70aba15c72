#include "sweepctl/wire/server_address.hpp"

#include "sweepctl/wire/http_text.hpp"

#include <charconv>
#include <utility>

namespace sweepctl {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::uint16_t kDefaultPort = 9127;

Failure<std::string> not_an_address(std::string_view url, const std::string& why) {
    return Failure{"bad server address " + quoted(url) + ": " + why +
                   "; use http://HOST:PORT or unix:/PATH"};
}

}  // namespace

Result<ServerAddress, std::string> ServerAddress::parse(std::string_view url, std::string token) {
    ServerAddress address;
    for (const char c : token) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) {
            return Failure{std::string("the token holds a space or a control character")};
        }
    }
    address.token = std::move(token);
    if (url.starts_with("unix:") || url.starts_with('/')) {
        auto path = url.starts_with('/') ? url : url.substr(5);
        if (path.starts_with("//")) path.remove_prefix(2);  // unix:///path
        if (path.empty()) return not_an_address(url, "the path is missing");
        address.unix_path = path;
        return address;
    }
    if (url.starts_with("https://")) return not_an_address(url, "https is not supported yet");
    if (!url.starts_with(kScheme)) return not_an_address(url, "it does not begin with http://");
    auto rest = url.substr(kScheme.size());
    while (rest.ends_with('/'))
        rest.remove_suffix(1);
    if (rest.find_first_of("/?#@ ") != std::string_view::npos) {
        return not_an_address(url, "more than a host and a port");
    }
    std::string_view port;
    if (rest.starts_with('[')) {
        const auto bracket = rest.find(']');
        if (bracket == std::string_view::npos) return not_an_address(url, "a ']' is missing");
        address.host = rest.substr(1, bracket - 1);
        port = rest.substr(bracket + 1);
    } else {
        const auto colon = rest.find(':');
        address.host = rest.substr(0, colon);
        if (colon != std::string_view::npos) port = rest.substr(colon);
    }
    if (address.host.empty()) return not_an_address(url, "the host is missing");
    address.port = kDefaultPort;
    if (!port.empty()) {
        const auto* const end = port.data() + port.size();
        const auto read = std::from_chars(port.data() + 1, end, address.port);
        if (port.front() != ':' || read.ec != std::errc() || read.ptr != end || address.port == 0) {
            return not_an_address(url, "the port is not a number from 1 to 65535");
        }
    }
    return address;
}

std::string ServerAddress::describe() const {
    return is_unix() ? "unix:" + unix_path : "http://" + host_header();
}

std::string ServerAddress::host_header() const {
    if (is_unix()) return "localhost";
    const bool is_v6 = host.find(':') != std::string::npos;
    return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace sweepctl
