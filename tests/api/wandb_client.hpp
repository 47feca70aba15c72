#pragma once

#include "sweepctl/core/json_text.hpp"

#include "api_fixture.hpp"

#include <string>
#include <utility>
#include <vector>

// What W&B's client says to the API, as the real one does.

namespace sweepctl::test {

/// A run of project "proj" and what its process sends.
class WandbRun {
public:
    WandbRun(ApiFixture& api, std::string name) : api_(api), name_(std::move(name)) {}

    ApiReply graphql(const std::string& document, ParamMap variables = {}) {
        return api_.post("/graphql", to_json(ParamValue(ParamMap{
                                         {"query", document},
                                         {"variables", std::move(variables)},
                                     })));
    }
    /// wandb.init: the storage id.
    std::string init() {
        const ApiReply reply = graphql(
            "mutation($name: String!, $config: JSONString) { upsertBucket(input: {name: $name, "
            "modelName: \"proj\", entityName: \"me\", host: \"there\", config: $config}) {"
            "bucket {id} inserted} }",
            {{"name", name_}, {"config", R"({"_wandb":{"value":{"t":{}}}})"}});
        return text_at(reply, {"data", "upsertBucket", "bucket", "id"});
    }
    /// A POST to its file stream.
    ApiReply stream(const std::string& body, HttpFields headers = {}) {
        HttpCall call;
        call.method = "POST";
        call.target = path("file_stream");
        call.body = body;
        call.headers = std::move(headers);
        return api_.call(call);
    }
    /// The same for lines of one file.
    ApiReply lines(const std::string& file, int offset, std::vector<std::string> content) {
        return stream(to_json(ParamValue(ParamMap{
            {"files",
             ParamMap{{file, ParamMap{{"offset", offset},
                                      {"content", ParamList(content.begin(), content.end())}}}}},
        })));
    }
    /// One of the run's fields, as JSON.
    std::string field(const std::string& selection) {
        const ApiReply reply = graphql(
            "query($name: String!) { project(name: \"proj\", entityName: \"me\") { "
            "run(name: $name) { asked: " +
                selection + " } } }",
            {{"name", name_}});
        return to_json(reply.at("data", "project", "run", "asked"));
    }
    std::string state() { return field("state"); }
    [[nodiscard]] std::string path(const std::string& of) const {
        return "/files/me/proj/" + name_ + "/" + of;
    }

    static std::string text_at(const ApiReply& reply, const std::vector<std::string>& path) {
        const ParamValue* value = &reply.json;
        for (const std::string& name : path)
            value = &ApiReply::member(*value, name);
        const auto* text = value->get_if<std::string>();
        return text == nullptr ? "(nothing in " + reply.http.body + ")" : *text;
    }

private:
    ApiFixture& api_;
    std::string name_;
};

}  // namespace sweepctl::test
