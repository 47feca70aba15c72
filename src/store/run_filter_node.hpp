#pragma once

#include "sweepctl/store/run_filter.hpp"

#include "store/text_pattern.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The tree that both forms of a filter are read into.

namespace sweepctl {

enum class FilterOp : std::uint8_t {
    all,   ///< of the children; true without any
    any,   ///< of the children; false without any
    none,  ///< of the children
    equal,
    less,
    less_equal,
    greater,
    greater_equal,
    matches,
    exists,
};

/// A value to compare with. A bare word of the text form (not in quotes) also equals a text that
/// reads the same: `id = 12345678`.
struct FilterLiteral {
    ParamValue value;
    std::optional<std::string> bare;
};

struct RunFilter::Node {
    FilterOp op = FilterOp::all;
    std::vector<std::unique_ptr<Node>> children;  ///< of all, any, none
    RunKey key;                                   ///< of the comparisons, as the rest
    FilterLiteral literal;
    std::optional<TextPattern> pattern;  ///< exactly when `matches`
    bool any_element = false;            ///< a list meets it when one of its elements does
};

using FilterNode = std::unique_ptr<RunFilter::Node>;

[[nodiscard]] FilterNode make_group(FilterOp op, std::vector<FilterNode> children);
[[nodiscard]] FilterNode make_not(FilterNode child);
[[nodiscard]] FilterNode make_comparison(FilterOp op, RunKey key, FilterLiteral literal = {});

/// `key op literal` with the literal checked against, and turned into, what a run field of that
/// name holds: a moment, a state, a flag, a number. Literals of parameters and metrics stay as they
/// are.
[[nodiscard]] Result<FilterNode, FilterError> make_checked_comparison(FilterOp op,
                                                                      const RunKey& key,
                                                                      FilterLiteral literal,
                                                                      std::size_t literal_offset);

/// Nesting beyond this is refused.
inline constexpr int kFilterDepthMax = 64;
inline constexpr std::size_t kFilterLengthMax = 65'536;

[[nodiscard]] Result<FilterNode, FilterError> parse_filter_words(std::string_view text);
[[nodiscard]] Result<FilterNode, FilterError> parse_filter_mongo(std::string_view text,
                                                                 FilterWords words);
/// Reads a whole key; `offset` is where it stands, for errors.
[[nodiscard]] Result<RunKey, FilterError> read_run_key(std::string_view name,
                                                       std::size_t offset,
                                                       FilterWords words);
/// The field whose value is a list.
[[nodiscard]] bool is_list_field(const RunKey& key);

}  // namespace sweepctl
