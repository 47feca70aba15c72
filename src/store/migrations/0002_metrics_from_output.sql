-- Metrics may be read from what a run prints; that file has an offset of its own.
ALTER TABLE runs ADD COLUMN output_offset INTEGER NOT NULL DEFAULT 0;
