#include "cli/named_thing.hpp"

#include "cli/cli_error.hpp"
#include "cli/controller.hpp"
#include "cli/id_word.hpp"
#include "cli/json_view.hpp"
#include "cli/text.hpp"

namespace sweepctl::cli {

NamedThing find_sweep_or_run(Controller& controller, const std::string& word) {
    const auto sweep = controller.find(id_target("sweeps", word));
    const auto run = controller.find(id_target("runs", word));
    const std::string typed = parse_id(word).id;
    const auto id_of = [](const std::optional<ParamValue>& thing) {
        return thing ? text_field(*thing, "id") : std::string{};
    };
    if (sweep && run && id_of(sweep) != typed && id_of(run) != typed) {
        throw CliError(kUsage, "'" + printable(word) + "' may be sweep " +
                                   cell_text(field(*sweep, "id")) + " or run " +
                                   cell_text(field(*run, "id")));
    }
    if (sweep && (!run || id_of(sweep) == typed)) return {"sweeps", id_of(sweep)};
    if (run) return {"runs", id_of(run)};
    throw CliError(kNotFound, "there is no sweep or run '" + printable(word) + "'");
}

}  // namespace sweepctl::cli
