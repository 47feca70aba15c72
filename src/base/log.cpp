#include "sweepctl/base/log.hpp"

// spdlog and fmt are compiled into this one file: as shared libraries they would cost every start
// of the program more than the rest of its start-up together, and Debian has no static ones.
#define SPDLOG_HEADER_ONLY
#define FMT_HEADER_ONLY
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

namespace sweepctl {
namespace {

constexpr std::size_t kFileSizeMax = std::size_t{16} << 20;
constexpr std::size_t kOldFiles = 3;
constexpr char kHex[] = "0123456789abcdef";
constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%e%z %l: %v";

spdlog::level::level_enum to_spdlog(LogLevel level) {
    switch (level) {
        case LogLevel::debug: return spdlog::level::debug;
        case LogLevel::info: return spdlog::level::info;
        case LogLevel::warn: return spdlog::level::warn;
        case LogLevel::error: return spdlog::level::err;
        case LogLevel::off: return spdlog::level::off;
    }
    return spdlog::level::off;
}

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
    auto logger = std::make_shared<spdlog::logger>("sweepctl", std::move(sink));
    logger->set_pattern(kPattern);
    logger->set_level(spdlog::level::debug);  // log_enabled() has decided already.
    logger->flush_on(spdlog::level::debug);   // What happened just before a crash matters most.
    return logger;
}

// The log is the one thing that every thread may use without being handed it.
std::atomic<LogLevel>& threshold() {
    static std::atomic<LogLevel> level{LogLevel::info};
    return level;
}

std::atomic<std::shared_ptr<spdlog::logger>>& current() {
    // Never destroyed, so that destructors of other static objects may still log.
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables)
    static auto* const logger = new std::atomic<std::shared_ptr<spdlog::logger>>(
        make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>()));
    return *logger;
}

bool is_plain(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
}

std::string escape(std::string_view text) {
    std::string escaped;
    escaped.reserve(text.size() + 8);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte != 0x7f) {
            escaped += c;
        } else if (c == '\n') {
            escaped += "\\n";
        } else {
            escaped += "\\x";
            escaped += kHex[byte >> 4];
            escaped += kHex[byte & 15];
        }
    }
    return escaped;
}

}  // namespace

Outcome<std::string> init_log(LogLevel level, const std::string& file_path) {
    try {
        spdlog::sink_ptr sink;
        if (file_path.empty()) {
            sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
        } else {
            sink = std::make_shared<spdlog::sinks::rotating_file_sink_mt>(file_path, kFileSizeMax,
                                                                          kOldFiles);
        }
        current().store(make_logger(std::move(sink)));
    } catch (const std::exception& error) {
        return Failure{"cannot open the log file '" + file_path + "': " + error.what()};
    }
    threshold().store(level);
    return {};
}

bool log_enabled(LogLevel level) noexcept {
    return level >= threshold().load(std::memory_order_relaxed) && level != LogLevel::off;
}

void log_line(LogLevel level, std::string_view message) noexcept {
    if (!log_enabled(level)) return;
    try {
        const auto logger = current().load();
        if (is_plain(message)) {
            logger->log(to_spdlog(level), spdlog::string_view_t(message.data(), message.size()));
        } else {
            logger->log(to_spdlog(level), escape(message));
        }
    } catch (const std::exception&) {
        // Out of memory, or a full disk that spdlog could not report either: the program goes on.
        return;
    }
}

}  // namespace sweepctl
