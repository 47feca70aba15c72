#include "api/wandb/stream_body.hpp"

#include "sweepctl/core/json_text.hpp"

#include "api/wandb/wire_json.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

namespace sweepctl::api {

namespace {

using Lines = ClientStream::Lines;
using Wrong = std::optional<StreamBodyError>;  // nullopt: nothing is.
using Kind = StreamBodyError::Kind;

constexpr const char* kNothing = "{}";

/// A body as far as it is read.
struct Reading : StreamBody {
    std::size_t names_room = kPointNamesMax;
};

Wrong wrong(std::string_view where, const char* what) {
    return StreamBodyError{Kind::malformed, "'" + std::string(where) + "' must be " + what};
}

Wrong too_large() {
    return StreamBodyError{Kind::too_large,
                           "the names of its values come to more than " +
                               std::to_string(kPointNamesMax >> 20U) + " MiB, groups included"};
}

Wrong read_flag(std::string_view name, const ParamValue& value, bool& flag) {
    if (value.is_null()) return std::nullopt;
    const bool* const given = value.get_if<bool>();
    if (given == nullptr) return wrong(name, "true or false");
    flag = *given;
    return std::nullopt;
}

Wrong read_lines(std::string_view name, ParamValue& value, Lines& lines) {
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
std::optional<ParamMap> object_of(std::string& line, Reading& into) {
    std::optional<ParamMap> object = json_object(line);
    if (!object) {
        line = kNothing;
        ++into.invalid_lines;
    }
    return object;
}

/// The step that a line of history is read by: the one that it names, else its number.
std::int64_t step_of(const std::optional<ParamMap>& object, std::uint64_t number) {
    const ParamValue* const named = object ? find(*object, "_step") : nullptr;
    if (named != nullptr) {
        if (const auto* const whole = named->get_if<std::int64_t>()) return *whole;
        constexpr double kLimit = 9e18;
        double scratch = 0.0;
        const double* const real = named->number(scratch);
        if (real != nullptr && std::abs(*real) <= kLimit)
            return static_cast<std::int64_t>(std::floor(*real));
    }
    constexpr auto kLast = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(number, kLast));
}

Wrong take_history(Lines lines, Reading& into) {
    into.event.history_points.reserve(lines.lines.size());
    std::uint64_t number = lines.offset;
    for (std::string& line : lines.lines) {
        std::optional<ParamMap> object = object_of(line, into);
        std::vector<MetricPoint>& points = into.event.history_points.emplace_back();
        const std::int64_t step = step_of(object, number++);
        into.event.last_step = std::max(into.event.last_step.value_or(step), step);
        if (!object) continue;
        auto logged = logged_points(std::move(*object), into.names_room);
        if (!logged) return too_large();
        points = std::move(*logged);
    }
    into.event.history = std::move(lines);
    return std::nullopt;
}

void take_events(Lines lines, Reading& into) {
    // Each kind of hardware has lines of its own.
    ParamMap latest;
    std::unordered_map<std::string, std::size_t> places;
    for (std::string& line : lines.lines) {
        std::optional<ParamMap> object = object_of(line, into);
        if (!object) continue;
        for (auto& [name, value] : *object) {
            const auto [place, fresh] = places.try_emplace(name, latest.size());
            if (fresh) {
                latest.emplace_back(std::move(name), std::move(value));
            } else {
                latest[place->second].second = std::move(value);
            }
        }
    }
    if (!latest.empty()) into.event.details.system_metrics_json = strict_json(latest);
    into.event.events = std::move(lines);
}

/// Always the whole summary, in one line.
Wrong take_summary(Lines lines, Reading& into) {
    if (lines.lines.empty()) return std::nullopt;
    std::optional<ParamMap> object = json_object(lines.lines.back());
    if (!object) {
        ++into.invalid_lines;
        return std::nullopt;
    }
    into.event.details.summary_json = strict_json(*object);
    auto points = logged_points(std::move(*object), into.names_room);
    if (!points) return too_large();
    into.event.summary_points = std::move(*points);
    return std::nullopt;
}

Wrong read_files(ParamValue& value, Reading& into) {
    if (value.is_null()) return std::nullopt;
    auto* const files = std::get_if<ParamMap>(&value.content());
    if (files == nullptr) return wrong("files", "an object");
    for (auto& [name, chunk] : *files) {
        Lines lines;
        if (Wrong why = read_lines(name, chunk, lines)) return why;
        if (name == "wandb-history.jsonl") {
            if (Wrong why = take_history(std::move(lines), into)) return why;
        } else if (name == "wandb-events.jsonl") {
            take_events(std::move(lines), into);
        } else if (name == "wandb-summary.json") {
            if (Wrong why = take_summary(std::move(lines), into)) return why;
        } else if (name == "output.log") {
            into.event.output = std::move(lines);
        }
        // Others are the consoles of further processes of the run, which nobody shows.
    }
    return std::nullopt;
}

Wrong read_uploaded(const ParamValue& value) {
    if (value.is_null()) return std::nullopt;
    const auto* const names = value.get_if<ParamList>();
    if (names == nullptr) return wrong("uploaded", "a list of names");
    for (const ParamValue& name : *names)
        if (name.get_if<std::string>() == nullptr) return wrong("uploaded", "a list of names");
    // Each file was registered when its bytes came.
    return std::nullopt;
}

Wrong read_exit_code(const ParamValue& value, int& code) {
    if (value.is_null()) return std::nullopt;
    const auto* const number = value.get_if<std::int64_t>();
    if (number == nullptr || !std::in_range<int>(*number)) return wrong("exitcode", "an exit code");
    code = static_cast<int>(*number);
    return std::nullopt;
}

Wrong read_member(const std::string& name, ParamValue& value, Reading& into) {
    if (name == "files") return read_files(value, into);
    if (name == "uploaded") return read_uploaded(value);
    if (name == "preempting") return read_flag(name, value, into.event.preempting);
    if (name == "complete") return read_flag(name, value, into.event.complete);
    if (name == "exitcode") return read_exit_code(value, into.event.exit_code);
    return std::nullopt;  // Of a client newer or older than we know.
}

}  // namespace

Result<StreamBody, StreamBodyError> read_stream_body(std::string_view body) {
    Result<ParamValue, JsonError> parsed = parse_json(body);
    if (!parsed) {
        return Failure{StreamBodyError{Kind::malformed,
                                       "the body is not JSON: " + parsed.error().message +
                                           " at byte " + std::to_string(parsed.error().offset)}};
    }
    auto* const members = std::get_if<ParamMap>(&parsed->content());
    if (members == nullptr)
        return Failure{StreamBodyError{Kind::malformed, "the body must be a JSON object"}};
    Reading read;
    for (auto& [name, value] : *members) {
        if (Wrong why = read_member(name, value, read)) return Failure{std::move(*why)};
    }
    return StreamBody(std::move(read));
}

}  // namespace sweepctl::api
