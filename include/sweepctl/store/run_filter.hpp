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
//
// `tags` is a list: it equals a text, and matches a pattern, when one of them does; a run without
// tags has no such value.

namespace sweepctl {

/// Where a key's value comes from.
enum class KeySource : std::uint8_t {
    field,    ///< of the run itself: state, exit_code, created_at ...
    config,   ///< a parameter
    summary,  ///< the last value of a metric
    tag,      ///< true where the run has that tag; no value elsewhere
    logged,   ///< true where the run ever logged that metric; no value elsewhere
    either,   ///< a bare name: a parameter or a metric. To be settled before the filter is used,
              ///< except in W&B's words, where each run answers by itself
};

/// Whose words keys are.
enum class FilterWords : std::uint8_t {
    ours,   ///< of `sweepctl runs`: `id`, and `name` for the name that people see
    wandb,  ///< of W&B's clients: `name` for the id, `display_name` for the other; Mongo form only
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
    /// Takes out the conditions `sweep = ID` that every run must meet, and returns their ids: what
    /// is left decides among the runs of those sweeps (there are none when they differ).
    [[nodiscard]] std::vector<std::string> take_sweeps();
    /// Whether it lets every run through.
    [[nodiscard]] bool is_empty() const;

private:
    std::unique_ptr<Node> root_;
};

/// Reads either form. A key that a run has not: `=`, `<`, `in`, `~` are false, `!=` is true, and it
/// equals null. Values of different kinds are unequal and not ordered.
[[nodiscard]] Result<RunFilter, FilterError> parse_run_filter(
    std::string_view text, FilterWords words = FilterWords::ours);

/// Reads one key as a filter or `--sort` names it.
[[nodiscard]] Result<RunKey, FilterError> parse_run_key(std::string_view text,
                                                        FilterWords words = FilterWords::ours);

/// The run fields that keys may name, for messages and completion.
[[nodiscard]] const std::vector<std::string_view>& run_field_names();

/// `path` in `map`: the literal name first, then the groups that its dots may mean.
[[nodiscard]] const ParamValue* find_path(const ParamMap& map, std::string_view path);

}  // namespace sweepctl
