#include "api/graphql/parser.hpp"

#include "sweepctl/core/json_text.hpp"

#include "api/graphql/graphql.hpp"
#include "api/graphql/lexer.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace sweepctl::graphql {

namespace syntax {

bool Value::operator==(const Value& other) const {
    return kind == other.kind && text == other.text && items == other.items &&
           members == other.members;
}

std::string TypeName::text() const {
    std::string out(lists, '[');
    out += name;
    for (unsigned level = lists + 1; level-- > 0;) {
        if ((required >> level & 1U) != 0) out.push_back('!');
        if (level > 0) out.push_back(']');
    }
    return out;
}

const Fragment* Document::fragment(std::string_view name) const {
    const auto found = fragment_places.find(name);
    return found == fragment_places.end() ? nullptr : &fragments[found->second];
}

}  // namespace syntax

namespace {

using Kind = Token::Kind;

std::string shown(const Token& token) {
    switch (token.kind) {
        case Kind::end: return "<EOF>";
        case Kind::punctuator: return "\"" + std::string(token.source) + "\"";
        case Kind::name: return "Name \"" + std::string(token.source) + "\"";
        case Kind::integer: return "Int \"" + std::string(token.source) + "\"";
        case Kind::real: return "Float \"" + std::string(token.source) + "\"";
        case Kind::text: return "String " + to_json(ParamValue(token.content));
        case Kind::bad: return token.content;
    }
    return {};
}

/// Recursive descent with one token of look-ahead. Each method returns false once something is
/// wrong; what it was is in error().
class Parser {
public:
    Parser(std::string_view text, const Limits& limits) : limits_(limits), lexer_(text) {
        if (text.size() > limits.document_bytes) {
            fail("The document is longer than " + std::to_string(limits.document_bytes) + " bytes.",
                 Place{1, 1});
        } else {
            advance();
        }
    }

    [[nodiscard]] DocumentError error() const { return error_.value_or(DocumentError{}); }
    [[nodiscard]] bool at_end() const { return token_.kind == Kind::end; }

    bool document(syntax::Document& document) {
        if (error_) return false;
        do {
            if (!definition(document)) return false;
        } while (!at_end());
        document.tokens = tokens_;
        for (std::size_t i = 0; i < document.fragments.size(); ++i)
            document.fragment_places.emplace(document.fragments[i].name, i);
        return true;
    }
    bool fields(std::vector<syntax::FieldDeclaration>& list) {
        if (error_) return false;
        do {
            syntax::FieldDeclaration& field = list.emplace_back();
            if (!name(field.name)) return false;
            if (token_.is("(")) {
                if (!advance()) return false;
                do {
                    if (!input(field.arguments.emplace_back())) return false;
                } while (!token_.is(")"));
                if (!advance()) return false;
            }
            if (!take(":") || !type(field.type)) return false;
        } while (!at_end());
        return true;
    }
    bool inputs(std::vector<syntax::Input>& list) {
        if (error_) return false;
        do {
            if (!input(list.emplace_back())) return false;
        } while (!at_end());
        return true;
    }
    bool names(std::vector<std::string>& list) {
        if (error_) return false;
        do {
            if (!name(list.emplace_back())) return false;
        } while (!at_end());
        return true;
    }

private:
    bool fail(std::string message, Place place) {
        if (!error_) error_ = DocumentError{std::move(message), {place}};
        return false;
    }
    bool syntax_error(const std::string& message) {
        return fail("Syntax Error: " + message, token_.place);
    }
    bool expected(std::string_view what) {
        return syntax_error("Expected " + std::string(what) + ", found " + shown(token_) + ".");
    }
    bool unexpected() { return syntax_error("Unexpected " + shown(token_) + "."); }

    bool advance() {
        token_ = lexer_.next();
        if (token_.kind == Kind::bad) return syntax_error(token_.content);
        if (++tokens_ > limits_.tokens) {
            return fail("The document has more than " + std::to_string(limits_.tokens) + " tokens.",
                        token_.place);
        }
        return true;
    }
    bool take(std::string_view punctuator) {
        if (!token_.is(punctuator)) return expected("\"" + std::string(punctuator) + "\"");
        return advance();
    }
    bool name(std::string& out) {
        if (token_.kind != Kind::name) return expected("Name");
        out = token_.source;
        return advance();
    }

    /// Counts levels of nesting for as long as it lives.
    class Deeper {
    public:
        explicit Deeper(std::size_t& depth) : depth_(depth) { ++depth_; }
        ~Deeper() { --depth_; }
        Deeper(const Deeper&) = delete;
        Deeper& operator=(const Deeper&) = delete;

    private:
        std::size_t& depth_;
    };
    bool deep_enough() {
        if (depth_ <= limits_.depth) return true;
        return fail(
            "The document is nested deeper than " + std::to_string(limits_.depth) + " levels.",
            token_.place);
    }

    bool definition(syntax::Document& document) {
        const Place place = token_.place;
        if (token_.is("{")) {
            syntax::Operation& operation = document.operations.emplace_back();
            operation.place = place;
            return selections(operation.selections);
        }
        if (token_.is_word("query")) {
            return operation(document, syntax::OperationKind::query);
        } else if (token_.is_word("mutation")) {
            return operation(document, syntax::OperationKind::mutation);
        } else if (token_.is_word("subscription")) {
            return operation(document, syntax::OperationKind::subscription);
        } else if (token_.is_word("fragment")) {
            return fragment(document);
        }
        for (const std::string_view word : {"schema", "scalar", "type", "interface", "union",
                                            "enum", "input", "directive", "extend"}) {
            if (token_.is_word(word)) {
                return fail("The \"" + std::string(word) +
                                "\" definition is not executable: a document may hold operations "
                                "and fragments.",
                            place);
            }
        }
        return unexpected();
    }

    bool operation(syntax::Document& document, syntax::OperationKind kind) {
        syntax::Operation& operation = document.operations.emplace_back();
        operation.kind = kind;
        operation.place = token_.place;
        if (!advance()) return false;
        if (token_.kind == Kind::name && !name(operation.name)) return false;
        if (token_.is("(")) {
            if (!advance()) return false;
            do {
                const Place place = token_.place;
                if (!take("$") || !input(operation.variables.emplace_back())) return false;
                operation.variables.back().place = place;
                std::vector<syntax::Directive> of_variable;
                if (!directives(of_variable)) return false;
                if (!of_variable.empty()) {
                    return fail("Directive \"@" + of_variable.front().name +
                                    "\" may not be used on VARIABLE_DEFINITION.",
                                of_variable.front().place);
                }
            } while (!token_.is(")"));
            if (!advance()) return false;
        }
        return directives(operation.directives) && selections(operation.selections);
    }

    bool fragment(syntax::Document& document) {
        syntax::Fragment& fragment = document.fragments.emplace_back();
        fragment.place = token_.place;
        if (!advance()) return false;
        if (token_.is_word("on")) return unexpected();
        if (!name(fragment.name)) return false;
        if (!token_.is_word("on")) return expected("\"on\"");
        return advance() && name(fragment.on) && directives(fragment.directives) &&
               selections(fragment.selections);
    }

    bool selections(std::vector<syntax::Selection>& list) {
        const Deeper deeper(depth_);
        if (!deep_enough() || !take("{")) return false;
        do {
            if (!selection(list.emplace_back())) return false;
        } while (!token_.is("}"));
        return advance();
    }

    bool selection(syntax::Selection& selection) {
        selection.place = token_.place;
        if (++selections_ > limits_.fields) {
            return fail("The document has more than " + std::to_string(limits_.fields) + " fields.",
                        token_.place);
        }
        if (token_.is("...")) return spread(selection);
        if (!name(selection.name)) return false;
        selection.key = selection.name;
        if (token_.is(":") && (!advance() || !name(selection.name))) return false;
        if (!arguments(selection.arguments, false) || !directives(selection.directives))
            return false;
        return !token_.is("{") || selections(selection.selections);
    }

    bool spread(syntax::Selection& selection) {
        if (!advance()) return false;
        if (token_.kind == Kind::name && !token_.is_word("on")) {
            selection.kind = syntax::Selection::Kind::spread;
            return name(selection.name) && directives(selection.directives);
        }
        selection.kind = syntax::Selection::Kind::inline_fragment;
        if (token_.is_word("on") && (!advance() || !name(selection.on))) return false;
        return directives(selection.directives) && selections(selection.selections);
    }

    bool arguments(std::vector<syntax::Argument>& list, bool constant) {
        if (!token_.is("(")) return true;
        if (!advance()) return false;
        do {
            syntax::Argument& argument = list.emplace_back();
            argument.place = token_.place;
            if (!name(argument.name) || !take(":") || !value(argument.value, constant))
                return false;
        } while (!token_.is(")"));
        return advance();
    }

    bool directives(std::vector<syntax::Directive>& list) {
        while (token_.is("@")) {
            syntax::Directive& directive = list.emplace_back();
            directive.place = token_.place;
            if (!advance() || !name(directive.name) || !arguments(directive.arguments, false))
                return false;
        }
        return true;
    }

    bool input(syntax::Input& input) {
        input.place = token_.place;
        if (!name(input.name) || !take(":") || !type(input.type)) return false;
        if (!token_.is("=")) return true;
        return advance() && value(input.otherwise.emplace(), true);
    }

    bool type(syntax::TypeName& type) {
        type.place = token_.place;
        while (token_.is("[")) {
            // As many levels as there are bits to say what is required.
            if (++type.lists > std::min<std::size_t>(limits_.depth, 30))
                return fail("The type is nested too deeply.", type.place);
            if (!advance()) return false;
        }
        if (!name(type.name)) return false;
        for (unsigned level = type.lists;; --level) {
            if (token_.is("!")) {
                type.required |= 1U << level;
                if (!advance()) return false;
            }
            if (level == 0) return true;
            if (!take("]")) return false;
        }
    }

    bool value(syntax::Value& value, bool constant) {
        using VKind = syntax::Value::Kind;
        const Deeper deeper(depth_);
        if (!deep_enough()) return false;
        value.place = token_.place;
        switch (token_.kind) {
            case Kind::integer:
            case Kind::real:
                value.kind = token_.kind == Kind::integer ? VKind::integer : VKind::real;
                value.text = token_.source;
                return advance();
            case Kind::text:
                value.kind = VKind::text;
                value.text = std::move(token_.content);
                return advance();
            case Kind::name:
                value.kind = token_.source == "null" ? VKind::null
                             : token_.source == "true" || token_.source == "false"
                                 ? VKind::boolean
                                 : VKind::enumerator;
                if (value.kind != VKind::null) value.text = token_.source;
                return advance();
            case Kind::punctuator: break;
            case Kind::end:
            case Kind::bad: return unexpected();
        }
        if (token_.is("$")) {
            value.kind = VKind::variable;
            if (!advance() || !name(value.text)) return false;
            if (!constant) return true;
            return fail(
                "Syntax Error: Unexpected variable \"$" + value.text + "\" in constant value.",
                value.place);
        }
        if (token_.is("[")) {
            value.kind = VKind::list;
            if (!advance()) return false;
            while (!token_.is("]")) {
                if (!this->value(value.items.emplace_back(), constant)) return false;
            }
            return advance();
        }
        if (!token_.is("{")) return unexpected();
        value.kind = VKind::object;
        if (!advance()) return false;
        while (!token_.is("}")) {
            auto& [key, member] = value.members.emplace_back();
            if (!name(key) || !take(":") || !this->value(member, constant)) return false;
        }
        return advance();
    }

    const Limits& limits_;
    Lexer lexer_;
    Token token_;
    std::size_t tokens_ = 0;
    std::size_t selections_ = 0;
    std::size_t depth_ = 0;
    std::optional<DocumentError> error_;
};

template <typename T>
Result<T, DocumentError> parsed(std::string_view text,
                                const Limits& limits,
                                bool (Parser::*method)(T&)) {
    Parser parser(text, limits);
    T result;
    if (!(parser.*method)(result)) return Failure{parser.error()};
    return result;
}

}  // namespace

Result<syntax::Document, DocumentError> parse_document(std::string_view text,
                                                       const Limits& limits) {
    return parsed(text, limits, &Parser::document);
}

Result<std::vector<syntax::FieldDeclaration>, DocumentError> parse_fields(std::string_view text) {
    return parsed(text, Limits{}, &Parser::fields);
}

Result<std::vector<syntax::Input>, DocumentError> parse_inputs(std::string_view text) {
    return parsed(text, Limits{}, &Parser::inputs);
}

Result<std::vector<std::string>, DocumentError> parse_names(std::string_view text) {
    return parsed(text, Limits{}, &Parser::names);
}

}  // namespace sweepctl::graphql
