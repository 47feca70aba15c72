#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl {

/// A chunk of a command, taken apart at its `${...}`. Braces inside nest; `$${` is a literal `${`,
/// and a `${` that is never closed is literal too.
class MacroText {
public:
    struct Piece {
        std::string_view text;  ///< the literal, or what stands between `${` and `}`
        bool literal = true;
    };

    /// Views `chunk`, which must live on.
    explicit MacroText(std::string_view chunk);

    /// What stands inside when the chunk is nothing but one `${...}`.
    [[nodiscard]] std::optional<std::string_view> whole() const;

    /// In order. What holds a `${` of its own is no piece, what is inside it is: `${a:${lr}}` gives
    /// the literal `${a:`, lr, and the literal `}`. But `${envvar:...}` is always one.
    [[nodiscard]] std::vector<Piece> pieces() const;

private:
    std::string_view chunk_;
    /// For each `{` of a `${`, the position of the `}` that closes it; in order.
    struct Braces {
        std::size_t open;
        std::size_t close;
    };
    std::vector<Braces> macros_;
};

/// `envvar:NAME` or `envvar:NAME:-default`.
struct EnvReference {
    std::string_view name;
    std::optional<std::string_view> fallback;
    bool valid = true;  ///< false: `name` cannot be the name of a variable

    /// nullopt where `inside` does not begin with `envvar:`.
    [[nodiscard]] static std::optional<EnvReference> read(std::string_view inside);
    [[nodiscard]] std::string complaint() const;
    static constexpr std::string_view kHint =
        "letters, digits and '_' make a name, as in '${envvar:HOME}'";
};

}  // namespace sweepctl
