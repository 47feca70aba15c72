// Any document, with any variables: it must be refused or answered once, with JSON, without
// falling; and a document from the cache must be answered as it was the first time.
#include "sweepctl/base/check.hpp"
#include "sweepctl/core/json_text.hpp"

#include "graphql/library.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

using namespace sweepctl;
using namespace sweepctl::graphql;

Response ask(Service& service, const Request& request) {
    const auto desk = std::make_shared<library::Desk>();
    std::optional<Response> answer;
    const auto prepared = service.prepare(request);
    if (!prepared) return prepared.error();
    execute(*prepared, Context(desk), [&answer](Response response) {
        SWEEPCTL_CHECK(!answer);
        answer = std::move(response);
    });
    desk->answer_all();
    SWEEPCTL_CHECK(answer);
    return *answer;
}

}  // namespace

/// The text up to the first NUL is the document, up to the second the variables, then an
/// operation's name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size > 16 * 1024) return 0;
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    const auto next = [&rest] {
        const std::size_t end = rest.find('\0');
        const std::string_view part = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        return std::string(part);
    };
    Request request;
    request.query = next();
    if (const auto variables = parse_json(next())) {
        if (const auto* const map = variables.value().get_if<ParamMap>()) request.variables = *map;
    }
    request.operation_name = next();

    Limits limits;
    limits.values = 20'000;
    Service service(library::schema(), limits);
    const Response first = ask(service, request);
    const Response again = ask(service, request);
    SWEEPCTL_CHECK(first.status == again.status && first.body == again.body);

    const auto body = parse_json(first.body);
    SWEEPCTL_CHECK(body);
    const auto* const members = body.value().get_if<ParamMap>();
    SWEEPCTL_CHECK(members != nullptr);
    SWEEPCTL_CHECK(find(*members, "data") != nullptr || find(*members, "errors") != nullptr);
    SWEEPCTL_CHECK(first.status == 200 || find(*members, "errors") != nullptr);
    return 0;
}
