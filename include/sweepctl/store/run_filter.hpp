#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Which runs: `state = failed and config.lr >= 1e-3`, or W&B's `{"state": "failed"}`. Pure: text
// in, a tree out, and values in, a verdict out.

namespace sweepctl {

/// Where a key's value comes from.
enum class KeySource : std::uint8_t {
    field,    ///< of the run itself: state, exit_code, created_at ...
    config,   ///< a parameter
    summary,  ///< the last value of a metric
    either,   ///< a bare name: a parameter or a metric; to be settled before the filter is used
};

struct RunKey {
    KeySource source = KeySource::field;
    std::string name;        ///< without `config.` or `summary.`
    std::size_t offset = 0;  ///< where it stands in the text
};

/// What is wrong with a filter or a sort key, and where.
struct FilterError {
    std::size_t offset = 0;  ///< byte of the text
    std::string message;
};

/// Looks a run's values up. nullptr: the run has none. Times are integers, milliseconds since 1970.
class RunValues {
public:
    virtual ~RunValues() = default;
    [[nodiscard]] virtual const ParamValue* value(const RunKey& key) const = 0;
};

class RunFilter {
public:
    struct Node;
    explicit RunFilter(std::unique_ptr<Node> root);
    RunFilter(RunFilter&&) noexcept;
    RunFilter& operator=(RunFilter&&) noexcept;
    ~RunFilter();

    /// Throws std::runtime_error when a regular expression would take too long.
    [[nodiscard]] bool matches(const RunValues& values) const;
    /// Every key, in order of the text; the source of those that are `either` is to be set.
    [[nodiscard]] std::vector<RunKey*> keys();

private:
    std::unique_ptr<Node> root_;
};

/// Reads either form. A key that a run has not: `=`, `<`, `in`, `~` are false, `!=` is true, and it
/// equals null. Values of different kinds are unequal and not ordered.
[[nodiscard]] Result<RunFilter, FilterError> parse_run_filter(std::string_view text);

/// Reads one key as a filter or `--sort` names it.
[[nodiscard]] Result<RunKey, FilterError> parse_run_key(std::string_view text);

/// The run fields that keys may name, for messages and completion.
[[nodiscard]] const std::vector<std::string_view>& run_field_names();

/// `path` in `map`: the literal name first, then the groups that its dots may mean.
[[nodiscard]] const ParamValue* find_path(const ParamMap& map, std::string_view path);

}  // namespace sweepctl
