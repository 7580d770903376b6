-- When a row of the list may leave it. 0: nobody has worked it out yet, as of every row from before this file.
ALTER TABLE rows ADD COLUMN ends_ms bigint NOT NULL DEFAULT 0;
CREATE INDEX rows_ending ON rows (ends_ms);

-- Rows that have left the list, as they were, with what lanes said of them later.
CREATE TABLE forgotten (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    vrn text NOT NULL,
    body bytea NOT NULL,
    at_ms bigint NOT NULL,
    PRIMARY KEY (kind, key)
);
CREATE INDEX forgotten_by_time ON forgotten (at_ms);

-- The whole list at a version, signed: from there on the deltas prove what followed.
CREATE TABLE checkpoints (
    epoch text NOT NULL,
    version bigint NOT NULL,
    at_ms bigint NOT NULL,
    payload bytea NOT NULL,
    rows bytea NOT NULL,
    PRIMARY KEY (epoch, version)
);
