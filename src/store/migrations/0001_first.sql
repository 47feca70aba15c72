-- The first schema. States are words, times UTC milliseconds since 1970, flags 0 or 1. Numbers that
-- C++ holds as unsigned 64 bits are stored as the signed integer of the same bits.

-- Never given twice. One row.
CREATE TABLE serials (
    one            INTEGER PRIMARY KEY CHECK (one = 1),
    id_key         INTEGER NOT NULL,  -- secret: ids of this directory look like no other's
    next_sweep     INTEGER NOT NULL,
    next_run       INTEGER NOT NULL,
    next_fence     INTEGER NOT NULL,
    next_event     INTEGER NOT NULL,
    -- Of the rows: SQLite alone would give the key of a deleted run to the next one.
    next_sweep_key INTEGER NOT NULL,
    next_run_key   INTEGER NOT NULL
) STRICT;
INSERT INTO serials VALUES (1, random(), 1, 1, 1, 1, 1, 1);

CREATE TABLE sweeps (
    key             INTEGER PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    name            TEXT NOT NULL,
    project         TEXT NOT NULL,
    entity          TEXT NOT NULL,
    status          TEXT NOT NULL CHECK (status IN (
        'pending', 'running', 'paused', 'stopped', 'cancelled', 'finished', 'failed', 'crashed')),
    reason          TEXT NOT NULL,
    exhausted       INTEGER NOT NULL CHECK (exhausted IN (0, 1)),
    target_reached  INTEGER NOT NULL CHECK (target_reached IN (0, 1)),
    parallel        INTEGER,
    run_cap         INTEGER,
    expected_runs   INTEGER,
    next_number     INTEGER NOT NULL,
    runs_pending    INTEGER NOT NULL,
    runs_running    INTEGER NOT NULL,
    runs_finished   INTEGER NOT NULL,
    runs_failed     INTEGER NOT NULL,
    runs_crashed    INTEGER NOT NULL,
    runs_killed     INTEGER NOT NULL,
    best_run        TEXT,
    best_value      REAL,
    metric_name     TEXT NOT NULL,
    metric_goal     TEXT NOT NULL CHECK (metric_goal IN ('minimize', 'maximize')),
    coverage_cursor INTEGER NOT NULL,
    coverage_freed  TEXT NOT NULL,  -- JSON lists of numbers
    coverage_taken  TEXT NOT NULL,
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    ended_at        INTEGER,
    -- Gone for everybody; its rows are removed bit by bit, so that nobody waits for a million runs.
    deleted         INTEGER NOT NULL DEFAULT 0 CHECK (deleted IN (0, 1))
) STRICT;

CREATE INDEX sweeps_deleted ON sweeps (key) WHERE deleted = 1;

-- What launch fixed. Apart from sweeps, whose rows change all the time.
CREATE TABLE sweep_origins (
    sweep  INTEGER PRIMARY KEY REFERENCES sweeps (key) ON DELETE CASCADE,
    spec   TEXT NOT NULL,
    method TEXT NOT NULL,
    seed   INTEGER NOT NULL,
    cwd    TEXT NOT NULL
) STRICT;

-- The launch environment. Secret: read only to start runs, never by the API.
CREATE TABLE sweep_environments (
    sweep    INTEGER NOT NULL REFERENCES sweeps (key) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name     TEXT NOT NULL,
    value    TEXT NOT NULL,
    PRIMARY KEY (sweep, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
    key                  INTEGER PRIMARY KEY,
    id                   TEXT NOT NULL UNIQUE,
    sweep                INTEGER NOT NULL REFERENCES sweeps (key),
    number               INTEGER NOT NULL,
    name                 TEXT NOT NULL,
    origin               TEXT NOT NULL CHECK (origin IN ('search', 'enqueued')),
    suggestion           INTEGER,
    priority             INTEGER NOT NULL,
    state                TEXT NOT NULL CHECK (state IN (
        'pending', 'running', 'finished', 'failed', 'crashed', 'killed')),
    attempt              INTEGER NOT NULL,
    retries              INTEGER NOT NULL,
    requeued             INTEGER NOT NULL CHECK (requeued IN (0, 1)),
    preempting           INTEGER NOT NULL CHECK (preempting IN (0, 1)),
    stopping             INTEGER NOT NULL CHECK (stopping IN (0, 1)),
    retry_wanted         INTEGER NOT NULL CHECK (retry_wanted IN (0, 1)),
    stop_reason          TEXT,
    stop_signal          INTEGER,
    end_reason           TEXT,
    exit_code            INTEGER,
    term_signal          INTEGER,
    end_detail           TEXT NOT NULL,
    created_at           INTEGER NOT NULL,
    started_at           INTEGER,
    ended_at             INTEGER,
    heartbeat_at         INTEGER,
    host                 TEXT,
    boot_id              TEXT,
    pid                  INTEGER,
    agent                TEXT,
    claim_agent          TEXT,
    claim_fence          INTEGER,
    claim_phase          TEXT CHECK (claim_phase IN ('held', 'started', 'ended')),
    claim_revoking       INTEGER CHECK (claim_revoking IN (0, 1)),
    metrics_offset       INTEGER NOT NULL,
    metrics_lines        INTEGER NOT NULL,
    bad_metrics_reported INTEGER NOT NULL CHECK (bad_metrics_reported IN (0, 1)),
    cpu_us               INTEGER NOT NULL,
    max_rss_kib          INTEGER NOT NULL,
    -- JSON objects as the API shows them. Where JSON cannot say a value (NaN), `config_exact` and
    -- `summary_exact` hold the text that can; they are NULL everywhere else.
    config               TEXT NOT NULL,
    config_exact         TEXT,
    summary              TEXT NOT NULL,  -- last value by name
    summary_exact        TEXT,
    summary_stats        TEXT NOT NULL,  -- [[count, first, min, max, latest], ...] in that order
    CHECK ((claim_fence IS NULL) = (claim_agent IS NULL)
       AND (claim_fence IS NULL) = (claim_phase IS NULL)
       AND (claim_fence IS NULL) = (claim_revoking IS NULL))
) STRICT;

CREATE UNIQUE INDEX runs_by_number ON runs (sweep, number);
CREATE INDEX runs_by_state ON runs (sweep, state, number);
CREATE UNIQUE INDEX runs_by_suggestion ON runs (sweep, suggestion) WHERE suggestion IS NOT NULL;
-- What a controller needs to go on: a restart reads these rows and no others.
CREATE INDEX runs_live ON runs (sweep, number)
    WHERE state IN ('pending', 'running') OR claim_fence IS NOT NULL;

-- Earlier executions of runs that went again.
CREATE TABLE attempts (
    run         INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    attempt     INTEGER NOT NULL,
    state       TEXT NOT NULL CHECK (state IN (
        'pending', 'running', 'finished', 'failed', 'crashed', 'killed')),
    end_reason  TEXT,
    exit_code   INTEGER,
    term_signal INTEGER,
    end_detail  TEXT NOT NULL,
    agent       TEXT,
    host        TEXT,
    pid         INTEGER,
    started_at  INTEGER,
    ended_at    INTEGER,
    PRIMARY KEY (run, attempt)
) STRICT, WITHOUT ROWID;

-- History, one row a line that the program logged.
CREATE TABLE metrics (
    run     INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    data    TEXT NOT NULL,  -- the JSON object
    PRIMARY KEY (run, attempt, line)
) STRICT, WITHOUT ROWID;

-- The audit log. Append-only, and it outlives what it speaks of: ids as text, and keys (without a
-- foreign key) for the indexes, since random text would dirty a page for each event.
CREATE TABLE events (
    id        INTEGER PRIMARY KEY,
    time      INTEGER NOT NULL,
    actor     TEXT NOT NULL,
    sweep     TEXT NOT NULL,  -- '': of none
    run       TEXT NOT NULL,
    sweep_key INTEGER,
    run_key   INTEGER,
    attempt   INTEGER NOT NULL,
    kind      TEXT NOT NULL,
    "from"    TEXT NOT NULL,
    "to"      TEXT NOT NULL,
    reason    TEXT NOT NULL,
    detail    TEXT NOT NULL
) STRICT;

CREATE INDEX events_of_sweep ON events (sweep_key) WHERE sweep_key IS NOT NULL;
CREATE INDEX events_of_run ON events (run_key) WHERE run_key IS NOT NULL;

CREATE TABLE agents (
    id           TEXT PRIMARY KEY,
    host         TEXT NOT NULL,
    boot_id      TEXT NOT NULL,
    pid          INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN ('online', 'lost', 'draining')),
    slots        INTEGER NOT NULL,
    gpus         INTEGER NOT NULL,
    local        INTEGER NOT NULL CHECK (local IN (0, 1)),
    only_sweep   TEXT,
    heartbeat_at INTEGER
) STRICT, WITHOUT ROWID;
