#pragma once

#include "sweepctl/core/value.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

// Single members of JSON objects that are known to be whole, found in their text without reading
// the rest of it: filters ask a hundred thousand of them for one value each. A text that is no
// JSON object has no members; nothing worse happens.

namespace sweepctl {

/// Goes over the members of an object, one after the other.
class JsonMembers {
public:
    explicit JsonMembers(std::string_view object);

    /// False: there are no more.
    [[nodiscard]] bool next();
    /// Between the quotes, as written.
    [[nodiscard]] std::string_view raw_name() const { return name_; }
    /// What it says.
    [[nodiscard]] std::string name() const;
    [[nodiscard]] bool is_named(std::string_view name) const;
    /// The text of the value.
    [[nodiscard]] std::string_view value() const { return value_; }

private:
    [[nodiscard]] bool fail();
    void skip_space();
    [[nodiscard]] bool take(char c);
    [[nodiscard]] bool skip_string();
    [[nodiscard]] bool skip_value();

    std::string_view text_;
    std::size_t at_ = 0;
    std::string_view name_;
    std::string_view value_;
    bool plain_ = true;  // The string read last says what it looks like.
    bool first_ = true;
};

/// The text of the member called `name`; the first, if there are several.
[[nodiscard]] std::optional<std::string_view> json_member(std::string_view object,
                                                          std::string_view name);

/// As find_path(): the literal name first, then the groups that its dots may mean. With
/// `through_value` a step called `value` may stand for nothing, as W&B's config.lr.value does.
[[nodiscard]] std::optional<std::string_view> json_path(std::string_view object,
                                                        std::string_view path,
                                                        bool through_value = false);

/// The same in a config as W&B clients write it, where each entry is {"value": ...}.
[[nodiscard]] std::optional<std::string_view> wrapped_path(std::string_view config,
                                                           std::string_view path);

}  // namespace sweepctl
