#include "cli/arguments.hpp"

#include "cli/cli_error.hpp"
#include "cli/verb.hpp"

#include <catch2/catch.hpp>

#include <set>

using namespace sweepctl::cli;

namespace {

struct Parsed {
    std::string sweep;
    std::vector<std::string> rest;
    bool follow = false;
    std::optional<std::uint64_t> limit;
    std::optional<std::string> sort;
    std::optional<std::string> format;
};

Parsed parse(const std::vector<std::string>& words) {
    Parsed out;
    Arguments arguments;
    arguments.positional(out.sweep, ValueKind::sweep, "SWEEP", "the sweep");
    arguments.positional(out.rest, ValueKind::assignment, "KEY=VALUE", "values", false);
    arguments.flag("-f,--follow", out.follow, "follow");
    arguments.option("-n,--limit", out.limit, "N", "limit");
    arguments.option("--sort", out.sort, ValueKind::text, "KEY", "sort");
    arguments.option("--format", out.format, {"csv", "jsonl"}, "FORMAT", "format");
    arguments.parse(words);
    return out;
}

std::string refusal(const std::vector<std::string>& words) {
    try {
        parse(words);
    } catch (const CliError& error) {
        CHECK(error.code() == kUsage);
        return std::string(error.what()) + " | " + error.hint();
    }
    return "accepted";
}

}  // namespace

TEST_CASE("arguments: options stand anywhere, and the last of a kind counts", "[cli][arguments]") {
    const Parsed parsed =
        parse({"--limit", "3", "s1", "a=1", "-f", "b=[1,2]", "--limit=5", "--sort", "-loss"});
    CHECK(parsed.sweep == "s1");
    CHECK(parsed.rest == std::vector<std::string>{"a=1", "b=[1,2]"});
    CHECK(parsed.follow);
    CHECK(parsed.limit == 5);
    CHECK(parsed.sort == "-loss");
    CHECK(parse({"-fn7", "s1"}).limit == 7);
    CHECK(parse({"s1", "--", "--sort=x"}).rest == std::vector<std::string>{"--sort=x"});
    CHECK(parse({"s1", "--limit", "18446744073709551615"}).limit == UINT64_MAX);
}

TEST_CASE("arguments: what is wrong is named", "[cli][arguments]") {
    CHECK(refusal({}) == "missing SWEEP: the sweep | ");
    CHECK(refusal({"s1", "--folow"}) == "there is no option '--folow' | did you mean '--follow'?");
    CHECK(refusal({"s1", "--limit", "x"}) ==
          "--limit takes a whole number of zero or more, not 'x' | ");
    CHECK(refusal({"s1", "--limit", "18446744073709551616"}) ==
          "--limit takes a whole number of zero or more, not '18446744073709551616' | ");
    CHECK(refusal({"s1", "--format", "xml"}) == "--format takes 'csv' or 'jsonl', not 'xml' | ");
    CHECK(refusal({"a//b"}) ==
          "'a//b' is not an id | an id is ID, PROJECT/ID or ENTITY/PROJECT/ID");
    CHECK(refusal({""}).find("is not an id") != std::string::npos);
    CHECK(refusal({"s1", "-x"}).find("there is no option '-x'") == 0);
    CHECK(refusal({"s1", "--limit"}) != "accepted");
    CHECK(refusal({"s1", "\x1b[31m"}) == "accepted");  // a value may be anything
    CHECK(refusal({"\x1b[31m/a/b/c"}).find('\x1b') == std::string::npos);
}

TEST_CASE("verbs: each declares itself completely", "[cli][verbs]") {
    std::set<std::string_view> names;
    for (const Verb* verb : all_verbs()) {
        CAPTURE(verb->name);
        CHECK(names.insert(verb->name).second);
        CHECK(find_verb(verb->name) == verb);
        CHECK_FALSE(verb->summary.empty());
        Arguments arguments;
        const Action action = verb->declare(arguments);
        CHECK(static_cast<bool>(action));
        std::set<std::string> taken{"--server", "--home", "-h", "--help"};
        for (const ArgumentInfo& info : arguments.infos()) {
            for (const std::string& name : info.names) {
                CAPTURE(name);
                CHECK(taken.insert(name).second);
            }
            CHECK((info.kind != ValueKind::choice || !info.choices.empty()));
        }
        if (verb->group.empty()) continue;
        CHECK_FALSE(verb->examples.empty());
    }
    CHECK(find_verb("nosuch") == nullptr);
}
