#pragma once

#include "api/graphql/document.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sweepctl::graphql {

struct Token {
    enum class Kind : std::uint8_t {
        end,
        punctuator,  // "!", "$", "&", "(", ")", "...", ":", "=", "@", "[", "]", "{", "|", "}"
        name,
        integer,
        real,
        text,
        bad,  // `content` says why
    };
    Kind kind = Kind::end;
    std::string_view source;  ///< as written
    std::string content;      ///< of a text, without quotes and escapes
    Place place;

    [[nodiscard]] bool is(std::string_view punctuator) const {
        return kind == Kind::punctuator && source == punctuator;
    }
    [[nodiscard]] bool is_word(std::string_view word) const {
        return kind == Kind::name && source == word;
    }
};

/// Cuts a document into tokens, one at a time. After a bad one there is no other.
class Lexer {
public:
    /// `text` must outlive the tokens.
    explicit Lexer(std::string_view text);

    [[nodiscard]] Token next();

private:
    void skip_ignored();
    [[nodiscard]] char peek(std::size_t ahead = 0) const;
    Token token(Token::Kind kind, std::size_t length);
    Token bad(std::string why);
    Token number();
    Token text();
    Token block_text();
    bool escape(std::string& out, std::string& why);
    bool code_unit(std::uint32_t& unit);
    /// Of at_, which never goes back.
    Place place();

    std::string_view text_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::uint32_t column_ = 1;  // Of counted_.
    std::size_t counted_ = 0;
};

/// What a block string between `"""` means: common indentation and blank lines around it are gone.
[[nodiscard]] std::string block_string_value(std::string_view raw);

}  // namespace sweepctl::graphql
