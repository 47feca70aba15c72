#include "api/named.hpp"

#include "sweepctl/base/shown.hpp"

#include "api/backend.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

std::string where(const IdQuery& query) {
    std::string text;
    if (!query.project.empty()) text += " in project '" + shown(query.project) + "'";
    if (!query.entity.empty()) text += " of '" + shown(query.entity) + "'";
    return text;
}

Problem none(std::string_view noun, const IdQuery& query) {
    return {404,
            "there is no " + std::string(noun) + " '" + shown(query.prefix) + "'" + where(query)};
}

Problem ambiguous(std::string_view noun,
                  std::string_view prefix,
                  const std::vector<std::string>& ids) {
    ParamList candidates;
    std::string list;
    for (const std::string& id : ids) {
        candidates.emplace_back(id);
        list += (list.empty() ? "" : ", ") + id;
    }
    return {409,
            std::string(noun) + " '" + shown(prefix) + "' is not unique: " + list,
            {{"candidates", std::move(candidates)}}};
}

template <typename Id>
Result<Id, Problem> id_of(std::string_view noun, const IdQuery& query, IdMatch match) {
    switch (match.kind) {
        case IdMatch::Kind::found: return Id{std::move(match.id)};
        case IdMatch::Kind::none: break;
        case IdMatch::Kind::ambiguous:
            return Failure{ambiguous(noun, query.prefix, match.candidates)};
    }
    return Failure{none(noun, query)};
}

bool lies_in(const SweepRecord* sweep, const IdQuery& query) {
    return sweep != nullptr && (query.project.empty() || sweep->project == query.project) &&
           (query.entity.empty() || sweep->entity == query.entity);
}

}  // namespace

Result<SweepId, Problem> match_sweep(ReadSession& session, const IdQuery& query) {
    return id_of<SweepId>("sweep", query, match_sweep_id(session, query));
}

Result<RunId, Problem> match_run(ReadSession& session, const IdQuery& query) {
    return id_of<RunId>("run", query, match_run_id(session, query));
}

void with_sweep(const CallPtr& call, std::function<void(const SweepId&)> then) {
    Backend& backend = call->backend();
    IdQuery query = call->id_query();
    SweepId exact{query.prefix};
    if (lies_in(backend.controller.world().find_sweep(exact), query)) {
        then(exact);
        return;
    }
    backend.read(
        call, Pace::quick,
        [query = std::move(query)](ReadSession& session) { return match_sweep(session, query); },
        std::move(then));
}

void with_run(const CallPtr& call, std::function<void(const RunId&)> then) {
    Backend& backend = call->backend();
    IdQuery query = call->id_query();
    RunId exact{query.prefix};
    const World& world = backend.controller.world();
    if (const Run* run = world.find_run(exact);
        run != nullptr && lies_in(world.find_sweep(run->sweep), query)) {
        then(exact);
        return;
    }
    backend.read(
        call, Pace::quick,
        [query = std::move(query)](ReadSession& session) { return match_run(session, query); },
        std::move(then));
}

void with_agent(const CallPtr& call, const std::function<void(const AgentId&)>& then) {
    const std::string& prefix = call->id();
    std::vector<std::string> found;
    for (const World::AgentView& agent : call->backend().controller.world().agents()) {
        const std::string& id = agent.record.id.text;
        if (id == prefix) {
            then(agent.record.id);
            return;
        }
        if (id.starts_with(prefix)) found.push_back(id);
    }
    if (found.size() == 1) {
        then(AgentId{found.front()});
    } else if (found.empty()) {
        call->refuse(none("agent", {prefix, {}, {}}));
    } else {
        constexpr std::size_t kShown = 10;
        if (found.size() > kShown) found.resize(kShown);
        call->refuse(ambiguous("agent", prefix, found));
    }
}

}  // namespace sweepctl::api
