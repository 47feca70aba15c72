#include "api/graphql/response_text.hpp"

#include "sweepctl/core/json_text.hpp"

namespace sweepctl::graphql {

void append_error(std::string& out,
                  std::string_view message,
                  const std::vector<Place>& places,
                  std::string_view path) {
    out += "{\"message\":";
    append_json_string(out, message);
    if (!places.empty()) {
        out += ",\"locations\":[";
        for (const Place& place : places) {
            if (&place != &places.front()) out.push_back(',');
            out += "{\"line\":" + std::to_string(place.line) +
                   ",\"column\":" + std::to_string(place.column) + "}";
        }
        out.push_back(']');
    }
    if (!path.empty()) {
        out += ",\"path\":";
        out += path;
    }
    out.push_back('}');
}

Response refusal(const std::vector<DocumentError>& errors, int status) {
    Response response{status, "{\"errors\":["};
    for (const DocumentError& error : errors) {
        if (&error != &errors.front()) response.body.push_back(',');
        append_error(response.body, error.message, error.places, {});
    }
    response.body += "]}";
    return response;
}

}  // namespace sweepctl::graphql
