#include "sweepctl/wire/server_address.hpp"

#include <catch2/catch.hpp>

#include <string>

using namespace sweepctl;

TEST_CASE("server address: hosts, ports and sockets are read", "[wire]") {
    struct Row {
        std::string url;
        std::string described;
        std::string host_header;
    };
    const auto row = GENERATE(values<Row>({
        {"http://127.0.0.1:8080", "http://127.0.0.1:8080", "127.0.0.1:8080"},
        {"http://gpu-box/", "http://gpu-box:9127", "gpu-box:9127"},
        {"http://[::1]:80", "http://[::1]:80", "[::1]:80"},
        {"unix:/run/s", "unix:/run/s", "localhost"},
        {"unix:///run/s", "unix:/run/s", "localhost"},
        {"/run/s", "unix:/run/s", "localhost"},
    }));
    const auto address = ServerAddress::parse(row.url, "secret");
    REQUIRE(address);
    CHECK(address->describe() == row.described);
    CHECK(address->host_header() == row.host_header);
    CHECK(address->token == "secret");
}

TEST_CASE("server address: what is none is refused with a reason", "[wire]") {
    const std::string url =
        GENERATE("", "127.0.0.1", "ftp://x", "https://x", "http://", "http://x:0", "http://x:99999",
                 "http://x:8a", "http://[::1", "http://x/path", "http://u@x", "unix:");
    const auto address = ServerAddress::parse(url);
    REQUIRE_FALSE(address);
    CHECK(address.error().find("'" + url + "'") != std::string::npos);
    CHECK_FALSE(ServerAddress::parse("http://x", "two words"));
}
