#include "api/wandb/upload_links.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/base/utf8.hpp"
#include "sweepctl/wire/http_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <initializer_list>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sweepctl::api {

namespace {

constexpr std::size_t kNameMax = 1024;
constexpr std::size_t kPartMax = 255;  // Of most file systems.
// What the token is used for here, so that no other use of it gives a signature away.
constexpr std::string_view kPurpose = "sweepctl upload address, version 1";
constexpr std::string_view kRun = "run";
constexpr std::string_view kUntil = "until";
constexpr std::string_view kSignature = "signature";

using Mac = std::array<unsigned char, 32>;

Mac hmac(std::string_view key, std::string_view text) {
    Mac mac{};
    unsigned length = 0;
    const unsigned char* const made =
        HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &length);
    SWEEPCTL_CHECK(made != nullptr && length == mac.size());
    return mac;
}

std::string hex(const Mac& mac) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : mac) {
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 0xfU];
    }
    return text;
}

std::string signature(const RunFileName& file,
                      std::string_view run,
                      std::string_view until,
                      std::string_view token) {
    const Mac key = hmac(token, kPurpose);
    std::string text;
    for (const std::string_view part : std::initializer_list<std::string_view>{
             file.entity, file.project, file.run, file.name, run, until}) {
        // With its length, so that no two lists of parts read alike.
        text += std::to_string(part.size());
        text += ':';
        text += part;
    }
    return hex(hmac({reinterpret_cast<const char*>(key.data()), key.size()}, text));
}

std::string encoded(std::string_view path) {
    std::string text;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t slash = std::min(path.find('/', at), path.size());
        text += '/' + percent_encode(path.substr(at, slash - at));
        at = slash + 1;
    }
    return text;
}

std::int64_t seconds(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

/// UTF-8, which JSON needs.
bool is_text(std::string_view name) {
    for (std::size_t at = 0; at < name.size();) {
        const CodePoint point = decode_utf8(name, at);
        if (!point.valid) return false;
        at += point.length;
    }
    return true;
}

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

}  // namespace

std::optional<std::string> clean_file_name(std::string_view name) {
    if (name.starts_with('/') || name.ends_with('/')) return std::nullopt;
    if (std::any_of(name.begin(), name.end(), is_control) || !is_text(name)) return std::nullopt;
    std::string clean;
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t slash = std::min(name.find('/', at), name.size());
        const std::string_view part = name.substr(at, slash - at);
        at = slash + 1;
        if (part.empty() || part == ".") continue;
        if (part == ".." || part.size() > kPartMax) return std::nullopt;
        if (!clean.empty()) clean += '/';
        clean += part;
    }
    if (clean.empty() || clean.size() > kNameMax) return std::nullopt;
    return clean;
}

std::string run_file_path(const RunFileName& file) {
    return "/files/" + percent_encode(file.entity) + "/" + percent_encode(file.project) + "/" +
           percent_encode(file.run) + encoded(file.name);
}

std::optional<std::string> signed_upload_path(const RunFileName& file,
                                              const RunId& run,
                                              WallTime until,
                                              std::string_view token) {
    if (token.empty()) return std::nullopt;
    const std::string end = std::to_string(seconds(until));
    return run_file_path(file) + "?" + std::string(kRun) + "=" + percent_encode(run.text) + "&" +
           std::string(kUntil) + "=" + end + "&" + std::string(kSignature) + "=" +
           signature(file, run.text, end, token);
}

bool is_signed(const HttpRequest& request,
               const RunFileName& file,
               WallTime now,
               std::string_view token) {
    const std::string* const run = request.query_value(kRun);
    const std::string* const until = request.query_value(kUntil);
    const std::string* const given = request.query_value(kSignature);
    if (token.empty() || run == nullptr || until == nullptr || given == nullptr) return false;
    const std::string right = signature(file, *run, *until, token);
    if (given->size() != right.size() ||
        CRYPTO_memcmp(given->data(), right.data(), right.size()) != 0) {
        return false;
    }
    std::int64_t end = 0;  // A number: we wrote it.
    std::from_chars(until->data(), until->data() + until->size(), end);
    return seconds(now) <= end;
}

std::optional<RunId> signed_run(const HttpRequest& request) {
    const std::string* const run = request.query_value(kRun);
    if (run == nullptr || request.query_value(kSignature) == nullptr) return std::nullopt;
    return RunId{*run};
}

}  // namespace sweepctl::api
