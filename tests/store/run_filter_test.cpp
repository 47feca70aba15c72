#include "sweepctl/store/run_filter.hpp"

#include <catch2/catch.hpp>

#include <cmath>
#include <map>
#include <string>

using namespace sweepctl;

namespace {

/// One run that every row below looks at.
class ExampleRun final : public RunValues {
public:
    const ParamValue* value(const RunKey& key) const override {
        switch (key.source) {
            case KeySource::field: {
                const auto found = fields_.find(key.name);
                return found == fields_.end() ? nullptr : &found->second;
            }
            case KeySource::config: return find_path(config_, key.name);
            case KeySource::summary: return find_path(summary_, key.name);
            case KeySource::either: {
                const ParamValue* parameter = find_path(config_, key.name);
                return parameter != nullptr ? parameter : find_path(summary_, key.name);
            }
            case KeySource::tag: return key.name == "good" || key.name == "new" ? &yes_ : nullptr;
            case KeySource::logged:
                return find_path(summary_, key.name) != nullptr ? &yes_ : nullptr;
        }
        return nullptr;
    }

private:
    std::map<std::string, ParamValue> fields_{
        {"id", "abc12345"},   {"name", "12345678"},
        {"state", "running"}, {"preempting", true},
        {"stopping", false},  {"requeued", false},
        {"exit_code", 3},     {"end_reason", "exit"},
        {"host", "node-1"},   {"created_at", std::int64_t{1'795'341'600'000}},
        {"number", 7},        {"wire_name", "run-of-client"},
        {"group", "fold"},    {"tags", ParamList{"good", "new"}},
    };
    ParamValue yes_ = true;
    ParamMap config_{{"deep", ParamMap{{"er", ParamMap{{"lr", 0.5}}}}},
                     {"deep.literal", 9},
                     {"flag", true},
                     {"layers", ParamList{1, 2}},
                     {"lr", 0.1},
                     {"my key", "spaced"},
                     {"none", nullptr},
                     {"opt", ParamMap{{"a", 1}, {"b", 2}}},
                     {"optimizer", "adam"},
                     {"text3", "3"},
                     {"three", 3}};
    ParamMap summary_{{"loss", 0.25}, {"nan", std::nan("")}, {"val/acc", 0.9}};
};

bool matches(const std::string& text) {
    Result<RunFilter, FilterError> filter = parse_run_filter(text);
    if (!filter.ok()) FAIL(text << ": " << filter.error().message);
    return filter->matches(ExampleRun());
}

}  // namespace

TEST_CASE("run filter: words say which runs", "[store][run_filter]") {
    struct Row {
        std::string text;
        bool expected;
    };
    const auto row = GENERATE(values<Row>({
        {"state = running", true},
        {"state=running", true},
        {"state == running", true},
        {"state != running", false},
        {"state in (finished, running)", true},
        {"state not in (finished, running)", false},
        {"state = preempting", true},
        {"state = preempted", false},
        {"state != preempted", true},
        {"state in (preempted, failed)", false},
        {"stopping = false", true},
        {"preempting = TRUE", true},
        {"exit_code = 3", true},
        {"exit_code >= 3.0", true},
        {"exit_code < 3", false},
        {"term_signal = 9", false},
        {"term_signal != 9", true},
        {"term_signal = null", true},
        {"exit_code != null", true},
        {"end_reason in (exit, signal)", true},
        {"name = 12345678", true},
        {"name ~ ^123", true},
        {"name ~ 345", true},
        {"name ~ '^345'", false},
        {"host ~ \"^node-\\d+$\"", true},
        {"created_at > 2026-11-22", true},
        {"created_at < '2026-11-22 09:00'", false},
        {"created_at = 2026-11-22T10:00:00Z", true},
        {"created_at = '2026-11-22T10:00:00Z'", true},
        {"config.lr = 0.1", true},
        {"config.lr >= 1e-1", true},
        {"lr > .05", true},
        {"lr < +1", true},
        {"loss < 0.3 and lr < 0.3", true},
        {"loss < 0.3 and lr > 0.3", false},
        {"loss > 0.3 or lr < 0.3", true},
        {"not loss > 0.3", true},
        {"NOT (loss > 0.3 OR state = running)", false},
        {"not not loss < 0.3", true},
        {"loss > 1 and loss > 1 or lr = 0.1", true},
        {"lr = 0.1 or loss > 1 and loss > 1", true},
        {"val/acc = 0.9", true},
        {"summary.val/acc > 0.5", true},
        {"summary_metrics.loss = 0.25", true},
        {"config.\"my key\" = spaced", true},
        {"'my key' = spaced", true},
        {"three = 3", true},
        {"three = 3.0", true},
        {"three = '3'", false},
        {"text3 = 3", true},
        {"text3 = '3'", true},
        {"text3 > 2", false},
        {"three > '2'", false},
        {"three ~ 3", true},
        {"flag = true", true},
        {"flag = 1", false},
        {"none = null", true},
        {"none != null", false},
        {"missing = null", true},
        {"missing = 1", false},
        {"missing != 1", true},
        {"missing > 1", false},
        {"not missing > 1", true},
        {"missing ~ '.*'", false},
        {"missing in (1, 2)", false},
        {"missing not in (1, 2)", true},
        {"nan = nan", true},
        {"nan > 0", false},
        {"nan < 0", false},
        {"loss < inf", true},
        {"loss > -inf", true},
        {"loss < 1e400", true},
        {"deep.er.lr = 0.5", true},
        {"config.deep.er.lr = 0.5", true},
        {"deep.literal = 9", true},
        {"optimizer = adam", true},
        {"optimizer = 'adam'", true},
        {"optimizer > aaa", true},
        {"optimizer in ('sgd', \"adam\")", true},
        {"layers ~ '1,2'", true},
    }));
    CAPTURE(row.text);
    CHECK(matches(row.text) == row.expected);
}

TEST_CASE("run filter: the form of W&B's clients says the same", "[store][run_filter]") {
    struct Row {
        std::string text;
        bool expected;
    };
    const auto row = GENERATE(values<Row>({
        {"{}", true},
        {R"({"state": "running"})", true},
        {R"({"state": {"$in": ["finished", "preempting"]}})", true},
        {R"({"state": {"$nin": ["finished", "failed"]}})", true},
        {R"({"$and": [{"state": "running"}, {"config.lr": {"$gt": 0.05, "$lt": 0.2}}]})", true},
        {R"({"$or": [{"config.lr": 5}, {"summary_metrics.loss": {"$lte": 0.25}}]})", true},
        {R"({"$nor": [{"config.lr": 5}, {"loss": {"$gte": 1}}]})", true},
        {R"({"$not": {"state": "running"}})", false},
        {R"({"loss": {"$not": {"$gt": 1}}})", true},
        {R"({"loss": {"$ne": 0.25}})", false},
        {R"({"missing": {"$ne": 0.25}})", true},
        {R"({"missing": null})", true},
        {R"({"loss": {"$exists": true}})", true},
        {R"({"missing": {"$exists": true}})", false},
        {R"({"missing": {"$exists": false}})", true},
        {R"({"none": {"$exists": true}})", true},
        {R"({"host": {"$regex": "^NODE", "$options": "i"}})", true},
        {R"({"host": {"$regex": "^NODE"}})", false},
        {R"({"display_name": "12345678"})", true},
        {R"({"createdAt": {"$gt": "2026-11-22T09:00:00"}})", true},
        {R"({"layers": [1, 2.0]})", true},
        {R"({"layers": [2, 1]})", false},
        {R"({"opt": {"b": 2, "a": 1}})", true},
        {R"({"three": 3.0, "text3": "3"})", true},
        {R"({"text3": 3})", false},
        {R"({"nan": NaN})", true},
        {R"({"loss": {"$eq": 0.25}})", true},
        {R"({"loss": {"$in": []}})", false},
        {R"(  {"state": "running"}  )", true},
    }));
    CAPTURE(row.text);
    CHECK(matches(row.text) == row.expected);
}

TEST_CASE("run filter: what is wrong is named with its place", "[store][run_filter]") {
    struct Row {
        std::string text;
        std::size_t offset;
        std::string message;  // a part of it
    };
    const auto row = GENERATE(values<Row>({
        {"", 0, "expected a key"},
        {"   ", 3, "expected a key"},
        {"loss", 4, "expected one of"},
        {"loss <", 6, "expected a value, not the end"},
        {"loss < 1 lr < 2", 9, "expected 'and', 'or' or the end, not 'lr'"},
        {"loss < 1 && lr < 2", 9, "write 'and'"},
        {"loss < 1 || lr < 2", 9, "write 'or'"},
        {"(loss < 1", 0, "never closed"},
        {"loss < 1)", 8, "closes nothing"},
        {"loss < (1)", 7, "expected a value, not '('"},
        {"loss < and", 7, "put it in quotes"},
        {"and loss < 1", 0, "expected a key"},
        {"loss in 1, 2", 8, "expected '('"},
        {"loss in (1 2)", 11, "expected ',' or ')'"},
        {"loss in ()", 9, "expected a value"},
        {"loss not 3", 9, "expected 'in'"},
        {"loss = 'abc", 7, "does not end"},
        {"a = 1 or state = runing", 17, "did you mean 'running'"},
        {"state > finished", 0, "has no order"},
        {"end_reason = exitt", 13, "did you mean 'exit'"},
        {"created_at > yesterday", 13, "is no moment"},
        {"exit_code = many", 12, "with a number"},
        {"stopping = yes", 11, "true or false"},
        {"config = 1", 0, "write config.NAME"},
        {"summary. = 1", 0, "write summary.NAME"},
        {"host ~ '(' and a = 1", 7, "no regular expression"},
        {"loss < null", 7, "nothing is more or less than null"},
        {"= 3", 0, "expected a key"},
        {"{\"state\": \"runing\"}", 10, "did you mean 'running'"},
        {"{\"state\": }", 10, "expected a value"},
        {"{\"$and\": []}", 1, "not empty"},
        {"{\"$xor\": [{}]}", 1, "unknown operator '$xor'"},
        {"{\"loss\": {\"$near\": 1}}", 10, "unknown operator '$near'"},
        {"{\"loss\": {\"$in\": 1}}", 10, "needs a list"},
        {"{\"loss\": {\"$regex\": \"(\"}}", 20, "no regular expression"},
        {"{\"host\": {\"$regex\": \"a\", \"$options\": \"x\"}}", 25, "may only be"},
    }));
    CAPTURE(row.text);
    const Result<RunFilter, FilterError> filter = parse_run_filter(row.text);
    REQUIRE_FALSE(filter.ok());
    CHECK(filter.error().offset == row.offset);
    CHECK_THAT(filter.error().message, Catch::Contains(row.message));
}

TEST_CASE("run filter: nothing that is typed harms", "[store][run_filter]") {
    const std::string deep(100'000, '(');
    CHECK_FALSE(parse_run_filter(deep).ok());
    CHECK_FALSE(parse_run_filter(deep.substr(0, 50'000)).ok());
    std::string nots;
    for (int i = 0; i < 10'000; ++i)
        nots += "not ";
    CHECK_FALSE(parse_run_filter(nots + "a = 1").ok());
    std::string mongo;
    for (int i = 0; i < 30; ++i)
        mongo += "{\"$and\":[";
    CHECK_FALSE(parse_run_filter(mongo).ok());
    CHECK_FALSE(matches(std::string("a = \0", 5)));
    CHECK_FALSE(matches("a = \xff\xfe"));
    CHECK_FALSE(parse_run_filter("\xff = '").ok());

    // Long and flat is fine.
    std::string chain = "three = 3";
    while (chain.size() < 60'000)
        chain += " and three = 3";
    CHECK(matches(chain));
}

TEST_CASE("run filter: a pattern that would take for ever is given up with a message",
          "[store][run_filter]") {
    Result<RunFilter, FilterError> filter = parse_run_filter("text ~ '^(a+)+$'");
    REQUIRE(filter.ok());
    class LongText final : public RunValues {
    public:
        const ParamValue* value(const RunKey&) const override { return &text_; }

    private:
        ParamValue text_{std::string(500, 'a') + "b"};
    };
    CHECK_THROWS_WITH(filter->matches(LongText()), Catch::Contains("takes too long"));
}

TEST_CASE("run filter: its keys can be settled", "[store][run_filter]") {
    Result<RunFilter, FilterError> filter =
        parse_run_filter("loss < 1 and not (state = failed or config.loss in (1, 2))");
    REQUIRE(filter.ok());
    const std::vector<RunKey*> keys = filter->keys();
    REQUIRE(keys.size() == 4);
    CHECK(keys[0]->source == KeySource::either);
    CHECK(keys[0]->offset == 0);
    CHECK(keys[1]->source == KeySource::field);
    CHECK(keys[2]->source == KeySource::config);
    CHECK(keys[2]->name == "loss");
    CHECK(keys[2]->offset == 36);
    keys[0]->source = KeySource::config;
    CHECK_FALSE(filter->matches(ExampleRun()));
}

TEST_CASE("run filter: W&B's clients call some things otherwise", "[store][run_filter]") {
    struct Row {
        std::string text;
        bool matches;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"name": "run-of-client"})", true},
        {R"({"name": "12345678"})", false},
        {R"({"display_name": "12345678"})", true},
        {R"({"group": "fold"})", true},
        {R"({"groupName": "fold"})", true},
        {R"({"tags": "new"})", true},
        {R"({"tags": {"$in": ["old", "good"]}})", true},
        {R"({"tags": {"$nin": ["old", "good"]}})", false},
        {R"({"tags": ["good", "new"]})", true},
        {R"({"tags": ["new", "good"]})", false},
        {R"({"tags": {"$regex": "^g"}})", true},
        {R"({"tags": null})", false},
        {R"({"tags.good": {"$exists": true}})", true},
        {R"({"tags.bad": {"$exists": true}})", false},
        {R"({"keys_info.keys.loss": {"$exists": true}})", true},
        {R"({"keys_info.keys.lr": {"$exists": true}})", false},
        {R"({"exitcode": 3})", true},
        {R"({"$and": []})", true},
        {R"({"$nor": []})", true},
        {R"({"lr": 0.1})", true},
    }));
    CAPTURE(row.text);
    const auto filter = parse_run_filter(row.text, FilterWords::wandb);
    if (!filter.ok()) FAIL(filter.error().message);
    CHECK(filter->matches(ExampleRun()) == row.matches);
}

TEST_CASE("run filter: tags are a list for people, too", "[store][run_filter]") {
    CHECK(matches("tags = good"));
    CHECK(matches("tags in (old, new)"));
    CHECK(matches("tags ~ '^ne'"));
    CHECK_FALSE(matches("tags = goo"));
    CHECK_FALSE(matches("tags != good"));
    CHECK(matches("name = 12345678 and group = fold"));
    const auto ordered = parse_run_filter("tags < good");
    REQUIRE_FALSE(ordered.ok());
    CHECK(ordered.error().message == "'tags' has no order: use = or in");
    CHECK_FALSE(parse_run_filter(R"({"tags": 3})", FilterWords::wandb).ok());
    CHECK_FALSE(parse_run_filter("tags = good", FilterWords::wandb).ok());
}

TEST_CASE("run filter: what it says of sweeps can be taken out", "[store][run_filter]") {
    struct Row {
        std::string text;
        std::string sweeps;
        bool empty;
    };
    const auto row = GENERATE(values<Row>({
        {R"({"sweep": "a"})", "a ", true},
        {R"({"$and": [{"sweep": "a"}]})", "a ", true},
        {R"({"$and": [{"$and": [{"sweep": "a"}]}, {"sweep": "b"}]})", "a b ", true},
        {R"({"sweep": "a", "state": "failed"})", "a ", false},
        {R"({"$or": [{"sweep": "a"}, {"sweep": "b"}]})", "", false},
        {R"({"sweep": {"$ne": "a"}})", "", false},
        {R"({"sweep": null})", "", false},
        {R"({})", "", true},
        {R"({"$and": []})", "", true},
    }));
    CAPTURE(row.text);
    auto filter = parse_run_filter(row.text, FilterWords::wandb);
    REQUIRE(filter.ok());
    std::string sweeps;
    for (const std::string& sweep : filter->take_sweeps())
        sweeps += sweep + " ";
    CHECK(sweeps == row.sweeps);
    CHECK(filter->is_empty() == row.empty);
}
