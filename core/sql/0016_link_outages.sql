-- When lanes were not automatic because of their link, by their own rows: from OFFLINE until their codes were proved again. A row that
-- came before this file is not in it.
CREATE TABLE link_outages (
    lane text NOT NULL,
    journal text NOT NULL,
    seq bigint NOT NULL,
    began_ms bigint NOT NULL,
    ended_ms bigint NOT NULL,
    PRIMARY KEY (lane, journal, seq)
);
CREATE INDEX link_outages_by_time ON link_outages (lane, ended_ms, began_ms);

-- For the numbers of some days.
CREATE INDEX alarms_by_time ON alarms (lane, at_ms);
