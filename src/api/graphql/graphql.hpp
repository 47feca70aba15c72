#pragma once

#include "sweepctl/base/result.hpp"
#include "sweepctl/core/value.hpp"

#include "api/graphql/resolver.hpp"
#include "api/graphql/schema_builder.hpp"
#include "api/graphql/type.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

// A GraphQL service (October 2021): a schema declared in code, requests in, responses out. It knows
// no domain word. Introspection but for __typename and __type (introspection.hpp), subscriptions and
// type definitions in requests are not there: asking for them is an error, like asking for any field
// that does not exist.
//
//     struct Book { std::string title; std::vector<std::string> tags; };
//
//     SchemaBuilder schema;
//     schema.object<Book>("Book")
//         .field("title: String!", &Book::title)
//         .field("tags: [String!]", &Book::tags)
//         .field("shout(times: Int = 1): String", [](const Book& book, const Field& field) {
//             return book.title + std::string(*field.arguments().integer("times"), '!');
//         });
//     schema.query().field("book(title: String!): Book", [](const Field& field) -> Resolved {
//         Shelf& shelf = field.context<Shelf>();
//         const std::string& title = *field.arguments().text("title");
//         if (!shelf.has(title)) return nullptr;
//         return Node::of(shelf.book(title, /*with_tags=*/field.selects("tags")));
//     });
//     schema.input("BuyInput", "title: String!, price: Float, clientMutationId: String");
//     schema.mutation().field("buy(input: BuyInput!): Book!", [](const Field& field, Later later) {
//         const Arguments input = field.arguments().object("input");
//         field.context<Shelf>().buy(*input.text("title"), [later](Result<Book, std::string> book)
//         {
//             if (!book) return later.answer(Error{book.error(), 409});
//             later.answer(Node::of(*book));
//         });
//     });
//
//     Service service(schema.build().value());
//     service.serve(http_body, Context(shelf), [exchange](const Response& response) { ... });
//
// Resolvers. An object type names the C++ type of its nodes; a resolver of a field that is an
// object gives a Node of that type, one of a list of objects a std::vector<Node> (an empty Node in
// it is null), any other a value. nullptr, an empty Node and std::nullopt are null. Error{message}
// makes the field null and is told in "errors"; Error{message, 404} also makes the response a 404.
// A function that takes a Later answers now or later, in queries as well; the fields of a query do
// not wait for each other, those of a mutation run one after the other. A resolver that takes no
// Later may not wait for anything.
//
// Arguments were coerced: each is of its declared type (Int and Int64: int64; Float: double;
// String, ID, JSONString, DateTime, enumerators: string; Duration: int64; JSON: anything). What was
// left out is not there unless it has a default; null is there, as null. Where the type is required
// or has a default, `*arguments.text(...)` is safe, except that null may be given for the latter.
//
// Scalars that there are: Int Float String Boolean ID, and Int64 JSON JSONString DateTime Duration.
// A JSON or JSONString field may be given as a value or as JsonText.
//
// Threads. A Service belongs to one thread. What it prepared does not change any more and may be
// executed on any other one: with execute_now(), say inside a query of a Reader. All resolvers and
// Laters of one execution are called on the same thread.

namespace sweepctl::graphql {

/// What a stranger may make us do. Anything beyond is refused before it is executed.
struct Limits {
    std::size_t document_bytes = 256 * 1024;
    std::size_t tokens = 20'000;
    std::size_t depth = 32;        ///< of selections, of literals, and of types in brackets
    std::size_t fields = 2'000;    ///< as written, and again after fragments are put in
    std::size_t values = 500'000;  ///< in the response
    std::size_t cached_documents = 256;
    std::size_t cached_bytes = 16 * 1024 * 1024;  ///< about
};

struct Request {
    std::string query;
    ParamMap variables;
    std::string operation_name;  ///< Empty: the only one.
};

/// 200 whenever there was an execution, unless an Error said otherwise; 400 when the request was
/// refused, with a body without "data".
struct Response {
    int status = 200;
    std::string body;  ///< JSON
};

/// The body of a POST: {"query", "variables", "operationName"}; the last two may be null or absent.
[[nodiscard]] Result<Request, Response> read_request(std::string_view body);

struct Plan;
struct PreparedRequest;
using Prepared = std::shared_ptr<const PreparedRequest>;

[[nodiscard]] bool is_mutation(const Prepared& request);
/// Whether the request asks for a field, named by its path from the root: "project.runs".
[[nodiscard]] bool selects(const Prepared& request, std::string_view path);

/// An execution under way. Holding it keeps nothing alive.
class Running {
public:
    Running() = default;
    explicit Running(std::weak_ptr<Execution> execution) : execution_(std::move(execution)) {}

    /// Nobody waits any more: no further resolver is called, and `done` is not either; it is
    /// dropped now.
    void cancel() const;
    [[nodiscard]] bool finished() const { return execution_.expired(); }

private:
    std::weak_ptr<Execution> execution_;
};

using Done = std::function<void(Response)>;

/// Calls `done` once, possibly before it returns.
Running execute(const Prepared& request, Context context, Done done);

/// The same for requests none of whose fields answers later than at once.
[[nodiscard]] Response execute_now(const Prepared& request, Context context);

class DocumentCache;

class Service {
public:
    explicit Service(std::shared_ptr<const Schema> schema, Limits limits = {});
    ~Service();
    Service(Service&&) noexcept;
    Service& operator=(Service&&) noexcept;

    /// Parses, validates, coerces the variables and arguments. What it gives refers to nothing that
    /// the service holds.
    [[nodiscard]] Result<Prepared, Response> prepare(const Request& request);

    /// read_request, prepare, execute.
    Running serve(std::string_view body, Context context, Done done);

private:
    std::shared_ptr<const Schema> schema_;
    Limits limits_;
    std::unique_ptr<DocumentCache> documents_;
};

}  // namespace sweepctl::graphql
