#pragma once

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/value.hpp"

#include <concepts>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>
#include <vector>

// What a resolver is given and what it gives back. How they are put together: graphql.hpp.

namespace sweepctl::graphql {

struct PlannedField;
class Execution;
struct Slot;

/// The value behind an object of the response: any C++ value, shared by whoever needs it. An empty
/// node is null.
class Node {
public:
    Node() = default;
    Node(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
    template <typename T>
    [[nodiscard]] static Node of(T value) {
        return Node(std::make_shared<const T>(std::move(value)), typeid(T));
    }
    template <typename T>
    [[nodiscard]] static Node shared(std::shared_ptr<T> value) {
        return Node(std::move(value), typeid(T));
    }
    /// A part of what another node holds, which it keeps alive.
    template <typename T>
    [[nodiscard]] static Node part(const Node& whole, const T& part) {
        return Node(std::shared_ptr<const void>(whole.value_, &part), typeid(T));
    }
    /// One node for each of the values, which are kept together.
    template <typename T>
    [[nodiscard]] static std::vector<Node> each(std::vector<T> values) {
        const auto all = std::make_shared<const std::vector<T>>(std::move(values));
        std::vector<Node> nodes;
        nodes.reserve(all->size());
        for (const T& value : *all)
            nodes.push_back(Node(std::shared_ptr<const void>(all, &value), typeid(T)));
        return nodes;
    }

    explicit operator bool() const { return value_ != nullptr; }
    template <typename T>
    [[nodiscard]] bool holds() const {
        return value_ != nullptr && *type_ == typeid(T);
    }
    template <typename T>
    [[nodiscard]] const T& as() const {
        SWEEPCTL_CHECK(holds<T>());
        return *static_cast<const T*>(value_.get());
    }
    [[nodiscard]] const std::type_info& type() const { return *type_; }

private:
    Node(std::shared_ptr<const void> value, const std::type_info& type)
        : value_(std::move(value)), type_(&type) {}

    std::shared_ptr<const void> value_;
    const std::type_info* type_ = &typeid(void);
};

/// What the caller of an execution lends to all of its resolvers; it lives as long as that.
class Context {
public:
    Context() = default;
    template <typename T>
    explicit Context(std::shared_ptr<T> value) : value_(std::move(value)), type_(&typeid(T)) {}

    template <typename T>
    [[nodiscard]] T& as() const {
        SWEEPCTL_CHECK(value_ != nullptr && *type_ == typeid(T));
        return *static_cast<T*>(value_.get());
    }

private:
    std::shared_ptr<void> value_;
    const std::type_info* type_ = &typeid(void);
};

/// What a query's or mutation's own fields have as their parent.
struct Root {};

/// Why a field has no value. A status other than 0 becomes that of the whole HTTP response (the
/// first one counts), since clients look at it.
struct Error {
    std::string message;
    int status = 0;
};

/// The value of a JSON or JSONString field, as text that was made already. It is not looked at.
struct JsonText {
    std::string text;
};

/// What a resolver gives back: a value, a node, a list of nodes, null, or an error.
class Resolved {
public:
    using Content = std::variant<ParamValue, JsonText, Node, std::vector<Node>, Error>;

    Resolved() = default;        // null
    Resolved(std::nullptr_t) {}  // NOLINT(google-explicit-constructor)
    Resolved(Node node) {        // NOLINT(google-explicit-constructor)
        if (node) content_ = std::move(node);
    }
    Resolved(std::vector<Node> nodes) : content_(std::move(nodes)) {}             // NOLINT
    Resolved(Error error) : content_(std::move(error)) {}                         // NOLINT
    Resolved(JsonText text) : content_(std::move(text)) {}                        // NOLINT
    Resolved(ParamValue value) : content_(std::move(value)) {}                    // NOLINT
    Resolved(bool value) : content_(ParamValue(value)) {}                         // NOLINT
    Resolved(double value) : content_(ParamValue(value)) {}                       // NOLINT
    Resolved(const char* text) : content_(ParamValue(text)) {}                    // NOLINT
    Resolved(std::string text) : content_(ParamValue(std::move(text))) {}         // NOLINT
    Resolved(std::string_view text) : content_(ParamValue(std::string(text))) {}  // NOLINT
    Resolved(ParamList list) : content_(ParamValue(std::move(list))) {}           // NOLINT
    Resolved(ParamMap map) : content_(ParamValue(std::move(map))) {}              // NOLINT
    Resolved(const std::vector<std::string>& texts)                               // NOLINT
        : content_(ParamValue(ParamList(texts.begin(), texts.end()))) {}
    template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>) Resolved(T number)
        : content_(of_integer(number)) {}  // NOLINT(google-explicit-constructor)
    template <typename T>
    Resolved(std::optional<T> value) {  // NOLINT(google-explicit-constructor)
        if (value) *this = Resolved(std::move(*value));
    }

    [[nodiscard]] const Content& content() const { return content_; }
    [[nodiscard]] Content& content() { return content_; }

private:
    template <typename T>
    static ParamValue of_integer(T number) {
        if (std::in_range<std::int64_t>(number))
            return ParamValue(static_cast<std::int64_t>(number));
        return ParamValue(BigInt{std::to_string(number)});
    }

    Content content_;
};

/// Arguments of a field, or the fields of an input object: coerced to their declared types, with
/// the defaults filled in. What was left out is not there; what was given as null is null.
class Arguments {
public:
    Arguments() = default;
    explicit Arguments(const ParamMap& map) : map_(&map) {}

    /// Null when left out.
    [[nodiscard]] const ParamValue* find(std::string_view name) const {
        return map_ == nullptr ? nullptr : sweepctl::find(*map_, name);
    }
    /// Whether it was given, be it as null.
    [[nodiscard]] bool given(std::string_view name) const { return find(name) != nullptr; }

    // By type; nothing when left out, null, or of another type.
    [[nodiscard]] const std::string* text(std::string_view name) const {
        return get<std::string>(name);
    }
    [[nodiscard]] std::string text_or(std::string_view name, std::string_view otherwise) const {
        const std::string* const found = text(name);
        return found == nullptr ? std::string(otherwise) : *found;
    }
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const {
        return copy(get<std::int64_t>(name));
    }
    [[nodiscard]] std::optional<double> number(std::string_view name) const;
    [[nodiscard]] std::optional<bool> flag(std::string_view name) const {
        return copy(get<bool>(name));
    }
    [[nodiscard]] const ParamList* list(std::string_view name) const {
        return get<ParamList>(name);
    }
    /// The texts in a list; other items (null) are passed over.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;
    /// An input object; an empty one when there is none.
    [[nodiscard]] Arguments object(std::string_view name) const {
        const ParamMap* const found = get<ParamMap>(name);
        return found == nullptr ? Arguments() : Arguments(*found);
    }

    [[nodiscard]] const ParamMap& map() const;

private:
    template <typename T>
    [[nodiscard]] const T* get(std::string_view name) const {
        const ParamValue* const found = find(name);
        return found == nullptr ? nullptr : found->get_if<T>();
    }
    template <typename T>
    static std::optional<T> copy(const T* found) {
        return found == nullptr ? std::nullopt : std::optional<T>(*found);
    }

    const ParamMap* map_ = nullptr;
};

/// The field that a resolver is to give a value for. May be copied, and stays valid for as long as
/// the Later of the same call is held.
class Field {
public:
    Field(const PlannedField& plan, Node parent, const Context& context)
        : plan_(&plan), parent_(std::move(parent)), context_(&context) {}

    [[nodiscard]] const std::string& name() const;
    [[nodiscard]] Arguments arguments() const;

    template <typename T>
    [[nodiscard]] T& context() const {
        return context_->as<T>();
    }
    [[nodiscard]] const Node& parent() const { return parent_; }

    /// Whether a field below this one is asked for, named by its path: "edges.node.config". Looks
    /// through aliases and fragments; leaves out what @skip and @include leave out.
    [[nodiscard]] bool selects(std::string_view path) const;
    /// The arguments of each such field; several when aliases ask for it several times.
    [[nodiscard]] std::vector<Arguments> arguments_of(std::string_view path) const;

private:
    const PlannedField* plan_;
    Node parent_;
    const Context* context_;
};

/// The promise to give a field's value later, on the thread of the execution. Copies are the same
/// promise; its first answer counts. When all copies are gone without an answer, the execution ends
/// without calling `done`.
class Later {
public:
    Later(std::shared_ptr<Execution> execution, Slot& slot)
        : execution_(std::move(execution)), slot_(&slot) {}

    void answer(Resolved value) const;
    /// False once the execution was cancelled: nobody waits for the answer.
    [[nodiscard]] bool wanted() const;

private:
    std::shared_ptr<Execution> execution_;  // Shared: whoever answers last finishes it.
    Slot* slot_;                            // Lives in the execution.
};

/// One of the two is set.
struct Resolver {
    std::function<Resolved(const Field&)> now;
    std::function<void(const Field&, Later)> later;
};

}  // namespace sweepctl::graphql
