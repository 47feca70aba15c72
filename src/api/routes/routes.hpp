#pragma once

#include "api/route.hpp"

// What serves each route of the table.

namespace sweepctl::api {

// status.cpp
void get_health(const CallPtr& call);
void get_status(const CallPtr& call);
void shut_down(const CallPtr& call);
// sweeps.cpp
void list_sweeps(const CallPtr& call);
void get_sweep(const CallPtr& call);
void get_prior(const CallPtr& call);
void delete_sweep(const CallPtr& call);
void pause_sweep(const CallPtr& call);
void resume_sweep(const CallPtr& call);
void stop_sweep(const CallPtr& call);
void cancel_sweep(const CallPtr& call);
// launch.cpp
void create_sweep(const CallPtr& call);
// runs.cpp
void list_runs(const CallPtr& call);
void enqueue_run(const CallPtr& call);
void get_run(const CallPtr& call);
void delete_run(const CallPtr& call);
void stop_run(const CallPtr& call);
void retry_run(const CallPtr& call);
void retry_sweep(const CallPtr& call);
void list_metrics(const CallPtr& call);
// explain.cpp
void explain_sweep(const CallPtr& call);
void explain_run(const CallPtr& call);
// logs.cpp
void get_log(const CallPtr& call);
// events.cpp
void list_events(const CallPtr& call);
// agents.cpp
void list_agents(const CallPtr& call);
void drain_agent(const CallPtr& call);
void connect_agent(const CallPtr& call);
// openapi.cpp
void get_openapi(const CallPtr& call);
// prometheus.cpp
void get_prometheus(const CallPtr& call);

}  // namespace sweepctl::api
