#include "api/wandb/stream_body.hpp"

#include "sweepctl/core/json_text.hpp"

#include "api/wandb/wire_json.hpp"

#include <limits>
#include <optional>
#include <utility>

namespace sweepctl::api {

namespace {

using Lines = ClientStream::Lines;
using Said = std::optional<std::string>;  // What is wrong; nullopt: nothing.

constexpr const char* kNothing = "{}";

Said wrong(std::string_view where, const char* what) {
    return "'" + std::string(where) + "' must be " + what;
}

Said read_flag(std::string_view name, const ParamValue& value, bool& flag) {
    if (value.is_null()) return std::nullopt;
    const bool* const given = value.get_if<bool>();
    if (given == nullptr) return wrong(name, "true or false");
    flag = *given;
    return std::nullopt;
}

Said read_lines(std::string_view name, ParamValue& value, Lines& lines) {
    auto* const chunk = std::get_if<ParamMap>(&value.content());
    if (chunk == nullptr) return wrong(name, "an object");
    for (auto& [key, part] : *chunk) {
        if (key == "offset") {
            const auto* const offset = part.get_if<std::int64_t>();
            if (offset == nullptr || *offset < 0)
                return wrong(std::string(name) + ".offset", "the number of a line");
            lines.offset = static_cast<std::uint64_t>(*offset);
        } else if (key == "content") {
            auto* const content = std::get_if<ParamList>(&part.content());
            if (content == nullptr) return wrong(std::string(name) + ".content", "a list of lines");
            lines.lines.reserve(content->size());
            for (ParamValue& item : *content) {
                auto* const line = std::get_if<std::string>(&item.content());
                if (line == nullptr)
                    return wrong(std::string(name) + ".content", "a list of lines");
                lines.lines.push_back(std::move(*line));
            }
        }
    }
    return std::nullopt;
}

/// The line as an object. One that is none becomes an empty one.
std::optional<ParamMap> object_of(std::string& line, StreamBody& into) {
    std::optional<ParamMap> object = json_object(line);
    if (!object) {
        line = kNothing;
        ++into.invalid_lines;
    }
    return object;
}

void take_history(Lines lines, StreamBody& into) {
    into.event.history_points.reserve(lines.lines.size());
    for (std::string& line : lines.lines) {
        std::optional<ParamMap> object = object_of(line, into);
        std::vector<MetricPoint>& points = into.event.history_points.emplace_back();
        if (!object) continue;
        if (const ParamValue* const step = find(*object, "_step")) {
            if (const auto* const number = step->get_if<std::int64_t>())
                into.event.last_step = *number;
        }
        points = logged_points(std::move(*object));
    }
    into.event.history = std::move(lines);
}

void take_events(Lines lines, StreamBody& into) {
    // Each kind of hardware has lines of its own.
    ParamMap latest;
    for (std::string& line : lines.lines) {
        std::optional<ParamMap> object = object_of(line, into);
        if (!object) continue;
        for (auto& [name, value] : *object) {
            ParamValue* known = nullptr;
            for (auto& [other, present] : latest)
                if (other == name) known = &present;
            if (known == nullptr) {
                latest.emplace_back(name, std::move(value));
            } else {
                *known = std::move(value);
            }
        }
    }
    if (!latest.empty()) into.event.details.system_metrics_json = strict_json(latest);
    into.event.events = std::move(lines);
}

/// Always the whole summary, in one line.
void take_summary(Lines lines, StreamBody& into) {
    if (lines.lines.empty()) return;
    std::optional<ParamMap> object = json_object(lines.lines.back());
    if (!object) {
        ++into.invalid_lines;
        return;
    }
    into.event.details.summary_json = strict_json(*object);
    into.event.summary_points = logged_points(std::move(*object));
}

Said read_files(ParamValue& value, StreamBody& into) {
    if (value.is_null()) return std::nullopt;
    auto* const files = std::get_if<ParamMap>(&value.content());
    if (files == nullptr) return wrong("files", "an object");
    for (auto& [name, chunk] : *files) {
        Lines lines;
        if (Said said = read_lines(name, chunk, lines)) return said;
        if (name == "wandb-history.jsonl") {
            take_history(std::move(lines), into);
        } else if (name == "wandb-events.jsonl") {
            take_events(std::move(lines), into);
        } else if (name == "wandb-summary.json") {
            take_summary(std::move(lines), into);
        } else if (name == "output.log") {
            into.event.output = std::move(lines);
        }
        // Others are the consoles of further processes of the run, which nobody shows.
    }
    return std::nullopt;
}

Said read_uploaded(const ParamValue& value) {
    if (value.is_null()) return std::nullopt;
    const auto* const names = value.get_if<ParamList>();
    if (names == nullptr) return wrong("uploaded", "a list of names");
    for (const ParamValue& name : *names)
        if (name.get_if<std::string>() == nullptr) return wrong("uploaded", "a list of names");
    // Each file was registered when its bytes came.
    return std::nullopt;
}

Said read_exit_code(const ParamValue& value, int& code) {
    if (value.is_null()) return std::nullopt;
    const auto* const number = value.get_if<std::int64_t>();
    if (number == nullptr || !std::in_range<int>(*number)) return wrong("exitcode", "an exit code");
    code = static_cast<int>(*number);
    return std::nullopt;
}

Said read_member(const std::string& name, ParamValue& value, StreamBody& into) {
    if (name == "files") return read_files(value, into);
    if (name == "uploaded") return read_uploaded(value);
    if (name == "preempting") return read_flag(name, value, into.event.preempting);
    if (name == "complete") return read_flag(name, value, into.event.complete);
    if (name == "exitcode") return read_exit_code(value, into.event.exit_code);
    return std::nullopt;  // Of a client newer or older than we know.
}

}  // namespace

Result<StreamBody, std::string> read_stream_body(std::string_view body) {
    Result<ParamValue, JsonError> parsed = parse_json(body);
    if (!parsed) {
        return Failure{"the body is not JSON: " + parsed.error().message + " at byte " +
                       std::to_string(parsed.error().offset)};
    }
    auto* const members = std::get_if<ParamMap>(&parsed->content());
    if (members == nullptr) return Failure{std::string("the body must be a JSON object")};
    StreamBody read;
    for (auto& [name, value] : *members) {
        if (Said said = read_member(name, value, read)) return Failure{std::move(*said)};
    }
    return read;
}

}  // namespace sweepctl::api
