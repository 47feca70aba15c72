#pragma once

#include "sweepctl/base/result.hpp"

#include "api/graphql/document.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace sweepctl::graphql {

struct Limits;

/// What is wrong with a document, and where.
struct DocumentError {
    std::string message;
    std::vector<Place> places;
};

/// Executable documents only: operations and fragments.
[[nodiscard]] Result<syntax::Document, DocumentError> parse_document(std::string_view text,
                                                                     const Limits& limits);

// What schemas are declared with.

/// "runs(first: Int = 50): [Run!]!"
[[nodiscard]] Result<std::vector<syntax::FieldDeclaration>, DocumentError> parse_fields(
    std::string_view text);
/// "name: String!, first: Int = 50"
[[nodiscard]] Result<std::vector<syntax::Input>, DocumentError> parse_inputs(std::string_view text);
/// "PENDING RUNNING"
[[nodiscard]] Result<std::vector<std::string>, DocumentError> parse_names(std::string_view text);

}  // namespace sweepctl::graphql
