PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
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
INSERT INTO serials VALUES(1,4553949868048451018,4,10,11,44,4,10);
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
INSERT INTO sweeps VALUES(1,'us0vnfw8','us0vnfw8','p','e','finished','',1,0,NULL,NULL,4,5,0,0,3,1,0,0,'h82tkwrf',0.25,'loss','minimize',4,'[]','[]',1795341600020,1795341600020,1795341600220,0);
INSERT INTO sweeps VALUES(2,'iphoblcf','iphoblcf','p','e','running','',0,0,NULL,NULL,100,6,3,1,0,0,0,0,NULL,NULL,'loss','minimize',3,'[0]','[50]',1795341600230,1795341600230,NULL,0);
INSERT INTO sweeps VALUES(3,'wmygzqsm','wmygzqsm','p','e','pending','',0,0,NULL,NULL,0,1,0,0,0,0,0,0,NULL,NULL,'loss','minimize',0,'[]','[]',1795341600320,NULL,NULL,1);
CREATE TABLE sweep_origins (
    sweep  INTEGER PRIMARY KEY REFERENCES sweeps (key) ON DELETE CASCADE,
    spec   TEXT NOT NULL,
    method TEXT NOT NULL,
    seed   INTEGER NOT NULL,
    cwd    TEXT NOT NULL
) STRICT;
INSERT INTO sweep_origins VALUES(1,replace('method: grid\n','\n',char(10)),'grid',7,'/home/user');
INSERT INTO sweep_origins VALUES(2,replace('method: grid\n','\n',char(10)),'grid',7,'/home/user');
INSERT INTO sweep_origins VALUES(3,replace('method: grid\n','\n',char(10)),'grid',7,'/home/user');
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
INSERT INTO runs VALUES(1,'pm6pr03e',1,2,'us0vnfw8-2','search',1,0,'finished',3,1,0,0,0,0,NULL,NULL,'exit',0,NULL,'',1795341600020,1795341600200,1795341600210,1795341600210,'here','boot',100,'agent1',NULL,NULL,NULL,NULL,0,0,0,0,0,'{"x":1}',NULL,'{}',NULL,'[]');
INSERT INTO runs VALUES(2,'h82tkwrf',1,1,'us0vnfw8-1','search',0,0,'finished',1,0,0,0,0,0,NULL,NULL,'exit',0,NULL,'',1795341600020,1795341600020,1795341600060,1795341600030,'here','boot',100,'agent1',NULL,NULL,NULL,NULL,20,2,0,0,0,'{"x":0}',NULL,'{"loss":0.25}',NULL,'[[2,0.5,0.25,0.5,0.25]]');
INSERT INTO runs VALUES(3,'y0alx3fd',1,3,'us0vnfw8-3','search',2,0,'finished',2,0,0,0,0,0,'stop_run',NULL,'exit',0,NULL,'',1795341600070,1795341600140,1795341600170,1795341600150,'here','boot',100,'agent1',NULL,NULL,NULL,NULL,0,0,0,0,0,'{"x":2}',NULL,'{"loss":0.75}',NULL,'[[1,0.75,0.75,0.75,0.75]]');
INSERT INTO runs VALUES(4,'geei36rc',1,4,'us0vnfw8-4','search',3,0,'failed',1,0,0,0,0,0,NULL,NULL,'spawn_error',127,NULL,'',1795341600140,1795341600150,1795341600180,1795341600160,'here','boot',100,'agent1',NULL,NULL,NULL,NULL,0,0,0,0,0,'{"x":3}',NULL,'{}',NULL,'[]');
INSERT INTO runs VALUES(5,'x6mafdfa',2,2,'iphoblcf-2','search',1,0,'running',1,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,'',1795341600230,1795341600240,NULL,1795341600250,'here','boot',100,'agent1','agent1',9,'started',0,0,0,0,0,0,'{"x":1}',NULL,'{}',NULL,'[]');
INSERT INTO runs VALUES(7,'fkq6lgr9',2,3,'iphoblcf-3','search',2,0,'pending',1,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,'',1795341600260,NULL,NULL,NULL,NULL,NULL,NULL,'agent1','agent1',10,'held',1,0,0,0,0,0,'{"x":2}',NULL,'{}',NULL,'[]');
INSERT INTO runs VALUES(8,'nyu2rk38',2,4,'iphoblcf-4','enqueued',50,-1,'pending',1,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,'',1795341600270,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,'{"x":50}',NULL,'{}',NULL,'[]');
INSERT INTO runs VALUES(9,'wcxyxnf7',2,5,'iphoblcf-5','enqueued',NULL,0,'pending',1,0,0,0,0,0,NULL,NULL,NULL,NULL,NULL,'',1795341600280,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,0,0,0,0,0,'{"x":-1}',NULL,'{}',NULL,'[]');
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
INSERT INTO attempts VALUES(1,1,'crashed','signal',NULL,9,'','agent1','here',100,1795341600030,1795341600070);
INSERT INTO attempts VALUES(1,2,'failed','exit',3,NULL,'','agent1','here',100,1795341600090,1795341600130);
INSERT INTO attempts VALUES(3,1,'pending','preempted',1,NULL,'','agent1','here',100,1795341600080,1795341600110);
CREATE TABLE metrics (
    run     INTEGER NOT NULL REFERENCES runs (key) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    line    INTEGER NOT NULL,
    data    TEXT NOT NULL,  -- the JSON object
    PRIMARY KEY (run, attempt, line)
) STRICT, WITHOUT ROWID;
INSERT INTO metrics VALUES(2,1,0,'{"loss": 1}');
INSERT INTO metrics VALUES(2,1,1,'{"loss": 1}');
INSERT INTO metrics VALUES(3,1,0,'{"loss": 1}');
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
INSERT INTO events VALUES(1,1795341600010,'agent agent1','','',NULL,NULL,0,'agent_connected','','','','host here, 2 slots');
INSERT INTO events VALUES(2,1795341600020,'controller','us0vnfw8','',1,NULL,0,'sweep_status','','pending','','');
INSERT INTO events VALUES(3,1795341600020,'controller','us0vnfw8','h82tkwrf',1,2,1,'run_state','','pending','','');
INSERT INTO events VALUES(4,1795341600020,'controller','us0vnfw8','',1,NULL,0,'sweep_status','pending','running','','');
INSERT INTO events VALUES(5,1795341600020,'controller','us0vnfw8','pm6pr03e',1,1,1,'run_state','','pending','','');
INSERT INTO events VALUES(6,1795341600030,'agent agent1','us0vnfw8','h82tkwrf',1,2,1,'run_state','pending','running','','');
INSERT INTO events VALUES(7,1795341600040,'agent agent1','us0vnfw8','pm6pr03e',1,1,1,'run_state','pending','running','','');
INSERT INTO events VALUES(8,1795341600070,'agent agent1','us0vnfw8','h82tkwrf',1,2,1,'run_state','running','finished','exit','');
INSERT INTO events VALUES(9,1795341600070,'controller','us0vnfw8','y0alx3fd',1,3,1,'run_state','','pending','','');
INSERT INTO events VALUES(10,1795341600080,'agent agent1','us0vnfw8','pm6pr03e',1,1,1,'run_state','running','crashed','signal','signal 9');
INSERT INTO events VALUES(11,1795341600080,'agent agent1','us0vnfw8','pm6pr03e',1,1,2,'run_state','crashed','pending','','');
INSERT INTO events VALUES(12,1795341600090,'agent agent1','us0vnfw8','y0alx3fd',1,3,1,'run_state','pending','running','','');
INSERT INTO events VALUES(13,1795341600100,'agent agent1','us0vnfw8','pm6pr03e',1,1,2,'run_state','pending','running','','');
INSERT INTO events VALUES(14,1795341600110,'agent agent1','us0vnfw8','y0alx3fd',1,3,1,'run_preempting','','','','');
INSERT INTO events VALUES(15,1795341600130,'agent agent1','us0vnfw8','y0alx3fd',1,3,2,'run_state','running','pending','preempted','');
INSERT INTO events VALUES(16,1795341600140,'agent agent1','us0vnfw8','pm6pr03e',1,1,2,'run_state','running','failed','exit','exit code 3');
INSERT INTO events VALUES(17,1795341600140,'controller','us0vnfw8','geei36rc',1,4,1,'run_state','','pending','','');
INSERT INTO events VALUES(18,1795341600150,'agent agent1','us0vnfw8','y0alx3fd',1,3,2,'run_state','pending','running','','');
INSERT INTO events VALUES(19,1795341600160,'agent agent1','us0vnfw8','geei36rc',1,4,1,'run_state','pending','running','','');
INSERT INTO events VALUES(20,1795341600170,'user test','us0vnfw8','y0alx3fd',1,3,2,'stop_run','','','stop_run','');
INSERT INTO events VALUES(21,1795341600180,'agent agent1','us0vnfw8','y0alx3fd',1,3,2,'run_state','running','finished','exit','');
INSERT INTO events VALUES(22,1795341600190,'agent agent1','us0vnfw8','geei36rc',1,4,1,'run_state','running','failed','spawn_error','exit code 127');
INSERT INTO events VALUES(23,1795341600190,'agent agent1','us0vnfw8','',1,NULL,0,'sweep_status','running','finished','','');
INSERT INTO events VALUES(24,1795341600200,'user test','us0vnfw8','pm6pr03e',1,1,3,'run_state','failed','pending','','');
INSERT INTO events VALUES(25,1795341600200,'user test','us0vnfw8','',1,NULL,0,'sweep_status','finished','running','a run goes again','');
INSERT INTO events VALUES(26,1795341600210,'agent agent1','us0vnfw8','pm6pr03e',1,1,3,'run_state','pending','running','','');
INSERT INTO events VALUES(27,1795341600220,'agent agent1','us0vnfw8','pm6pr03e',1,1,3,'run_state','running','finished','exit','');
INSERT INTO events VALUES(28,1795341600220,'agent agent1','us0vnfw8','',1,NULL,0,'sweep_status','running','finished','','');
INSERT INTO events VALUES(29,1795341600230,'controller','iphoblcf','',2,NULL,0,'sweep_status','','pending','','');
INSERT INTO events VALUES(30,1795341600230,'controller','iphoblcf','osie9a3b',2,6,1,'run_state','','pending','','');
INSERT INTO events VALUES(31,1795341600230,'controller','iphoblcf','',2,NULL,0,'sweep_status','pending','running','','');
INSERT INTO events VALUES(32,1795341600230,'controller','iphoblcf','x6mafdfa',2,5,1,'run_state','','pending','','');
INSERT INTO events VALUES(33,1795341600240,'agent agent1','iphoblcf','osie9a3b',2,6,1,'run_state','pending','running','','');
INSERT INTO events VALUES(34,1795341600250,'agent agent1','iphoblcf','x6mafdfa',2,5,1,'run_state','pending','running','','');
INSERT INTO events VALUES(35,1795341600260,'agent agent1','iphoblcf','osie9a3b',2,6,1,'run_state','running','finished','exit','');
INSERT INTO events VALUES(36,1795341600260,'controller','iphoblcf','fkq6lgr9',2,7,1,'run_state','','pending','','');
INSERT INTO events VALUES(37,1795341600270,'user test','iphoblcf','nyu2rk38',2,8,1,'run_state','','pending','','');
INSERT INTO events VALUES(38,1795341600280,'user test','iphoblcf','wcxyxnf7',2,9,1,'run_state','','pending','','');
INSERT INTO events VALUES(39,1795341600290,'user test','iphoblcf','osie9a3b',2,6,1,'run_deleted','finished','','','');
INSERT INTO events VALUES(40,1795341600300,'user test','iphoblcf','',2,NULL,0,'sweep_status','running','paused','','');
INSERT INTO events VALUES(41,1795341600310,'user test','iphoblcf','',2,NULL,0,'sweep_status','paused','running','','');
INSERT INTO events VALUES(42,1795341600320,'controller','wmygzqsm','',3,NULL,0,'sweep_status','','pending','','');
INSERT INTO events VALUES(43,1795341600330,'user test','wmygzqsm','',3,NULL,0,'sweep_deleted','pending','','','');
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
INSERT INTO agents VALUES('agent1','here','boot',5,'online',2,0,1,NULL,1795341600010);
CREATE INDEX sweeps_deleted ON sweeps (key) WHERE deleted = 1;
CREATE UNIQUE INDEX runs_by_number ON runs (sweep, number);
CREATE INDEX runs_by_state ON runs (sweep, state, number);
CREATE UNIQUE INDEX runs_by_suggestion ON runs (sweep, suggestion) WHERE suggestion IS NOT NULL;
CREATE INDEX runs_live ON runs (sweep, number)
    WHERE state IN ('pending', 'running') OR claim_fence IS NOT NULL;
CREATE INDEX events_of_sweep ON events (sweep_key) WHERE sweep_key IS NOT NULL;
CREATE INDEX events_of_run ON events (run_key) WHERE run_key IS NOT NULL;
COMMIT;
PRAGMA application_id = 1937207395;
PRAGMA user_version = 1;
