#include "client_records.hpp"

#include "sweepctl/core/json_text.hpp"

#include <utility>

namespace sweepctl {

NewSweep make_drawer(const std::string& id) {
    NewSweep drawer = make_sweep(id);
    drawer.record.loose = true;
    drawer.origin.method = "none";
    return drawer;
}

ProjectRow make_project(const std::string& name) {
    return ProjectRow{"local", name, at(1'795'341'600'000), std::nullopt};
}

Run with_client(Run run, std::uint64_t history_lines) {
    run.client.emplace();
    run.client->speaks = true;
    run.client->history_lines = history_lines;
    if (history_lines > 0) run.client->last_step = static_cast<std::int64_t>(history_lines) - 1;
    return run;
}

StreamLines make_lines(const std::string& run,
                       RunStream stream,
                       std::uint64_t first,
                       std::vector<std::string> lines) {
    return StreamLines{RunId(run), stream, first, std::move(lines)};
}

std::vector<std::string> history_of(std::int64_t first, std::size_t count) {
    std::vector<std::string> lines;
    for (std::int64_t step = first; lines.size() < count; ++step) {
        std::string line = "{\"_step\":" + std::to_string(step) + ",\"loss\":";
        append_json(line, 1.0 / static_cast<double>(step + 1));
        lines.push_back(line + "}");
    }
    return lines;
}

}  // namespace sweepctl
