-- That a run's metrics file became shorter is told once.
ALTER TABLE runs ADD COLUMN cut_metrics_reported INTEGER NOT NULL DEFAULT 0
    CHECK (cut_metrics_reported IN (0, 1));
