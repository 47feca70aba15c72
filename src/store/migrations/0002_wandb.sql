-- What W&B's clients and agents bring: projects of their own, runs of no sweep, agents without a
-- link, and what a client says and streams about its run.

CREATE TABLE projects (
    key         INTEGER PRIMARY KEY,
    entity      TEXT NOT NULL,
    name        TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    description TEXT NOT NULL,
    UNIQUE (entity, name)
) STRICT;
INSERT INTO projects (entity, name, created_at, description)
    SELECT entity, project, min(created_at), '' FROM sweeps WHERE deleted = 0
    GROUP BY entity, project ORDER BY min(key);

-- The drawer for a project's runs that belong to no sweep is a row of sweeps, too.
ALTER TABLE sweeps ADD COLUMN loose INTEGER NOT NULL DEFAULT 0 CHECK (loose IN (0, 1));
ALTER TABLE sweeps ADD COLUMN needs_own_agent INTEGER NOT NULL DEFAULT 0
    CHECK (needs_own_agent IN (0, 1));
ALTER TABLE sweeps ADD COLUMN description TEXT NOT NULL DEFAULT '';
ALTER TABLE sweeps ADD COLUMN prior_filters TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX sweeps_loose ON sweeps (entity, project) WHERE loose = 1 AND deleted = 0;

ALTER TABLE agents ADD COLUMN kind TEXT NOT NULL DEFAULT 'own' CHECK (kind IN ('own', 'foreign'));
ALTER TABLE agents ADD COLUMN created_at INTEGER;
CREATE INDEX agents_foreign ON agents (only_sweep) WHERE kind = 'foreign';

-- Of its sweep; the rowid of an index entry puts a project's runs in the order they were made.
ALTER TABLE runs ADD COLUMN project INTEGER REFERENCES projects (key);
UPDATE runs SET project = (SELECT projects.key FROM sweeps JOIN projects
    ON projects.entity = sweeps.entity AND projects.name = sweeps.project
    WHERE sweeps.key = runs.sweep);
CREATE INDEX runs_by_project ON runs (project);

-- How a run's W&B client stands: small, and written with each of its messages.
CREATE TABLE run_clients (
    run           INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
    project       INTEGER NOT NULL REFERENCES projects (key),
    wire_name     TEXT,               -- how clients call the run; NULL: by its id
    speaks        INTEGER NOT NULL CHECK (speaks IN (0, 1)),
    told_to_stop  INTEGER NOT NULL CHECK (told_to_stop IN (0, 1)),
    gone          INTEGER NOT NULL CHECK (gone IN (0, 1)),
    -- Numbers of the next lines; lines may be missing where a client left some out.
    history_lines INTEGER NOT NULL,
    event_lines   INTEGER NOT NULL,
    output_lines  INTEGER NOT NULL,
    event_base    INTEGER NOT NULL,   -- line 0 of the process that speaks now
    output_base   INTEGER NOT NULL,
    last_step     INTEGER,
    -- JSON objects, as the client sent them last.
    summary_json        TEXT,
    system_metrics_json TEXT
) STRICT;
CREATE INDEX run_clients_by_name ON run_clients (project, wire_name) WHERE wire_name IS NOT NULL;

-- What W&B clients say about a run; written seldom. A run without such words has no row.
CREATE TABLE run_details (
    run         INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
    notes       TEXT,
    run_group   TEXT,
    job_type    TEXT,
    tags        TEXT,  -- JSON list of strings
    commit_hash TEXT,
    program     TEXT,
    repo        TEXT,
    username    TEXT,
    config_json TEXT   -- {"lr": {"value": 0.1}, "_wandb": {...}}
) STRICT;

-- The lines that a client streamed, numbered over the whole run. A run's history is its rows of
-- `metrics`, in the order of attempt and line, and then these.
CREATE TABLE stream_lines (
    run    INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    stream TEXT NOT NULL CHECK (stream IN ('history', 'events', 'output')),
    line   INTEGER NOT NULL,
    data   TEXT NOT NULL,
    PRIMARY KEY (run, stream, line)
) STRICT, WITHOUT ROWID;

-- Files of runs; the bytes lie in the run's directory.
CREATE TABLE files (
    run        INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    size       INTEGER NOT NULL,
    md5        TEXT NOT NULL,  -- base64
    mimetype   TEXT NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (run, name)
) STRICT, WITHOUT ROWID;

-- Ids of runs that clients took before their serial's turn came: not to be given out again.
CREATE TABLE skipped_serials (
    serial INTEGER PRIMARY KEY
) STRICT;
