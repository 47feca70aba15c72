#pragma once

#include "sweepctl/api/http_server.hpp"
#include "sweepctl/core/events.hpp"
#include "sweepctl/core/value.hpp"
#include "sweepctl/store/reader.hpp"

#include <string>
#include <utility>

namespace sweepctl::api {

/// Why a request is refused: becomes an RFC 9457 problem document.
struct Problem {
    int status = 500;
    std::string detail;  ///< one line for a person
    ParamMap more{};     ///< members beside type, title, status and detail
};

[[nodiscard]] HttpResponse to_response(const Problem& problem);

/// What the World's refusal means in HTTP. `answer.code` must not be ok.
[[nodiscard]] Problem problem_of(const Answer& answer);

/// 422: what was asked for cannot be answered as asked.
[[nodiscard]] Problem problem_of(const QueryError& error);

template <typename T>
[[nodiscard]] Result<T, Problem> or_problem(Result<T, QueryError> result) {
    if (!result) return Failure{problem_of(result.error())};
    return std::move(result).value();
}

}  // namespace sweepctl::api
