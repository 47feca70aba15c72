#pragma once

#include "api/graphql/graphql.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// A schema for the tests: a library, with one of each kind of type, fields that fail, and fields
// that answer when they are told to.

namespace library {

/// The context of an execution.
struct Desk {
    std::vector<std::function<void()>> waiting;  ///< What is to be answered, in order.
    std::vector<std::string> log;                ///< What was asked for, in order.

    /// Answers what waits, and what waits then, until nothing does.
    void answer_all();
    void answer_first();
};

[[nodiscard]] std::shared_ptr<const sweepctl::graphql::Schema> schema();

/// A request and its response, all of it at once.
class Client {
public:
    explicit Client(sweepctl::graphql::Limits limits = {})
        : service(schema(), limits), desk(std::make_shared<Desk>()) {}

    sweepctl::graphql::Response ask(std::string_view query,
                                    std::string_view variables = "{}",
                                    std::string_view operation = "");
    /// The first error's message; empty when there is none.
    std::string error_of(std::string_view query, std::string_view variables = "{}");

    sweepctl::graphql::Service service;
    std::shared_ptr<Desk> desk;  // Shared with the executions.
};

/// The body of a request.
[[nodiscard]] std::string body_of(std::string_view query,
                                  std::string_view variables = "{}",
                                  std::string_view operation = "");

}  // namespace library
