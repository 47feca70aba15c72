#include "sweepctl/base/shown.hpp"
#include "sweepctl/core/json_text.hpp"

#include "store/run_filter_node.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <system_error>
#include <utility>

// The form that people type: state = failed and (config.lr >= 1e-3 or host in (a, b)).

namespace sweepctl {

namespace {

struct Token {
    enum class Kind : std::uint8_t { word, quoted, symbol, end } kind = Kind::end;
    std::string text;  ///< of a quoted one without its quotes
    std::size_t offset = 0;
};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool ends_word(char c) {
    return is_space(c) || std::string_view("()=!<>~,\"'").find(c) != std::string_view::npos;
}

class Lexer {
public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Result<Token, FilterError> next() {
        while (at_ < text_.size() && is_space(text_[at_]))
            ++at_;
        Token token;
        token.offset = at_;
        if (at_ == text_.size()) return token;
        const char c = text_[at_];
        if (c == '"' || c == '\'') {
            token.kind = Token::Kind::quoted;
            if (auto error = read_quoted(token.text)) return Failure{std::move(*error)};
            return token;
        }
        if (ends_word(c)) {
            token.kind = Token::Kind::symbol;
            token.text = symbol();
            at_ += token.text.size();
            return token;
        }
        token.kind = Token::Kind::word;
        while (at_ < text_.size() && !ends_word(text_[at_])) {
            token.text.push_back(text_[at_++]);
            // config."name with spaces"
            const bool quote = at_ < text_.size() && (text_[at_] == '"' || text_[at_] == '\'');
            if (!quote || token.text.back() != '.') continue;
            if (auto error = read_quoted(token.text)) return Failure{std::move(*error)};
        }
        return token;
    }

private:
    [[nodiscard]] std::string symbol() const {
        for (const std::string_view two : {"!=", "<=", ">=", "=="}) {
            if (text_.substr(at_, 2) == two) return std::string(two);
        }
        return std::string(1, text_[at_]);
    }

    /// A backslash before a quote or a backslash stands for that; elsewhere it is itself, so that
    /// regular expressions need no doubling.
    std::optional<FilterError> read_quoted(std::string& out) {
        const std::size_t start = at_;
        const char quote = text_[at_++];
        while (at_ < text_.size()) {
            char c = text_[at_++];
            if (c == quote) return std::nullopt;
            if (c == '\\' && at_ < text_.size() && (text_[at_] == quote || text_[at_] == '\\')) {
                c = text_[at_++];
            }
            out.push_back(c);
        }
        return FilterError{start, "the quoted text does not end"};
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool is_keyword(const Token& token, std::string_view keyword) {
    return token.kind == Token::Kind::word && token.text.size() == keyword.size() &&
           std::equal(keyword.begin(), keyword.end(), token.text.begin(), [](char k, char t) {
               return std::tolower(static_cast<unsigned char>(t)) == k;
           });
}

bool is_any_keyword(const Token& token) {
    return is_keyword(token, "and") || is_keyword(token, "or") || is_keyword(token, "not") ||
           is_keyword(token, "in");
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return out;
}

/// What a word says when it is not in quotes: a number, a flag, null, or itself.
FilterLiteral bare_literal(const std::string& word) {
    const std::string low = lower(word);
    FilterLiteral literal{ParamValue(word), word};
    if (low == "null" || low == "none") return {nullptr, std::nullopt};
    if (low == "true") literal.value = true;
    if (low == "false") literal.value = false;
    if (low == "nan") literal.value = std::numeric_limits<double>::quiet_NaN();
    if (low == "inf" || low == "infinity") literal.value = std::numeric_limits<double>::infinity();
    if (low == "-inf" || low == "-infinity") {
        literal.value = -std::numeric_limits<double>::infinity();
    }
    // from_chars takes no plus sign, and takes "nan" and "inf", which were seen to above.
    const std::size_t sign = word[0] == '-' || word[0] == '+' ? 1 : 0;
    if (word.find_first_of("0123456789.") != sign) return literal;
    const char* const begin = word.data() + (word[0] == '+' ? 1 : 0);
    const char* const end = word.data() + word.size();
    std::int64_t integer = 0;
    if (const auto read = std::from_chars(begin, end, integer);
        read.ec == std::errc{} && read.ptr == end) {
        literal.value = integer;
        return literal;
    }
    double real = 0.0;
    const auto read = std::from_chars(begin, end, real);
    if (read.ptr != end) return literal;
    // Out of range is infinite or zero, as everywhere.
    literal.value = read.ec == std::errc{} ? real : std::strtod(begin, nullptr);
    return literal;
}

class Parser {
public:
    explicit Parser(std::string_view text) : lexer_(text) {}

    Result<FilterNode, FilterError> filter() {
        FilterNode root;
        if (!advance() || !any(root, 0)) return Failure{error_};
        if (token_.kind != Token::Kind::end) {
            (void)fail(token_.offset, unexpected());
            return Failure{error_};
        }
        return root;
    }

private:
    bool fail(std::size_t offset, std::string message) {
        if (error_.message.empty()) error_ = {offset, std::move(message)};
        return false;
    }
    bool advance() {
        Result<Token, FilterError> next = lexer_.next();
        if (!next.ok()) return fail(next.error().offset, next.error().message);
        token_ = std::move(*next);
        return true;
    }
    [[nodiscard]] bool at_symbol(std::string_view symbol) const {
        return token_.kind == Token::Kind::symbol && token_.text == symbol;
    }
    [[nodiscard]] std::string shown_token() const {
        return token_.kind == Token::Kind::end ? "the end" : "'" + shown(token_.text) + "'";
    }
    /// What stands where a filter might have gone on with `and`.
    [[nodiscard]] std::string unexpected() const {
        if (token_.text == "&&" || token_.text == "&") return "write 'and', not " + shown_token();
        if (token_.text == "||" || token_.text == "|") return "write 'or', not " + shown_token();
        if (at_symbol(")")) return "')' closes nothing";
        return "expected 'and', 'or' or the end, not " + shown_token();
    }

    bool any(FilterNode& node, int depth) {
        std::vector<FilterNode> alternatives(1);
        if (!all(alternatives.back(), depth)) return false;
        while (is_keyword(token_, "or")) {
            if (!advance() || !all(alternatives.emplace_back(), depth)) return false;
        }
        node = alternatives.size() == 1 ? std::move(alternatives[0])
                                        : make_group(FilterOp::any, std::move(alternatives));
        return true;
    }
    bool all(FilterNode& node, int depth) {
        std::vector<FilterNode> terms(1);
        if (!term(terms.back(), depth)) return false;
        while (is_keyword(token_, "and")) {
            if (!advance() || !term(terms.emplace_back(), depth)) return false;
        }
        node =
            terms.size() == 1 ? std::move(terms[0]) : make_group(FilterOp::all, std::move(terms));
        return true;
    }
    bool term(FilterNode& node, int depth) {
        if (depth > kFilterDepthMax) return fail(token_.offset, "nested too deeply");
        if (is_keyword(token_, "not")) {
            if (!advance() || !term(node, depth + 1)) return false;
            node = make_not(std::move(node));
            return true;
        }
        if (!at_symbol("(")) return comparison(node);
        const std::size_t opened = token_.offset;
        if (!advance() || !any(node, depth + 1)) return false;
        if (token_.kind == Token::Kind::end) return fail(opened, "'(' is never closed");
        if (!at_symbol(")")) return fail(token_.offset, unexpected());
        return advance();
    }

    bool comparison(FilterNode& node) {
        const bool word = token_.kind == Token::Kind::word && !is_any_keyword(token_);
        if (!word && token_.kind != Token::Kind::quoted) {
            return fail(token_.offset,
                        "expected a key such as state, config.lr or loss, not " + shown_token());
        }
        Result<RunKey, FilterError> key =
            read_run_key(token_.text, token_.offset, FilterWords::ours);
        if (!key.ok()) return fail(key.error().offset, key.error().message);
        if (!advance()) return false;
        if (is_keyword(token_, "not")) {
            if (!advance()) return false;
            if (!is_keyword(token_, "in")) return fail(token_.offset, "expected 'in' after 'not'");
            if (!advance() || !list(node, *key)) return false;
            node = make_not(std::move(node));
            return true;
        }
        if (is_keyword(token_, "in")) return advance() && list(node, *key);

        const std::string symbol = token_.kind == Token::Kind::symbol ? token_.text : "";
        const bool negated = symbol == "!=";
        FilterOp op = FilterOp::equal;
        if (symbol == "<") {
            op = FilterOp::less;
        } else if (symbol == "<=") {
            op = FilterOp::less_equal;
        } else if (symbol == ">") {
            op = FilterOp::greater;
        } else if (symbol == ">=") {
            op = FilterOp::greater_equal;
        } else if (symbol == "~") {
            op = FilterOp::matches;
        } else if (symbol != "=" && symbol != "==" && !negated) {
            return fail(token_.offset, "expected one of = != < <= > >= ~ in after '" +
                                           shown(key->name) + "', not " + shown_token());
        }
        if (!advance() || !value(node, op, *key)) return false;
        if (negated) node = make_not(std::move(node));
        return true;
    }

    bool list(FilterNode& node, const RunKey& key) {
        if (!at_symbol("(")) return fail(token_.offset, "expected '(' after 'in': in (a, b)");
        std::vector<FilterNode> choices;
        do {
            if (!advance() || !value(choices.emplace_back(), FilterOp::equal, key)) return false;
        } while (at_symbol(","));
        if (!at_symbol(")"))
            return fail(token_.offset, "expected ',' or ')', not " + shown_token());
        node = make_group(FilterOp::any, std::move(choices));
        return advance();
    }

    bool value(FilterNode& node, FilterOp op, const RunKey& key) {
        const bool quoted = token_.kind == Token::Kind::quoted;
        if (!quoted && (token_.kind != Token::Kind::word || is_any_keyword(token_))) {
            return fail(token_.offset,
                        "expected a value, not " + shown_token() +
                            (token_.kind == Token::Kind::end ? "" : ": put it in quotes"));
        }
        FilterLiteral literal = quoted ? FilterLiteral{ParamValue(token_.text), std::nullopt}
                                       : bare_literal(token_.text);
        // A pattern is a text even where it looks like a number or null.
        if (op == FilterOp::matches) literal = {ParamValue(token_.text), std::nullopt};
        Result<FilterNode, FilterError> made =
            make_checked_comparison(op, key, std::move(literal), token_.offset);
        if (!made.ok()) return fail(made.error().offset, made.error().message);
        node = std::move(*made);
        return advance();
    }

    Lexer lexer_;
    Token token_;
    FilterError error_;
};

}  // namespace

Result<FilterNode, FilterError> parse_filter_words(std::string_view text) {
    return Parser(text).filter();
}

}  // namespace sweepctl
