#include "cli/gpu_list.hpp"

#include "cli/cli_error.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace sweepctl::cli {

namespace {

constexpr int kGpusMax = 1024;

int number(std::string_view text) {
    int value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() && value < kGpusMax ? value
                                                                                        : -1;
}

/// One word between commas: an id or, for numbers, a range of them.
std::vector<std::string> ids_of(std::string_view word) {
    if (word.empty()) throw CliError(kUsage, "--gpus takes a list like 0,1,4-7, or auto, or none");
    const std::size_t dash = word.find('-');
    const int first = dash == std::string_view::npos ? -1 : number(word.substr(0, dash));
    const int last = dash == std::string_view::npos ? -1 : number(word.substr(dash + 1));
    // Also a UUID or a MIG name, which may hold dashes.
    if (first < 0 || last < first) return {std::string(word)};
    std::vector<std::string> ids;
    for (int id = first; id <= last; ++id)
        ids.push_back(std::to_string(id));
    return ids;
}

}  // namespace

std::optional<std::vector<std::string>> parse_gpu_list(std::string_view words) {
    if (words == "auto") return std::nullopt;
    if (words == "none") return std::vector<std::string>{};
    std::vector<std::string> ids;
    std::unordered_set<std::string> seen;
    for (std::size_t at = 0; at <= words.size();) {
        const std::size_t end = std::min(words.find(',', at), words.size());
        for (std::string& id : ids_of(words.substr(at, end - at))) {
            if (!seen.insert(id).second) {
                throw CliError(kUsage, "--gpus names GPU '" + printable(id) + "' twice");
            }
            ids.push_back(std::move(id));
        }
        at = end + 1;
    }
    return ids;
}

}  // namespace sweepctl::cli
