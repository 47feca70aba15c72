#include "api/wandb/door.hpp"

#include "api/backend.hpp"
namespace sweepctl::api {
void take_file_stream(const CallPtr& call) { call->refuse({501, "wip"}); }
void put_run_file(const CallPtr& call) { call->refuse({501, "wip"}); }
void get_run_file(const CallPtr& call) { call->refuse({501, "wip"}); }
}
