#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace sweepctl::cli {

enum class Style { plain, bold, dim, red, green, yellow, blue, cyan };

/// What one output stream can show. Looked up once; only the width is asked for again.
class Terminal {
public:
    /// Looks at the descriptor, NO_COLOR, TERM and the locale variables.
    static Terminal of(int fd);

    /// No terminal behind it: plain text of any width.
    Terminal() = default;
    Terminal(bool interactive, bool colours, bool unicode, std::size_t width)
        : interactive_(interactive), colours_(colours), unicode_(unicode), width_(width) {}

    /// A person is looking, and the cursor can be moved.
    [[nodiscard]] bool interactive() const { return interactive_; }
    [[nodiscard]] bool unicode() const { return unicode_; }
    /// Columns now; 0: as many as wanted.
    [[nodiscard]] std::size_t width() const;
    [[nodiscard]] std::size_t height() const;

    /// `text` in `style` where colours are shown, else as it is.
    [[nodiscard]] std::string paint(Style style, std::string_view text) const;

private:
    int fd_ = -1;
    bool interactive_ = false;
    bool colours_ = false;
    bool unicode_ = false;
    std::size_t width_ = 0;
};

/// The colour of a run state or sweep status.
[[nodiscard]] Style style_of_state(std::string_view word);

}  // namespace sweepctl::cli
