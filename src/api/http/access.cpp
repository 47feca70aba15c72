#include "access.hpp"

#include "sweepctl/base/base64.hpp"
#include "sweepctl/wire/http_text.hpp"

#include <algorithm>
#include <cstdint>

namespace sweepctl {
namespace {

/// "host", "host:port", "[v6]", "[v6]:port": the host in lower case; empty when it is none of
/// these.
std::string host_of(std::string_view authority) {
    std::string_view host = authority;
    std::string_view port;
    const auto bracket = authority.find(']');
    if (!authority.empty() && authority.front() == '[' && bracket != std::string_view::npos) {
        host = authority.substr(0, bracket + 1);
        port = authority.substr(bracket + 1);
    } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
        host = authority.substr(0, colon);
        port = authority.substr(colon);
    }
    if (!port.empty() &&
        (port.front() != ':' || port.size() > 6 ||
         !std::all_of(port.begin() + 1, port.end(), [](char c) { return c >= '0' && c <= '9'; }))) {
        return {};
    }
    return lower(host);
}

bool is_loopback_name(std::string_view host) {
    return host == "127.0.0.1" || host == "localhost" || host == "[::1]";
}

bool equal_in_constant_time(std::string_view given, std::string_view expected) {
    // Walks over what was given, which tells an attacker only the length that he sent himself.
    unsigned difference = given.size() == expected.size() ? 0U : 1U;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const char other = expected.empty() ? '\0' : expected[i % expected.size()];
        difference |= static_cast<unsigned>(static_cast<unsigned char>(given[i]) ^
                                            static_cast<unsigned char>(other));
    }
    volatile unsigned result = difference;  // Keeps the loop whole.
    return result == 0;
}

}  // namespace

std::optional<Refusal> check_host_and_origin(const HttpRequest& request,
                                             std::string_view authority) {
    const auto* host = request.header("host");
    const std::string_view named = !authority.empty() ? authority
                                   : host             ? std::string_view(*host)
                                                      : std::string_view();
    if (!is_loopback_name(host_of(named))) {
        return Refusal{403, "host " + quoted(named) +
                                " is not this server: use 127.0.0.1, localhost or [::1]"};
    }
    for (const auto& [name, value] : request.headers) {
        if (!equal_ignoring_case(name, "origin")) continue;
        if (lower(value) != "http://" + lower(named)) {
            return Refusal{403, "requests made by pages of another origin are refused: " +
                                    quoted(value) + " is not 'http://" + std::string(named) + "'"};
        }
    }
    return std::nullopt;
}

std::optional<Refusal> check_token(const HttpRequest& request, std::string_view token) {
    const auto* authorization = request.header("authorization");
    if (!authorization) {
        return Refusal{401, "this address needs the token: send 'Authorization: Bearer TOKEN'"};
    }
    const std::string_view given = *authorization;
    const auto space = given.find(' ');
    const auto scheme = lower(given.substr(0, space));
    std::string secret;
    if (space != std::string_view::npos) {
        const auto credentials = trimmed(given.substr(space));
        if (scheme == "bearer") {
            secret = credentials;
        } else if (scheme == "basic") {
            const auto pair = base64_decode(credentials).value_or("");
            const auto colon = pair.find(':');
            if (colon != std::string::npos) secret = pair.substr(colon + 1);
        }
    }
    if (token.empty() || !equal_in_constant_time(secret, token)) {
        // What W&B's clients send as a password is a key to whoever reads their message.
        return Refusal{401, scheme == "basic" ? "wrong API key: 'sweepctl wandb-env' prints that of "
                                                "this server"
                                              : "wrong token"};
    }
    return std::nullopt;
}

}  // namespace sweepctl
