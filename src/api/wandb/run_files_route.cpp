// /files/{entity}/{project}/{run}/{name...}: the bytes of a run's files.

#include "sweepctl/store/project_reads.hpp"

#include "api/backend.hpp"
#include "api/log_file.hpp"
#include "api/wandb/byte_range.hpp"
#include "api/wandb/door.hpp"
#include "api/wandb/run_file_store.hpp"
#include "api/wandb/upload_links.hpp"

#include <utility>

namespace sweepctl::api {

namespace {

/// What the path of a request names.
RunFileName named(const std::vector<std::string>& arguments) {
    return {arguments.at(0), arguments.at(1), arguments.at(2), arguments.at(3)};
}

struct StoredRun {
    RunFilePlace place;
    std::uint32_t attempt = 1;
};
std::optional<StoredRun> find_run(ReadSession& session,
                                  const RunFileName& file,
                                  const std::string& home) {
    const RunColumns nothing_big{false, false, false, false};
    const std::optional<WireRun> run =
        wire_run(session, file.entity, file.project, file.run, nothing_big);
    if (!run) return std::nullopt;
    const std::optional<SweepId> sweep = sweep_with_files(session, run->id);
    if (!sweep) return std::nullopt;
    return StoredRun{{home, *sweep, run->id}, run->attempt};
}

Problem no_run(const RunFileName& file) {
    return {404, "no run '" + file.run + "' in " + file.entity + "/" + file.project};
}

/// The file is in its place: now everybody may know.
void register_file(const CallPtr& call, const RunFilePlace& place, RegisterFile event) {
    event.named.run = place.run;
    event.request.actor = call->actor();
    call->backend().await_store(call);
    call->backend().controller.request(event, [call, place, event](const Answer& answer) {
        // Deleted meanwhile, and its files with it: this one came too late for that.
        if (answer.code == AnswerCode::not_found) remove_file(place, event.name);
        if (!call->open()) return;
        if (answer.code == AnswerCode::not_found)
            return call->refuse({410, "run " + place.run.text + " was deleted"});
        if (answer.code != AnswerCode::ok) return call->refuse(problem_of(answer));
        call->answer(200, "{}");
    });
}

/// What is sent of a file, as the Range header wants it.
HttpResponse response_with(FilePart file, const std::string& name, const std::string* range) {
    HttpResponse response;
    response.content_type = media_type_of(name);
    response.headers = {{"Accept-Ranges", "bytes"},
                        {"X-Content-Type-Options", "nosniff"},
                        // A page that a run stored is not to act in the name of who looks at it.
                        {"Content-Security-Policy", "sandbox"}};
    const std::uint64_t size = file.length;
    const std::optional<ByteRange> part =
        range == nullptr ? std::nullopt : byte_range(*range, size);
    if (part && part->length == 0) {
        response = to_response({416, "the file has " + std::to_string(size) + " bytes"});
        response.headers.emplace_back("Content-Range", "bytes */" + std::to_string(size));
        return response;
    }
    if (part) {
        response.status = 206;
        response.headers.emplace_back("Content-Range",
                                      "bytes " + std::to_string(part->offset) + "-" +
                                          std::to_string(part->offset + part->length - 1) + "/" +
                                          std::to_string(size));
        file.offset = part->offset;
        file.length = part->length;
    }
    response.file = std::move(file);
    return response;
}

}  // namespace

bool is_signed_upload(const HttpRequest& request, const Match& match, const ApiContext& about) {
    return is_signed(request, named(match.arguments), about.now().wall, about.token);
}

void put_run_file(const CallPtr& call) {
    const auto upload = std::dynamic_pointer_cast<Upload>(call->request().sink);
    if (upload == nullptr) return call->refuse({500, "there is no place for uploads"});
    if (const auto problem = upload->problem()) return call->refuse(*problem);
    const RunFileName file = named(call->arguments());
    const std::optional<std::string> name = clean_file_name(file.name);
    if (!name) return call->refuse({400, "no file of a run can be called so"});
    call->backend().read(
        // Not with the quick ones, which would wait for the disk with it.
        call, Pace::slow,
        [file, name = *name, upload, meant = signed_run(call->request()),
         home = call->backend().about.home](ReadSession& session) -> Result<RunFilePlace, Problem> {
            const std::optional<StoredRun> run = find_run(session, file, home);
            if (!run) return Failure{no_run(file)};
            if (meant && *meant != run->place.run)
                return Failure{Problem{410, "the run that this address was made for is gone"}};
            if (auto problem = store_file(run->place, name, *upload)) return Failure{*problem};
            return run->place;
        },
        [call, upload, name = *name](const RunFilePlace& place) {
            RegisterFile event;
            event.name = name;
            event.size = upload->size();
            event.md5_base64 = upload->md5_base64();
            event.mimetype = media_type_of(name);
            register_file(call, place, std::move(event));
        });
}

void get_run_file(const CallPtr& call) {
    const RunFileName file = named(call->arguments());
    const std::optional<std::string> name = clean_file_name(file.name);
    if (!name) return call->refuse({404, "no file of a run can be called so"});
    using Found = Result<std::optional<FilePart>, Problem>;
    call->backend().read(
        call, Pace::quick,
        [file, name = *name, home = call->backend().about.home](ReadSession& session) -> Found {
            const std::optional<StoredRun> run = find_run(session, file, home);
            if (!run) return Failure{no_run(file)};
            Found found = open_file(run->place, name);
            if (!found || *found || name != "output.log") return found;
            // What a program writes is with its agent; a client sends a copy when it ends.
            return open_file(log_path(home, run->place.sweep, run->place.run, run->attempt));
        },
        [call, file, name = *name](std::optional<FilePart> found) {
            if (!found)
                return call->refuse({404, "run " + file.run + " has no file '" + name + "'"});
            call->answer(response_with(std::move(*found), name, call->request().header("range")));
        });
}

/// Clients that are pages ask before they fetch.
void describe_run_file(const CallPtr& call) {
    HttpResponse response;
    response.status = 204;
    response.content_type.clear();
    response.headers = {{"Allow", "GET, HEAD, PUT, OPTIONS"}};
    call->answer(std::move(response));
}

}  // namespace sweepctl::api
