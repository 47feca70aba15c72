#include "cli/id_word.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <vector>

namespace sweepctl::cli {

IdWord parse_id(const std::string& word) {
    std::vector<std::string> parts{""};
    for (const char c : word) {
        if (c == '/') {
            parts.emplace_back();
        } else {
            parts.back() += c;
        }
    }
    const bool empty_part = std::any_of(parts.begin(), parts.end(),
                                        [](const std::string& part) { return part.empty(); });
    if (parts.size() > 3 || empty_part) {
        throw CliError(kUsage, "'" + printable(word) + "' is not an id",
                       "an id is ID, PROJECT/ID or ENTITY/PROJECT/ID");
    }
    IdWord out;
    out.id = parts.back();
    if (parts.size() >= 2) out.project = parts[parts.size() - 2];
    if (parts.size() == 3) out.entity = parts[0];
    return out;
}

}  // namespace sweepctl::cli
