#include "api/problem.hpp"

#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"
#include "sweepctl/wire/http_text.hpp"

#include <utility>

namespace sweepctl::api {

HttpResponse to_response(const Problem& problem) {
    ParamMap document{{"type", "about:blank"},
                      {"title", std::string(reason_phrase(problem.status))},
                      {"status", problem.status},
                      {"detail", problem.detail}};
    document.insert(document.end(), problem.more.begin(), problem.more.end());
    HttpResponse response;
    response.status = problem.status;
    response.content_type = "application/problem+json";
    response.body = to_json(ParamValue(std::move(document)));
    response.body += '\n';
    // Both pass; clients come back when they are told to, or much later.
    if (problem.status == 503) response.headers.emplace_back("Retry-After", "1");
    if (problem.status == 507) response.headers.emplace_back("Retry-After", "5");
    return response;
}

Problem problem_of(const Answer& answer) {
    switch (answer.code) {
        case AnswerCode::not_found: return {404, answer.message};
        case AnswerCode::wrong_state: return {409, answer.message};
        case AnswerCode::invalid: return {422, answer.message};
        case AnswerCode::ok: break;
    }
    SWEEPCTL_CHECK(answer.code != AnswerCode::ok);
    return {};
}

Problem problem_of(const QueryError& error) {
    std::string_view field = "cursor";
    switch (error.kind) {
        case QueryError::Kind::bad_filter: field = "filter"; break;
        case QueryError::Kind::bad_sort: field = "sort"; break;
        case QueryError::Kind::bad_cursor: break;
    }
    const std::string message = std::string(field) + ": " + error.message;
    return {422,
            message,
            {{"errors", ParamList{ParamMap{{"field", std::string(field)},
                                           {"message", error.message},
                                           {"offset", static_cast<std::int64_t>(error.offset)}}}}}};
}

}  // namespace sweepctl::api
