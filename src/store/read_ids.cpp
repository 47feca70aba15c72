#include "sweepctl/store/reader.hpp"

#include "store/read_session.hpp"

namespace sweepctl {

namespace {

constexpr std::string_view kSweep =
    "SELECT sweeps.id FROM sweeps WHERE sweeps.deleted = 0"
    " AND (?2 = '' OR sweeps.project = ?2) AND (?3 = '' OR sweeps.entity = ?3)";
constexpr std::string_view kSweepIs = " AND sweeps.id = ?1";
constexpr std::string_view kSweepBegins =
    " AND sweeps.id >= ?1 AND sweeps.id < ?4 ORDER BY sweeps.id LIMIT 10";
constexpr std::string_view kRun =
    "SELECT runs.id FROM runs JOIN sweeps ON sweeps.key = runs.sweep WHERE sweeps.deleted = 0"
    " AND (?2 = '' OR sweeps.project = ?2) AND (?3 = '' OR sweeps.entity = ?3)";
constexpr std::string_view kRunIs = " AND runs.id = ?1";
constexpr std::string_view kRunBegins =
    " AND runs.id >= ?1 AND runs.id < ?4 ORDER BY runs.id LIMIT 10";

/// The first text after all that begin with `prefix`, bytewise; nullopt: there is none.
std::optional<std::string> after_prefix(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff)
        prefix.pop_back();
    if (prefix.empty()) return std::nullopt;
    prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

IdMatch match(ReadSession& session,
              const IdQuery& query,
              std::string_view select,
              std::string_view is,
              std::string_view begins) {
    const auto end = after_prefix(query.prefix);
    if (!end) return {};
    {
        sqlite::Rows row = session.statement(std::string(select) + std::string(is))
                               .query(query.prefix, query.project, query.entity);
        if (row.next()) return {IdMatch::Kind::found, row.string(0), {}};
    }
    IdMatch found;
    sqlite::Statement& statement = session.statement(std::string(select) + std::string(begins));
    sqlite::Rows row = statement.query(query.prefix, query.project, query.entity, *end);
    while (row.next())
        found.candidates.push_back(row.string(0));
    if (found.candidates.size() > 1) {
        found.kind = IdMatch::Kind::ambiguous;
    } else if (!found.candidates.empty()) {
        found.kind = IdMatch::Kind::found;
        found.id = std::move(found.candidates.front());
        found.candidates.clear();
    }
    return found;
}

}  // namespace

IdMatch match_sweep_id(ReadSession& session, const IdQuery& query) {
    return match(session, query, kSweep, kSweepIs, kSweepBegins);
}

IdMatch match_run_id(ReadSession& session, const IdQuery& query) {
    return match(session, query, kRun, kRunIs, kRunBegins);
}

}  // namespace sweepctl
