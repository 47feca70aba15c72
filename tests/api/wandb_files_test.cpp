#include "api/wandb/byte_range.hpp"
#include "api/wandb/upload_links.hpp"
#include "wandb_client.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include <sys/stat.h>

using namespace sweepctl;
using namespace sweepctl::test;

namespace fs = std::filesystem;

namespace {

/// The directory below which the files of the only drawer lie.
std::string files_of(ApiFixture& fixture, const std::string& run) {
    const std::string sweeps = fixture.home() + "/sweeps";
    if (!fs::exists(sweeps)) return {};
    for (const auto& sweep : fs::directory_iterator(sweeps)) {
        const fs::path files = sweep.path() / run / "files";
        if (fs::exists(files)) return files.string();
    }
    return {};
}

std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// A client of the TCP door, as W&B's are.
class Outside {
public:
    explicit Outside(ApiFixture& fixture, const std::string& token)
        : client_([&] {
              ServerAddress address = fixture.tcp_address();
              address.token = token;
              return address;
          }()) {}
    HttpReply call(HttpCall call) {
        Result<HttpReply, HttpError> reply = client_.request(call);
        if (!reply) throw std::runtime_error(reply.error().message);
        return std::move(*reply);
    }
    HttpReply put(const std::string& target, const std::string& body) {
        HttpCall asked;
        asked.method = "PUT";
        asked.target = target;
        asked.body = body;
        asked.content_type.clear();
        return call(asked);
    }
    HttpReply get(const std::string& target, HttpFields headers = {}) {
        HttpCall asked;
        asked.target = target;
        asked.headers = std::move(headers);
        return call(asked);
    }

private:
    HttpClient client_;
};

/// Where each of the files may be put, as clients are told: path and query, empty for none.
std::vector<std::string> ask_for(ApiFixture& fixture,
                                 WandbRun& run,
                                 const std::string& name,
                                 const std::vector<std::string>& files) {
    const ApiReply reply = run.graphql(
        "mutation($run: String!, $files: [String!]!) { createRunFiles(input: {entityName: \"me\", "
        "projectName: \"proj\", runName: $run, files: $files}) { runID uploadHeaders files { name "
        "uploadUrl } } }",
        {{"run", name}, {"files", ParamList(files.begin(), files.end())}});
    const ParamValue& payload = reply.at("data", "createRunFiles");
    const auto* list = ApiReply::member(payload, "files").get_if<ParamList>();
    if (list == nullptr) throw std::runtime_error(reply.http.body);
    REQUIRE(list->size() == files.size());
    CHECK(to_json(ApiReply::member(payload, "uploadHeaders")) == "[]");
    const std::string base = "http://127.0.0.1:" + std::to_string(fixture.port());
    std::vector<std::string> targets;
    for (std::size_t i = 0; i < files.size(); ++i) {
        CHECK(ApiReply::member((*list)[i], "name") == ParamValue(files[i]));
        const auto* url = ApiReply::member((*list)[i], "uploadUrl").get_if<std::string>();
        targets.push_back(url == nullptr ? "" : *url);
        if (url == nullptr) continue;
        REQUIRE(targets.back().starts_with(base + "/"));
        targets.back().erase(0, base.size());
    }
    return targets;
}

/// Once the loop is through with the last request.
bool no_uploads(ApiFixture& fixture) {
    return fixture.on_loop([directory = fixture.home() + "/uploads"] {
        return !fs::exists(directory) || fs::is_empty(directory);
    });
}

}  // namespace

TEST_CASE("files: what a client puts under the address that it was given can be fetched",
          "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const std::vector<std::string> names{"config.yaml", "media/html/HT%3ML _11.html", "ä b.txt"};
    const std::vector<std::string> targets = ask_for(fixture, run, "r1", names);
    Outside stranger(fixture, "");
    for (std::size_t i = 0; i < names.size(); ++i) {
        const HttpReply put = stranger.put(targets[i], "bytes of " + names[i]);
        CHECK(put.status == 200);
    }
    CHECK(no_uploads(fixture));
    const std::string files = files_of(fixture, "r1");
    CHECK(bytes_of(files + "/media/html/HT%3ML _11.html") == "bytes of media/html/HT%3ML _11.html");
    struct stat status {};
    REQUIRE(::stat((files + "/config.yaml").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);

    CHECK(run.field("fileCount") == "3");
    CHECK(run.field("files(names: [\"./ä b.txt\"]) { edges { node { name sizeBytes mimetype md5 } "
                    "} }") ==
          R"({"edges":[{"node":{"name":"ä b.txt","sizeBytes":17,)"
          R"("mimetype":"text/plain; charset=utf-8","md5":"vRjcdYdwsOwd4UxyFIWs5g=="}}]})");

    Outside owner(fixture, kToken);
    const std::string target = run.path("media/html/HT%253ML%20_11.html");
    const HttpReply got = owner.get(target);
    CHECK(got.status == 200);
    CHECK(got.body == "bytes of media/html/HT%3ML _11.html");
    CHECK(*got.header("content-type") == "text/html; charset=utf-8");
    CHECK(*got.header("content-security-policy") == "sandbox");
    CHECK(stranger.get(target).status == 401);
    HttpCall head;
    head.method = "HEAD";
    head.target = target;
    CHECK(*owner.call(head).header("content-length") == "35");
    CHECK(owner.get(target, {{"Range", "bytes=9-13"}}).body == "media");
    CHECK(owner.get(target, {{"Range", "bytes=9-13"}}).status == 206);
    CHECK(owner.get(target, {{"Range", "bytes=99-"}}).status == 416);
    head.method = "OPTIONS";
    CHECK(owner.call(head).status == 204);
    CHECK(owner.get(run.path("nothing.txt")).status == 404);
}

TEST_CASE("files: a file that comes again takes the place of the old one", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    Outside owner(fixture, kToken);
    CHECK(owner.put(run.path("a/b.txt"), "old").status == 200);
    CHECK(owner.put(run.path("./a//b.txt"), "new one").status == 200);
    CHECK(owner.get(run.path("a/b.txt")).body == "new one");
    CHECK(run.field("files { edges { node { name sizeBytes } } }") ==
          R"({"edges":[{"node":{"name":"a/b.txt","sizeBytes":7}}]})");
    CHECK(owner.put(run.path("empty"), "").status == 200);
    CHECK(owner.get(run.path("empty")).body.empty());
    // A name that is a directory's.
    CHECK(owner.put(run.path("a"), "x").status == 409);
    CHECK(owner.put(run.path("a/b.txt/c"), "x").status == 409);
    CHECK(no_uploads(fixture));
}

TEST_CASE("files: no name leads out of the run", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    std::string deep = "a";
    for (int i = 0; i < 600; ++i)
        deep += "/a";
    const std::vector<std::string> names{
        "../x", "a/../../x", "/etc/x", "a\nb", "", ".", "a/", deep, std::string(300, 'x')};
    for (const std::string& target : ask_for(fixture, run, "r1", names))
        CHECK(target.empty());
    Outside owner(fixture, kToken);
    for (const char* const target : {"..%2Fx", "a/%2E%2E/%2e%2e/x", "%2Fetc%2Fx", "a%0Ab", "%FF"})
        CHECK(owner.put(run.path(target), "x").status == 400);
    CHECK(owner.get(run.path("..%2F..%2F..%2F..%2Fsweepctl.db")).status == 404);
    CHECK(run.field("fileCount") == "0");

    // Nor does a link that the run's program left.
    CHECK(owner.put(run.path("d/x"), "x").status == 200);
    const std::string files = files_of(fixture, "r1");
    fs::create_directory_symlink(fixture.home(), files + "/home");
    fs::create_symlink(fixture.home() + "/sweepctl.db", files + "/link");
    CHECK(owner.put(run.path("home/x"), "x").status == 409);
    CHECK(owner.get(run.path("home/sweepctl.db")).status == 404);
    CHECK(owner.get(run.path("link")).status == 404);
    CHECK_FALSE(fs::exists(fixture.home() + "/x"));
}

TEST_CASE("files: an address is good for one file, and for a while", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    const std::string id = run.init();
    const std::string target = ask_for(fixture, run, "r1", {"a.txt"}).at(0);
    Outside stranger(fixture, "");
    const auto with = [&target](const std::string& from, const std::string& to) {
        std::string other = target;
        return other.replace(other.find(from), from.size(), to);
    };
    CHECK(stranger.put(with("a.txt", "b.txt"), "x").status == 401);
    CHECK(stranger.put(with("/r1/", "/r2/"), "x").status == 401);
    CHECK(stranger.put(with("run=r1", "run=r2"), "x").status == 401);
    CHECK(stranger.put(with("until=", "until=9"), "x").status == 401);
    CHECK(stranger.put(with("signature=", "signature=0"), "x").status == 401);
    CHECK(stranger.put(target.substr(0, target.find('?')), "x").status == 401);
    CHECK(stranger.get(target).status == 401);
    HttpCall deletion;
    deletion.method = "POST";
    deletion.target = target;
    CHECK(stranger.call(deletion).status == 401);
    CHECK(run.field("fileCount") == "0");

    const api::RunFileName file{"me", "proj", "r1", "a.txt"};
    const WallTime now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
    const auto until = [&](std::chrono::seconds from_now) {
        return *api::signed_upload_path(file, RunId{"r1"}, now + from_now, kToken);
    };
    CHECK(stranger.put(until(std::chrono::seconds{-2}), "x").status == 401);
    CHECK(stranger.put(until(std::chrono::seconds{60}), "x").status == 200);
    CHECK_FALSE(api::signed_upload_path(file, RunId{"r1"}, now, "").has_value());

    // The run is gone, another one has its name.
    run.stream(R"({"complete": true, "exitcode": 0})");
    CHECK(stranger
              .put(*api::signed_upload_path(file, RunId{"other"}, now + std::chrono::minutes{1},
                                            kToken),
                   "x")
              .status == 410);
    run.graphql("mutation($id: ID!) { deleteRun(input: {id: $id}) { success } }", {{"id", id}});
    CHECK(stranger.put(target, "x").status == 404);
    CHECK(no_uploads(fixture));
}

TEST_CASE("files: a file that is too large or breaks off leaves nothing", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    const std::string head = "PUT " + run.path("a.bin") +
                             " HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer " + kToken +
                             "\r\nContent-Length: ";
    {
        RawClient client = RawClient::over_tcp(fixture.port());
        client.send(head + "6000000000\r\n\r\n");
        CHECK(status_of(client.read_to_end()) == 413);
    }
    {
        RawClient client = RawClient::over_tcp(fixture.port());
        client.send(head + "1000000\r\n\r\n" + std::string(500'000, 'x'));
        client.half_close();
        CHECK(client.read_to_end().empty());
    }
    CHECK(no_uploads(fixture));
    CHECK(run.field("fileCount") == "0");
    CHECK(files_of(fixture, "r1").empty());
}

TEST_CASE("files: more than memory should hold goes in and out as it is", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    std::string bytes(std::size_t{20} << 20, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 2654435761U >> 13U);
    Outside owner(fixture, kToken);
    CHECK(owner.put(run.path("large.bin"), bytes).status == 200);
    CHECK(owner.get(run.path("large.bin")).body == bytes);
    // The connection is good for more.
    CHECK(owner.get(run.path("nothing")).status == 404);
}

TEST_CASE("files: deleted ones are gone, on disk too", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    Outside owner(fixture, kToken);
    for (const char* const name : {"a/b/c.txt", "a/d.txt", "e.txt"})
        CHECK(owner.put(run.path(name), "x").status == 200);
    const std::string files = files_of(fixture, "r1");
    const auto remove = [&](const std::string& name) {
        const std::string listed =
            run.field("files(names: [\"" + name + "\"]) { edges { node { id } } }");
        const std::size_t at = listed.find(R"("id":")");
        REQUIRE(at != std::string::npos);
        const std::string id = listed.substr(at + 6, listed.find('"', at + 6) - at - 6);
        return run.graphql(
            "mutation($files: [ID!]!) { deleteFiles(input: {files: $files, "
            "projectId: 1}) { success } }",
            {{"files", ParamList{id}}});
    };
    CHECK(remove("a/b/c.txt").http.body == R"({"data":{"deleteFiles":{"success":true}}})");
    CHECK_FALSE(fs::exists(files + "/a/b"));
    CHECK(fs::exists(files + "/a/d.txt"));
    remove("a/d.txt");
    remove("e.txt");
    CHECK_FALSE(fs::exists(files));
    CHECK(run.field("fileCount") == "0");
    CHECK(run.graphql("mutation { deleteFiles(input: {files: [\"x\"]}) { success } }").status ==
          400);
    CHECK(run.graphql("mutation { markRunFilesUploaded(input: {entityName: \"me\", projectName: "
                      "\"proj\", runName: \"r1\", files: [\"a\"]}) { success } }")
              .status == 200);
}

TEST_CASE("files: of a run that is not there", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    const ApiReply reply = run.graphql(
        "mutation { createRunFiles(input: {entityName: \"me\", projectName: \"proj\", runName: "
        "\"r1\", files: [\"a\"]}) { runID } }");
    CHECK(reply.status == 404);
    Outside owner(fixture, kToken);
    CHECK(owner.put(run.path("a"), "x").status == 404);
    CHECK(owner.get(run.path("a")).status == 404);
    CHECK(no_uploads(fixture));
}

TEST_CASE("files: nothing is taken while nothing can be stored", "[api][wandb][files]") {
    ApiFixture fixture;
    WandbRun run(fixture, "r1");
    run.init();
    Outside owner(fixture, kToken);
    fixture.on_loop([&] { fixture.store().full = true; });
    CHECK(owner.put(run.path("a"), "x").status == 507);
    CHECK(owner.put(run.path("a"), "x").status == 507);
    fixture.on_loop([&] { fixture.store().full = false; });
    fixture.wait_until([&] { return fixture.controller().settled(); });
    CHECK(owner.put(run.path("a"), "x").status == 200);
}

TEST_CASE("parts of files: what a Range header means", "[api][wandb][files]") {
    const auto part = [](std::string_view header, std::uint64_t size) -> std::string {
        const auto range = api::byte_range(header, size);
        return !range ? "all" : std::to_string(range->offset) + "+" + std::to_string(range->length);
    };
    CHECK(part("bytes=0-0", 10) == "0+1");
    CHECK(part("bytes=2-", 10) == "2+8");
    CHECK(part("bytes=2-99", 10) == "2+8");
    CHECK(part("bytes=-3", 10) == "7+3");
    CHECK(part("bytes=-30", 10) == "0+10");
    CHECK(part("bytes=10-", 10) == "10+0");
    CHECK(part("bytes=-0", 10) == "10+0");
    CHECK(part("bytes=0-18446744073709551615", 10) == "0+10");
    for (const char* const header : {"", "bytes=", "bytes=-", "bytes=3-2", "bytes=a-b", "lines=1-2",
                                     "bytes=1-2,4-5", "bytes=99999999999999999999-"})
        CHECK(part(header, 10) == "all");
}
