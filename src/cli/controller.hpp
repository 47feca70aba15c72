#pragma once

#include "sweepctl/core/value.hpp"
#include "sweepctl/wire/http_client.hpp"
#include "sweepctl/wire/server_address.hpp"

#include "cli/cli_error.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sweepctl::cli {

class Session;

/// What stands after the question mark, not yet encoded.
using Query = std::vector<std::pair<std::string, std::string>>;

/// "/api/v1/PATH?..."
[[nodiscard]] std::string api_target(std::string_view path, const Query& query = {});
/// "/api/v1/COLLECTION/ID/SUFFIX?project=...&...", for an id as typed.
[[nodiscard]] std::string id_target(std::string_view collection,
                                    const std::string& word,
                                    std::string_view suffix = {},
                                    Query query = {});

/// The controller that a verb talks to. What it refuses is a CliError in its own words.
class Controller {
public:
    Controller(ServerAddress address, std::string home);

    [[nodiscard]] const ServerAddress& address() const { return address_; }
    /// The state directory it was found in; empty for a remote one.
    [[nodiscard]] const std::string& home() const { return home_; }
    [[nodiscard]] HttpClient& http() { return http_; }

    ParamValue get(const std::string& target);
    /// The same, but nullopt for what does not exist.
    std::optional<ParamValue> find(const std::string& target);
    ParamValue post(const std::string& target, const ParamValue& body = ParamMap{});
    ParamValue remove(const std::string& target);

    /// A list's items, page after page, until there are no more or `each` returns false.
    void each_item(std::string_view path,
                   const Query& query,
                   const std::function<bool(const ParamValue&)>& each);

private:
    ParamValue call(const HttpCall& call);

    ServerAddress address_;
    std::string home_;
    HttpClient http_;
};

/// The JSON of an answer. Throws CliError when it is none.
[[nodiscard]] ParamValue json_of(const HttpReply& reply);
/// The error that an answer describes which is not 2xx.
[[noreturn]] void throw_problem(const HttpReply& reply);
/// An option, and the field that carries its value to the controller.
struct FieldOption {
    std::string_view field;
    std::string_view option;
};
/// Throws the usage error that is meant when an option's value was refused; returns for a field that
/// none of `options` gave.
void name_option(const FieldRefused& refused, const std::vector<FieldOption>& options);
/// Calls `call` so that a refused value of an option is a usage error, in the option's name.
template <typename Call>
void with_options(const std::vector<FieldOption>& options, const Call& call) {
    try {
        call();
    } catch (const FieldRefused& refused) {
        name_option(refused, options);
        throw;
    }
}

/// The error that there was no answer.
[[noreturn]] void throw_no_answer(const HttpError& error);

/// Who gives several ids wants all of them tried: calls `each` for every word, prints what fails,
/// and returns the first failure's exit code.
int for_each_word(Session& session,
                  const std::vector<std::string>& words,
                  const std::function<void(const std::string&)>& each);

}  // namespace sweepctl::cli
