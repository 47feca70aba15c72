#include "graphql/library.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

namespace library {

using namespace sweepctl;
using namespace sweepctl::graphql;

namespace {

struct Author {
    int id = 0;
    std::string name;
    std::optional<int> born;
};

struct Book {
    int id = 0;
    std::string name;
    std::string genre;
    std::vector<std::string> tags;
    int author = 0;
    std::optional<double> rating;
    std::int64_t size = 0;
};

const std::vector<Author>& authors() {
    static const std::vector<Author> all{{1, "Ada", 1815}, {2, "Brontë", std::nullopt}};
    return all;
}

const std::vector<Book>& books() {
    static const std::vector<Book> all{
        {10, "Notes", "PROSE", {"engine", "first"}, 1, 4.5, 9'007'199'254'740'993},
        {11, "Letters", "PROSE", {}, 1, std::nullopt, 12},
        {20, "Poems", "POETRY", {"sad"}, 2, 5.0, 3'000'000'000},
    };
    return all;
}

template <typename T>
Node find_node(const std::vector<T>& all, const std::string* id) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const T& each) {
        return id != nullptr && std::to_string(each.id) == *id;
    });
    return found == all.end() ? Node() : Node::of(*found);
}

Resolved books_of(const Author& author, const Field& field) {
    const auto first = field.arguments().integer("first").value_or(0);
    const std::string* const genre = field.arguments().text("genre");
    std::vector<Book> found;
    for (const Book& book : books()) {
        if (book.author == author.id && (genre == nullptr || book.genre == *genre) &&
            std::cmp_less(found.size(), first)) {
            found.push_back(book);
        }
    }
    return Node::each(std::move(found));
}

void declare_author(SchemaBuilder& schema) {
    schema.object<Author>("Author")
        .implements("Named")
        .field("id: ID!", &Author::id)
        .field("name: String!", &Author::name)
        .field("born: Int", &Author::born)
        .field("books(first: Int = 10, genre: Genre): [Book!]!", books_of)
        .field("favorite: Book", [](const Author& author) {
            return author.id == 1 ? Node::of(books().front()) : Node();
        });
}

void declare_book(SchemaBuilder& schema) {
    schema.object<Book>("Book")
        .implements("Named")
        .field("id: ID!", &Book::id)
        .field("name: String!", &Book::name)
        .field("genre: Genre!", &Book::genre)
        .field("tags: [String!]", &Book::tags)
        .field("rating: Float", &Book::rating)
        .field("size: Int64", &Book::size)
        .field("author: Author!",
               [](const Book& book) {
                   const std::string id = std::to_string(book.author);
                   return find_node(authors(), &id);
               })
        .field(
            "extra: JSON",
            [](const Book& book) {
                return ParamMap{{"id", book.id}, {"odd", std::numeric_limits<double>::infinity()}};
            })
        .field("text: JSON", [](const Book&) { return JsonText{R"({"made":"before"})"}; })
        .field(
            "attributes: JSONString",
            [](const Book& book) { return JsonText{R"({"id":)" + std::to_string(book.id) + "}"}; })
        .field("siblings: [Book]",
               [](const Book&) {
                   return std::vector<Node>{Node::of(books()[0]), Node(), Node::of(books()[2])};
               })
        .field("strict: [Book!]",
               [](const Book&) {
                   return std::vector<Node>{Node::of(books()[0]), Node()};
               })
        .field("lost: Author!", [](const Book&) { return nullptr; })
        .field("broken: String",
               [](const Book&) {
                   return Error{"it is torn", 0};
               })
        .field("forbidden: String!",
               [](const Book&) {
                   return Error{"not for you", 403};
               })
        .field("wrong: Int", [](const Book&) { return "a word"; })
        .field("slow: String", [](const Book& book, const Field& field, const Later& later) {
            field.context<Desk>().waiting.push_back([later, name = book.name] {
                later.answer("slow " + name);
                later.answer("never seen");
            });
        });
}

void declare_query(SchemaBuilder& schema) {
    schema.query()
        .field(
            "author(id: ID!): Author",
            [](const Field& field) { return find_node(authors(), field.arguments().text("id")); })
        .field("authors: [Author!]!", [](const Field&) { return Node::each(authors()); })
        .field("book(id: ID): Book",
               [](const Field& field) {
                   Desk& desk = field.context<Desk>();
                   for (const char* const path : {"author", "author.books.name", "tags"}) {
                       if (field.selects(path)) desk.log.push_back(path);
                   }
                   for (const Arguments& arguments : field.arguments_of("author.books"))
                       desk.log.push_back("books " + to_json(arguments.map()));
                   return find_node(books(), field.arguments().text("id"));
               })
        .field("books: [Book!]", [](const Field&) { return Node::each(books()); })
        .field("named: [Named!]!",
               [](const Field&) {
                   return std::vector<Node>{Node::of(authors()[0]), Node::of(books()[2])};
               })
        .field("things: [Thing]",
               [](const Field&) {
                   return std::vector<Node>{Node::of(books()[1]), Node(), Node::of(authors()[1])};
               })
        .field("stray: Thing", [](const Field&) { return Node::of(std::string("no thing")); })
        .field("many(count: Int!): [Int]",
               [](const Field& field) {
                   constexpr std::int64_t kMost = 10'000;
                   const auto count =
                       std::clamp<std::int64_t>(*field.arguments().integer("count"), 0, kMost);
                   return ParamList(static_cast<std::size_t>(count));
               })
        .field(
            "echo(int: Int, float: Float, string: String, boolean: Boolean, id: ID, big: Int64, "
            "json: JSON, text: JSONString, genre: Genre, filter: Filter, ints: [Int], "
            "matrix: [[Int!]], filled: Int = 7, must: [Int!]! = [1]): JSON",
            [](const Field& field) { return field.arguments().map(); });
}

void declare_mutation(SchemaBuilder& schema) {
    schema.mutation()
        .field("rename(id: ID!, name: String!): Book!",
               [](const Field& field, const Later& later) {
                   Desk& desk = field.context<Desk>();
                   desk.log.push_back("rename " + *field.arguments().text("name"));
                   desk.waiting.push_back([later, arguments = field.arguments()] {
                       const Node found = find_node(books(), arguments.text("id"));
                       if (!found) return later.answer(Error{"no such book", 404});
                       Book book = found.as<Book>();
                       book.name = *arguments.text("name");
                       later.answer(Node::of(std::move(book)));
                   });
               })
        .field("note(text: String): String", [](const Field& field) {
            field.context<Desk>().log.push_back("note");
            return field.arguments().text_or("text", "nothing");
        });
}

}  // namespace

void Desk::answer_first() {
    SWEEPCTL_CHECK(!waiting.empty());
    const auto first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    first();
}

void Desk::answer_all() {
    while (!waiting.empty())
        answer_first();
}

std::shared_ptr<const Schema> schema() {
    static const auto built = [] {
        SchemaBuilder schema;
        schema.enumeration("Genre", "POETRY PROSE");
        schema.input("Range", "from: Int!, to: Int = 2000");
        schema.input("Filter", "genre: Genre = PROSE, tags: [String!], years: Range, limit: Int");
        schema.interface("Named", "name: String!");
        schema.union_of("Thing", "Book Author");
        declare_author(schema);
        declare_book(schema);
        declare_query(schema);
        declare_mutation(schema);
        return schema.build().value();
    }();
    return built;
}

std::string body_of(std::string_view query,
                    std::string_view variables,
                    std::string_view operation) {
    std::string body = "{\"query\":";
    append_json_string(body, query);
    body += ",\"variables\":";
    body += variables;
    body += ",\"operationName\":";
    append_json_string(body, operation);
    return body + "}";
}

Response Client::ask(std::string_view query,
                     std::string_view variables,
                     std::string_view operation) {
    std::optional<Response> answer;
    service.serve(body_of(query, variables, operation), Context(desk), [&](Response response) {
        SWEEPCTL_CHECK(!answer);
        answer = std::move(response);
    });
    desk->answer_all();
    SWEEPCTL_CHECK(answer);
    return *answer;
}

std::string Client::error_of(std::string_view query, std::string_view variables) {
    const ParamValue body = parse_json(ask(query, variables).body).value();
    const ParamValue* const errors = find(*body.get_if<ParamMap>(), "errors");
    if (errors == nullptr) return {};
    const ParamValue& first = errors->get_if<ParamList>()->front();
    return *find(*first.get_if<ParamMap>(), "message")->get_if<std::string>();
}

}  // namespace library
