#include "cli/spec_file.hpp"

#include "sweepctl/base/unique_fd.hpp"

#include "cli/cli_error.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <sys/random.h>
#include <unistd.h>

namespace sweepctl::cli {

namespace {

// A little more than parse_spec() takes, so that it is the one to say what is too large.
constexpr std::size_t kReadLimit = (std::size_t{4} << 20) + 1;

[[noreturn]] void cannot_read(const std::string& path, int error) {
    throw CliError(kError,
                   "cannot read the spec '" + printable(path) + "': " + std::strerror(error));
}

std::string read_up_to_limit(int fd, const std::string& path) {
    std::string text;
    std::array<char, 65536> buffer{};
    while (text.size() < kReadLimit) {
        const ssize_t got = ::read(fd, buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) cannot_read(path, errno);
        if (got == 0) break;
        text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
}

}  // namespace

SpecFile read_spec_file(const std::string& path) {
    if (path == "-") return {"<stdin>", read_up_to_limit(STDIN_FILENO, path)};
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid()) cannot_read(path, errno);
    return {path, read_up_to_limit(file.get(), path)};
}

SweepSpec checked_spec(Session& session, const SpecFile& file, bool strict, Say say) {
    ParsedSpec parsed = parse_spec(file.text, SpecOptions{.strict = strict});
    if (say == Say::warnings) {
        std::erase_if(parsed.diagnostics,
                      [](const Diagnostic& d) { return d.severity == Severity::note; });
    }
    session.messages.text(render(parsed.diagnostics, printable(file.name), file.text));
    if (!parsed.spec) {
        const auto errors = static_cast<std::uint64_t>(
            std::count_if(parsed.diagnostics.begin(), parsed.diagnostics.end(),
                          [](const Diagnostic& d) { return d.severity == Severity::error; }));
        throw CliError(kError, "'" + printable(file.name) + "' has " + plural(errors, "error"));
    }
    return std::move(*parsed.spec);
}

std::unique_ptr<SearchStrategy> strategy_of(const SweepSpec& spec, std::uint64_t seed) {
    switch (spec.method) {
        case Method::grid:
        case Method::random:
        case Method::bayes: return make_strategy(spec.space, spec.search_options(seed));
        case Method::custom: break;
    }
    throw CliError(kError,
                   "there is no search for method '" + std::string(to_string(spec.method)) + "'",
                   "use 'grid' or 'random'");
}

std::optional<std::uint64_t> expected_runs(const SweepSpec& spec, const SearchStrategy& strategy) {
    const std::optional<std::uint64_t> size = strategy.size();
    if (!spec.policy.run_cap) return size;
    return size ? std::min(*size, *spec.policy.run_cap) : spec.policy.run_cap;
}

std::uint64_t drawn_seed() {
    // 32 bits, since a person may have to type it.
    std::uint32_t seed = 0;
    if (::getrandom(&seed, sizeof seed, 0) != static_cast<ssize_t>(sizeof seed)) {
        throw CliError(kError, "the kernel gives no random number", "give one with --seed");
    }
    return seed;
}

bool uses_seed(const SweepSpec& spec) {
    return spec.method != Method::grid || spec.order == GridOrder::random;
}

}  // namespace sweepctl::cli
