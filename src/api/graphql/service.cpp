#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"

#include "api/graphql/document_cache.hpp"
#include "api/graphql/execution.hpp"
#include "api/graphql/graphql.hpp"
#include "api/graphql/parser.hpp"
#include "api/graphql/plan.hpp"
#include "api/graphql/response_text.hpp"
#include "api/graphql/validate.hpp"

#include <optional>
#include <utility>

namespace sweepctl::graphql {

namespace {

Failure<Response> refused(std::string message) {
    return Failure{refusal({{std::move(message), {}}})};
}

}  // namespace

Result<Request, Response> read_request(std::string_view body) {
    auto parsed = parse_json(body);
    if (!parsed) {
        return refused("The request is not JSON: " + parsed.error().message + " at byte " +
                       std::to_string(parsed.error().offset) + ".");
    }
    const auto* const map = parsed->get_if<ParamMap>();
    if (map == nullptr) return refused("The request must be one JSON object.");
    Request request;
    const ParamValue* const query = find(*map, "query");
    const auto* const text = query == nullptr ? nullptr : query->get_if<std::string>();
    if (text == nullptr) return refused("Must provide query string.");
    request.query = *text;
    const ParamValue* const variables = find(*map, "variables");
    if (variables != nullptr && !variables->is_null()) {
        const auto* const values = variables->get_if<ParamMap>();
        if (values == nullptr) return refused("\"variables\" must be an object or null.");
        request.variables = *values;
    }
    const ParamValue* const name = find(*map, "operationName");
    if (name != nullptr && !name->is_null()) {
        const auto* const operation = name->get_if<std::string>();
        if (operation == nullptr) return refused("\"operationName\" must be a string or null.");
        request.operation_name = *operation;
    }
    return request;
}

bool is_mutation(const Prepared& request) {
    return request->mutation;
}

bool selects(const Prepared& request, std::string_view path) {
    return !fields_at(request->root, path).empty();
}

void Running::cancel() const {
    if (const auto execution = execution_.lock()) execution->cancel();
}

Running execute(const Prepared& request, Context context, Done done) {
    const auto execution =
        std::make_shared<Execution>(request, std::move(context), std::move(done));
    execution->go_on();
    return Running(execution);
}

Response execute_now(const Prepared& request, Context context) {
    std::optional<Response> answer;
    execute(request, std::move(context),
            [&answer](Response response) { answer = std::move(response); });
    SWEEPCTL_CHECK(answer.has_value());
    return std::move(*answer);
}

Service::Service(std::shared_ptr<const Schema> schema, Limits limits)
    : schema_(std::move(schema)),
      limits_(limits),
      documents_(std::make_unique<DocumentCache>(limits.cached_documents, limits.cached_bytes)) {}

Service::~Service() = default;
Service::Service(Service&&) noexcept = default;
Service& Service::operator=(Service&&) noexcept = default;

Result<Prepared, Response> Service::prepare(const Request& request) {
    auto document = documents_->find(request.query);
    if (document == nullptr) {
        auto parsed = parse_document(request.query, limits_);
        if (!parsed) return Failure{refusal({parsed.error()})};
        if (const auto errors = validate(*parsed, *schema_); !errors.empty())
            return Failure{refusal(errors)};
        document = std::make_shared<const syntax::Document>(std::move(parsed).value());
        documents_->add(request.query, document);
    }
    auto planned = plan(*document, request, schema_, limits_);
    if (!planned) return Failure{refusal(planned.error())};
    return std::move(planned).value();
}

Running Service::serve(std::string_view body, Context context, Done done) {
    const auto request = read_request(body);
    if (!request) {
        done(request.error());
        return {};
    }
    const auto prepared = prepare(*request);
    if (!prepared) {
        done(prepared.error());
        return {};
    }
    return execute(*prepared, std::move(context), std::move(done));
}

}  // namespace sweepctl::graphql
