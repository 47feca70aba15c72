-- The runs from before a sweep that its search knows. Written once, at launch.
CREATE TABLE sweep_priors (
    sweep  INTEGER PRIMARY KEY REFERENCES sweeps (key) ON DELETE CASCADE,
    source TEXT NOT NULL,     -- where they came from, for people
    metric TEXT NOT NULL,     -- whose values they have; empty: none
    count  INTEGER NOT NULL,
    valued INTEGER NOT NULL,  -- how many have a value
    runs   TEXT NOT NULL      -- JSON Lines
) STRICT;

-- How many cells of a grid are covered by prior runs.
ALTER TABLE sweeps ADD COLUMN prior_cells INTEGER NOT NULL DEFAULT 0;
