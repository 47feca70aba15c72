#include "api/routes/openapi_schemas.hpp"

namespace sweepctl::api {

std::string_view openapi_schemas() {
    return R"json({
"Health": {"type": "object", "required": ["status"], "properties": {"status": {"const": "ok"}}},
"Status": {
  "type": "object",
  "required": ["version", "pid", "home", "url", "socket", "started_at", "sweeps", "live_runs", "agents", "local_agent", "troubles"],
  "properties": {
    "version": {"type": "string"},
    "pid": {"type": "integer"},
    "home": {"type": "string", "description": "the state directory"},
    "url": {"type": ["string", "null"], "description": "of the TCP door"},
    "socket": {"type": ["string", "null"], "description": "path of the unix door"},
    "started_at": {"$ref": "#/components/schemas/Time"},
    "sweeps": {"type": "integer"},
    "live_runs": {"type": "integer"},
    "agents": {"type": "integer"},
    "local_agent": {"type": ["string", "null"], "description": "why the controller keeps no agent of its own, if it was drained"},
    "troubles": {"type": "array", "items": {"$ref": "#/components/schemas/Trouble"}}
  }
},
"Trouble": {
  "type": "object",
  "description": "something cannot be stored or started at present",
  "required": ["agent", "message", "since"],
  "properties": {
    "agent": {"type": ["string", "null"], "description": "whose host lacks something; null: it is the database"},
    "message": {"type": "string"},
    "since": {"$ref": "#/components/schemas/Time"}
  }
},
"Leaving": {
  "type": "object",
  "required": ["message", "live_runs"],
  "properties": {
    "message": {"type": "string"},
    "live_runs": {"type": "integer", "description": "those that are alive, or may be"}
  }
},
"Done": {
  "type": "object",
  "required": ["id", "message"],
  "properties": {"id": {"type": "string"}, "message": {"type": "string", "description": "one line for a person"}}
},
"Commanded": {
  "type": "object",
  "required": ["id", "status", "message"],
  "properties": {
    "id": {"type": "string"},
    "status": {"anyOf": [{"$ref": "#/components/schemas/SweepStatus"}, {"type": "null"}]},
    "message": {"type": "string"}
  }
},
"Retried": {
  "type": "object",
  "required": ["runs", "message"],
  "properties": {"runs": {"type": "array", "items": {"type": "string"}}, "message": {"type": "string"}}
},
"Explanation": {
  "type": "object",
  "required": ["id", "summary", "lines"],
  "properties": {
    "id": {"type": "string"},
    "summary": {"type": "string", "description": "one line"},
    "lines": {"type": "array", "items": {"type": "string"}}
  }
},
"Problem": {
  "type": "object",
  "description": "RFC 9457",
  "required": ["type", "title", "status", "detail"],
  "properties": {
    "type": {"type": "string"},
    "title": {"type": "string"},
    "status": {"type": "integer"},
    "detail": {"type": "string", "description": "one line for a person"},
    "candidates": {"type": "array", "items": {"type": "string"}, "description": "of an ambiguous id: the first ten that it may be"},
    "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
    "offset": {"type": "integer", "description": "byte of the body that is not JSON"},
    "diagnostics": {"type": "array", "items": {"$ref": "#/components/schemas/Diagnostic"}},
    "rendered": {"type": "string", "description": "the diagnostics as a compiler prints them"}
  }
},
"FieldError": {
  "type": "object",
  "required": ["message"],
  "properties": {
    "field": {"type": "string", "description": "what is wrong: a query parameter or a member of the body; absent of a 401"},
    "message": {"type": "string"},
    "offset": {"type": "integer", "description": "byte of the field's text"}
  }
},
"Diagnostic": {
  "type": "object",
  "required": ["severity", "line", "column", "message", "hint"],
  "properties": {
    "severity": {"enum": ["note", "warning", "error"]},
    "line": {"type": ["integer", "null"], "description": "from 1; null: of the whole"},
    "column": {"type": ["integer", "null"], "description": "from 1, in bytes"},
    "message": {"type": "string"},
    "hint": {"type": ["string", "null"], "description": "what would be right"}
  }
},
"Time": {"type": "string", "format": "date-time", "description": "RFC 3339 in UTC, with milliseconds"},
"TimeOrNull": {"anyOf": [{"$ref": "#/components/schemas/Time"}, {"type": "null"}]},
"Number": {
  "description": "numbers that JSON cannot say are strings",
  "anyOf": [{"type": "number"}, {"enum": ["NaN", "Infinity", "-Infinity"]}]
},
"Values": {"type": "object", "description": "any values by name; numbers that JSON cannot say are the strings NaN, Infinity and -Infinity", "additionalProperties": true},
"RunState": {"enum": ["pending", "running", "finished", "failed", "crashed", "killed"]},
"SweepStatus": {"enum": ["pending", "running", "paused", "stopped", "cancelled", "finished", "failed", "crashed"]},
"NothingRequest": {"type": "object", "properties": {}},
"ShutdownRequest": {
  "type": "object",
  "properties": {"cancel": {"type": ["boolean", "null"], "description": "cancel every sweep first"}}
},
"CancelRequest": {
  "type": "object",
  "properties": {"grace_ms": {"type": ["integer", "null"], "minimum": 0, "maximum": 86400000, "description": "between SIGTERM and SIGKILL; absent: SIGKILL at once"}}
},
"LaunchRequest": {
  "type": "object",
  "required": ["spec", "cwd"],
  "properties": {
    "spec": {"type": "string", "description": "the YAML text"},
    "file_name": {"type": ["string", "null"], "description": "how messages call the spec"},
    "name": {"type": ["string", "null"]},
    "project": {"type": ["string", "null"]},
    "entity": {"type": ["string", "null"]},
    "parallel": {"type": ["integer", "null"], "minimum": 1, "maximum": 4294967295, "description": "instead of the spec's"},
    "paused": {"type": ["boolean", "null"], "description": "start nothing yet"},
    "strict": {"type": ["boolean", "null"], "description": "unknown top-level keys are errors"},
    "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": 18446744073709551615, "description": "instead of the spec's"},
    "cwd": {"type": "string", "description": "the launch directory, absolute"},
    "env": {"type": ["object", "null"], "additionalProperties": {"type": "string"}, "description": "the launch environment; never shown again"},
    "prior": {"anyOf": [{"$ref": "#/components/schemas/PriorRequest"}, {"type": "array", "items": {"$ref": "#/components/schemas/PriorRequest"}}, {"type": "null"}], "description": "runs from before that the search is to know"}
  }
},
"PriorRequest": {
  "type": "object",
  "description": "either `sweep` or `runs`",
  "properties": {
    "sweep": {"type": ["string", "null"], "description": "its ended runs; an id or the beginning of one"},
    "project": {"type": ["string", "null"], "description": "of that sweep"},
    "entity": {"type": ["string", "null"], "description": "of that sweep"},
    "source": {"type": ["string", "null"], "description": "where `runs` come from, for people"},
    "runs": {"type": ["array", "null"], "items": {"$ref": "#/components/schemas/PriorRun"}}
  }
},
"PriorRun": {
  "type": "object",
  "required": ["name", "state"],
  "properties": {
    "name": {"type": "string"},
    "state": {"$ref": "#/components/schemas/RunState"},
    "end_reason": {"type": ["string", "null"]},
    "config": {"$ref": "#/components/schemas/Values"},
    "summary": {"$ref": "#/components/schemas/Values"},
    "history": {"type": "array", "items": {"$ref": "#/components/schemas/Values"}, "description": "what it logged, in order; the best value of the metric in history and summary counts"}
  }
},
"PriorRuns": {
  "type": "object",
  "required": ["source", "metric", "runs"],
  "properties": {
    "source": {"type": ["string", "null"]},
    "metric": {"type": ["string", "null"], "description": "whose values are in `history`"},
    "runs": {"type": "array", "items": {"$ref": "#/components/schemas/PriorRun"}}
  }
},
"PriorOrNull": {
  "type": ["object", "null"],
  "description": "the runs from before that the search knows",
  "required": ["source", "runs", "with_metric"],
  "properties": {
    "source": {"type": "string", "description": "a file's name, or `sweep` and an id"},
    "runs": {"type": "integer"},
    "with_metric": {"type": "integer", "description": "how many of them have a value of the metric"}
  }
},
"Launched": {
  "type": "object",
  "required": ["id", "name", "project", "entity", "status", "expected_runs", "method", "seed", "prior", "diagnostics", "rendered", "warnings"],
  "properties": {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "project": {"type": "string"},
    "entity": {"type": "string"},
    "status": {"$ref": "#/components/schemas/SweepStatus"},
    "expected_runs": {"type": ["integer", "null"], "description": "those that are enqueued beyond a grid included; null: without end"},
    "method": {"type": "string"},
    "seed": {"type": "integer"},
    "prior": {"$ref": "#/components/schemas/PriorOrNull"},
    "diagnostics": {"type": "array", "items": {"$ref": "#/components/schemas/Diagnostic"}},
    "rendered": {"type": "string"},
    "warnings": {"type": "array", "items": {"type": "string"}, "description": "what will not go as asked on the agents that there are"}
  }
},
"EnqueueRequest": {
  "type": "object",
  "required": ["config"],
  "properties": {
    "config": {"type": "object", "additionalProperties": true, "description": "parameters and their values"},
    "front": {"type": ["boolean", "null"], "description": "before what was enqueued earlier"}
  }
},
"RetryRequest": {
  "type": "object",
  "properties": {"force": {"type": ["boolean", "null"], "description": "although an unreachable agent may still execute it"}}
},
"RetryManyRequest": {
  "type": "object",
  "properties": {
    "states": {"type": ["array", "null"], "items": {"enum": ["failed", "crashed", "killed"]}},
    "force": {"type": ["boolean", "null"]}
  }
},
"StopRunRequest": {
  "type": "object",
  "properties": {
    "signal": {"type": ["string", "integer", "null"], "description": "INT, SIGINT or 2; absent: SIGTERM"},
    "force": {"type": ["boolean", "null"], "description": "SIGKILL now"}
  }
},
"RunCounts": {
  "type": "object",
  "required": ["pending", "running", "finished", "failed", "crashed", "killed"],
  "properties": {
    "pending": {"type": "integer"},
    "running": {"type": "integer"},
    "finished": {"type": "integer"},
    "failed": {"type": "integer"},
    "crashed": {"type": "integer"},
    "killed": {"type": "integer"}
  }
},
"Sweep": {
  "type": "object",
  "required": ["id", "name", "project", "entity", "status", "reason", "method", "counts", "expected_runs", "exhausted", "best", "metric", "parallel", "run_cap", "seed", "prior", "created_at", "started_at", "ended_at", "drained"],
  "properties": {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "project": {"type": "string"},
    "entity": {"type": "string"},
    "status": {"$ref": "#/components/schemas/SweepStatus"},
    "reason": {"type": ["string", "null"], "description": "why it has this status"},
    "method": {"type": "string"},
    "counts": {"$ref": "#/components/schemas/RunCounts"},
    "expected_runs": {"type": ["integer", "null"], "description": "those that are enqueued beyond a grid included; null: without end"},
    "exhausted": {"type": "boolean", "description": "the search has nothing more"},
    "best": {
      "type": ["object", "null"],
      "required": ["run", "value"],
      "properties": {"run": {"type": "string"}, "value": {"$ref": "#/components/schemas/Number"}}
    },
    "metric": {
      "type": ["object", "null"],
      "required": ["name", "goal"],
      "properties": {"name": {"type": "string"}, "goal": {"enum": ["minimize", "maximize"]}}
    },
    "parallel": {"type": ["integer", "null"], "description": "runs at once; null: as many as there are slots"},
    "run_cap": {"type": ["integer", "null"]},
    "seed": {"type": "integer"},
    "prior": {"$ref": "#/components/schemas/PriorOrNull"},
    "created_at": {"$ref": "#/components/schemas/Time"},
    "started_at": {"$ref": "#/components/schemas/TimeOrNull"},
    "ended_at": {"$ref": "#/components/schemas/TimeOrNull"},
    "drained": {"type": "boolean", "description": "nothing of it is live, pending or in an agent's hands"}
  }
},
"SweepWithSpec": {
  "allOf": [{"$ref": "#/components/schemas/Sweep"}, {"type": "object", "required": ["spec"], "properties": {"spec": {"type": "string"}}}]
},
"SweepPage": {
  "type": "object",
  "required": ["items", "next_cursor"],
  "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Sweep"}},
    "next_cursor": {"type": ["string", "null"]}
  }
},
"Run": {
  "type": "object",
  "required": ["id", "name", "sweep", "project", "entity", "state", "stopping", "attempt", "end_reason", "exit_code", "term_signal", "config", "summary", "created_at", "started_at", "ended_at", "heartbeat_at", "agent", "host", "pid", "preempting", "number"],
  "properties": {
    "id": {"type": "string"},
    "name": {"type": "string"},
    "sweep": {"type": "string"},
    "project": {"type": "string"},
    "entity": {"type": "string"},
    "state": {"$ref": "#/components/schemas/RunState"},
    "stopping": {"type": "boolean", "description": "its end was ordered"},
    "attempt": {"type": "integer"},
    "end_reason": {"type": ["string", "null"]},
    "exit_code": {"type": ["integer", "null"]},
    "term_signal": {"type": ["integer", "null"]},
    "config": {"$ref": "#/components/schemas/Values"},
    "summary": {"$ref": "#/components/schemas/Values"},
    "created_at": {"$ref": "#/components/schemas/Time"},
    "started_at": {"$ref": "#/components/schemas/TimeOrNull"},
    "ended_at": {"$ref": "#/components/schemas/TimeOrNull"},
    "heartbeat_at": {"$ref": "#/components/schemas/TimeOrNull"},
    "agent": {"type": ["string", "null"]},
    "host": {"type": ["string", "null"]},
    "pid": {"type": ["integer", "null"]},
    "preempting": {"type": "boolean"},
    "number": {"type": "integer", "description": "from 1, within the sweep"},
    "suggestion": {"type": ["integer", "null"], "description": "where it was asked for"},
    "history": {"type": "array", "items": {"$ref": "#/components/schemas/Values"}, "description": "where it was asked for"}
  }
},
"RunInFull": {
  "allOf": [
    {"$ref": "#/components/schemas/Run"},
    {
      "type": "object",
      "required": ["origin", "suggestion", "priority", "requeued", "retry_wanted", "stop_reason", "stop_signal", "detail", "boot", "claim", "process_alive", "cpu_seconds", "max_rss_kib", "metrics_lines", "log_path", "attempts", "metrics"],
      "properties": {
        "priority": {"type": "integer", "description": "of an enqueued run; lower goes first"},
        "requeued": {"type": "boolean", "description": "pending again after preemption"},
        "retry_wanted": {"type": "boolean", "description": "goes again as soon as nothing of this attempt can be alive"},
        "stop_signal": {"type": ["integer", "null"]},
        "boot": {"type": ["string", "null"], "description": "boot id of its host"},
        "claim": {"enum": ["held", "started", "ended", null], "description": "where it is in an agent's hands"},
        "process_alive": {"type": "boolean", "description": "it has ended, and its process has not"},
        "metrics_lines": {"type": "integer"},
        "attempts": {"type": "array", "items": {"$ref": "#/components/schemas/Attempt"}, "description": "its executions, this one last"},
        "metrics": {"type": "array", "items": {"$ref": "#/components/schemas/MetricSummary"}},
        "log_path": {"type": ["string", "null"]},
        "stop_reason": {"type": ["string", "null"]},
        "detail": {"type": ["string", "null"]},
        "cpu_seconds": {"type": ["number", "null"]},
        "max_rss_kib": {"type": ["integer", "null"]},
        "origin": {"type": "string", "description": "search or enqueued"},
        "suggestion": {"type": ["integer", "null"]}
      }
    }
  ]
},
"Attempt": {
  "type": "object",
  "required": ["attempt", "state", "end_reason", "exit_code", "term_signal", "detail", "agent", "host", "pid", "started_at", "ended_at"],
  "properties": {
    "attempt": {"type": "integer"},
    "state": {"$ref": "#/components/schemas/RunState"},
    "end_reason": {"type": ["string", "null"]},
    "exit_code": {"type": ["integer", "null"]},
    "term_signal": {"type": ["integer", "null"]},
    "detail": {"type": ["string", "null"]},
    "agent": {"type": ["string", "null"]},
    "host": {"type": ["string", "null"]},
    "pid": {"type": ["integer", "null"]},
    "started_at": {"$ref": "#/components/schemas/TimeOrNull"},
    "ended_at": {"$ref": "#/components/schemas/TimeOrNull"}
  }
},
"MetricSummary": {
  "type": "object",
  "required": ["name", "last", "count", "first", "best", "min", "max"],
  "properties": {
    "name": {"type": "string"},
    "last": {"description": "the last value, whatever its type"},
    "count": {"type": "integer", "description": "of finite numbers"},
    "first": {"type": ["number", "null"]},
    "best": {"type": ["number", "null"], "description": "by the sweep's goal; null for other metrics than the sweep's"},
    "min": {"type": ["number", "null"]},
    "max": {"type": ["number", "null"]}
  }
},
"RunPage": {
  "type": "object",
  "required": ["items", "next_cursor"],
  "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}},
    "next_cursor": {"type": ["string", "null"]}
  }
},
"MetricsPage": {
  "type": "object",
  "required": ["items", "next_cursor"],
  "properties": {
    "items": {
      "type": "array",
      "items": {
        "type": "object",
        "required": ["line", "data"],
        "properties": {"line": {"type": "integer"}, "data": {"$ref": "#/components/schemas/Values"}}
      }
    },
    "next_cursor": {"type": ["string", "integer", "null"]}
  }
},
"Event": {
  "type": "object",
  "required": ["id", "time", "actor", "sweep", "run", "attempt", "kind", "from", "to", "reason", "detail"],
  "properties": {
    "id": {"type": "integer"},
    "time": {"$ref": "#/components/schemas/Time"},
    "actor": {"type": "string"},
    "sweep": {"type": ["string", "null"]},
    "run": {"type": ["string", "null"]},
    "attempt": {"type": ["integer", "null"]},
    "kind": {"type": "string"},
    "from": {"type": ["string", "null"]},
    "to": {"type": ["string", "null"]},
    "reason": {"type": ["string", "null"]},
    "detail": {"type": ["string", "null"]}
  }
},
"EventPage": {
  "type": "object",
  "required": ["items", "next_cursor"],
  "properties": {
    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
    "next_cursor": {"type": ["string", "integer", "null"]}
  }
},
"Agent": {
  "type": "object",
  "required": ["id", "host", "state", "slots", "busy", "gpus", "sweep", "heartbeat_at"],
  "properties": {
    "id": {"type": "string"},
    "host": {"type": "string"},
    "state": {"enum": ["online", "lost", "draining"]},
    "slots": {"type": "integer"},
    "busy": {"type": "integer", "description": "slots taken"},
    "gpus": {"type": "integer"},
    "sweep": {"type": ["string", "null"], "description": "the only one that it serves"},
    "heartbeat_at": {"$ref": "#/components/schemas/TimeOrNull"}
  }
},
"AgentList": {
  "type": "object",
  "required": ["items"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/Agent"}}}
}
})json";
}

}  // namespace sweepctl::api
