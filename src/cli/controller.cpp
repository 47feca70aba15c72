#include "cli/controller.hpp"

#include "sweepctl/core/json_text.hpp"
#include "sweepctl/wire/http_text.hpp"

#include "cli/cli_error.hpp"
#include "cli/id_word.hpp"
#include "cli/json_view.hpp"
#include "cli/session.hpp"
#include "cli/text.hpp"

#include <algorithm>

namespace sweepctl::cli {

namespace {

ExitCode exit_code_of(const HttpReply& reply, const ParamValue& problem) {
    if (reply.status == 404) return kNotFound;
    // More than one thing that may be meant is a matter of what was typed.
    if (reply.status == 409) {
        return list_field(problem, "candidates").empty() ? kWrongState : kUsage;
    }
    return kError;
}

std::string hint_of(const HttpReply& reply, const ParamValue& problem) {
    std::string out;
    if (const ParamList& candidates = list_field(problem, "candidates"); !candidates.empty()) {
        out = "it may be";
        for (std::size_t i = 0; i < std::min<std::size_t>(candidates.size(), 5); ++i) {
            out += (i == 0 ? " " : ", ") + cell_text(candidates[i]);
        }
        if (candidates.size() > 5) out += " or " + count_text(candidates.size() - 5) + " others";
    }
    if (reply.status == 401) out = "set SWEEPCTL_TOKEN to the controller's token";
    return out;
}

}  // namespace

std::string api_target(std::string_view path, const Query& query) {
    std::string out = "/api/v1/" + std::string(path);
    char separator = '?';
    for (const auto& [name, value] : query) {
        out += separator + name + "=" + percent_encode(value);
        separator = '&';
    }
    return out;
}

std::string id_target(std::string_view collection,
                      const std::string& word,
                      std::string_view suffix,
                      Query query) {
    const IdWord id = parse_id(word);
    if (!id.project.empty()) query.emplace_back("project", id.project);
    if (!id.entity.empty()) query.emplace_back("entity", id.entity);
    return api_target(std::string(collection) + "/" + percent_encode(id.id) +
                          (suffix.empty() ? "" : "/" + std::string(suffix)),
                      query);
}

Controller::Controller(ServerAddress address, std::string home)
    : address_(std::move(address)), home_(std::move(home)), http_(address_) {}

ParamValue Controller::call(const HttpCall& call) {
    const Result<HttpReply, HttpError> reply = http_.request(call);
    if (!reply) throw_no_answer(reply.error());
    if (!reply.value().ok()) throw_problem(reply.value());
    ParamValue answer = json_of(reply.value());
    if (answer.get_if<ParamMap>() == nullptr) {
        throw CliError(kError, "the controller's answer is not a JSON object");
    }
    return answer;
}

ParamValue Controller::get(const std::string& target) {
    HttpCall call;
    call.target = target;
    return this->call(call);
}

std::optional<ParamValue> Controller::find(const std::string& target) {
    HttpCall call;
    call.target = target;
    const Result<HttpReply, HttpError> reply = http_.request(call);
    if (!reply) throw_no_answer(reply.error());
    if (reply.value().status == 404) return std::nullopt;
    if (!reply.value().ok()) throw_problem(reply.value());
    return json_of(reply.value());
}

ParamValue Controller::post(const std::string& target, const ParamValue& body) {
    HttpCall call;
    call.method = "POST";
    call.target = target;
    call.body = to_json(body);
    // Pause, stop and cancel answer when every agent has; that may take a lease, or a kill delay.
    call.timeout = std::chrono::minutes{10};
    return this->call(call);
}

ParamValue Controller::remove(const std::string& target) {
    HttpCall call;
    call.method = "DELETE";
    call.target = target;
    call.timeout = std::chrono::minutes{10};
    return this->call(call);
}

void Controller::each_item(std::string_view path,
                           const Query& query,
                           const std::function<bool(const ParamValue&)>& each) {
    std::string cursor;
    do {
        Query whole = query;
        if (!cursor.empty()) whole.emplace_back("cursor", cursor);
        const ParamValue page = get(api_target(path, whole));
        for (const ParamValue& item : list_field(page, "items")) {
            if (!each(item)) return;
        }
        const ParamValue& next = field(page, "next_cursor");
        const std::string before =
            std::exchange(cursor, next.is_null() ? std::string{} : cell_text(next));
        if (!cursor.empty() && cursor == before) {
            throw CliError(kError, "the controller's list does not go on");
        }
    } while (!cursor.empty());
}

ParamValue json_of(const HttpReply& reply) {
    auto json = parse_json(reply.body);
    if (!json) {
        throw CliError(kError, "the controller's answer is not JSON (" + json.error().message +
                                   " at byte " + std::to_string(json.error().offset) + ")");
    }
    return std::move(*json);
}

void throw_problem(const HttpReply& reply) {
    const auto parsed = parse_json(reply.body);
    const ParamValue none;
    const ParamValue& problem = parsed ? parsed.value() : none;
    std::string message = text_field(problem, "detail");
    if (message.empty()) message = text_field(problem, "title");
    if (message.empty()) {
        message = "the controller answered " + std::to_string(reply.status) + " " +
                  std::string(reason_phrase(reply.status));
    }
    // As a compiler prints it, with lines and carets: already fit for a terminal but for its
    // colours.
    std::string rendered = text_field(problem, "rendered");
    while (!rendered.empty() && rendered.back() == '\n')
        rendered.pop_back();
    std::string hint = hint_of(reply, problem);
    if (!rendered.empty()) {
        std::string lines;
        for (std::size_t at = 0; at <= rendered.size();) {
            const std::size_t end = std::min(rendered.find('\n', at), rendered.size());
            lines += "\n" + printable(rendered.substr(at, end - at));
            at = end + 1;
        }
        message = printable(message) + lines;
    } else {
        message = printable(message);
    }
    if (const ParamList& errors = list_field(problem, "errors");
        reply.status == 422 && !errors.empty()) {
        throw FieldRefused(message, hint, text_field(errors.front(), "field"));
    }
    throw CliError(exit_code_of(reply, problem), message, hint);
}

void name_option(const FieldRefused& refused, const std::vector<FieldOption>& options) {
    const auto option = std::find_if(options.begin(), options.end(), [&](const FieldOption& each) {
        return each.field == refused.field();
    });
    if (option == options.end()) return;
    std::string message = refused.what();
    const std::string quoted = "'" + refused.field() + "'";
    if (message.rfind(quoted + " ", 0) == 0) {
        message.replace(0, quoted.size(), option->option);
    } else if (message.rfind(refused.field() + ": ", 0) == 0) {
        message.replace(0, refused.field().size(), option->option);
    } else {
        message.insert(0, std::string(option->option) + ": ");
    }
    throw CliError(kUsage, message, refused.hint());
}

void throw_no_answer(const HttpError& error) {
    throw CliError(kError, printable(error.message));
}

int for_each_word(Session& session,
                  const std::vector<std::string>& words,
                  const std::function<void(const std::string&)>& each) {
    int code = kOk;
    for (const std::string& word : words) {
        try {
            each(word);
        } catch (const CliError& error) {
            session.out.flush();
            session.messages.error(error.what(), error.hint());
            if (code == kOk) code = error.code();
        }
    }
    return code;
}

}  // namespace sweepctl::cli
