-- Nodes count reads together, each row when a node tells what it counted. `until` is when a window ends; a program that
-- does not know the column keeps what it alone counts, which nobody goes by.
ALTER TABLE read_windows ADD COLUMN until BIGINT NOT NULL DEFAULT 0;
ALTER TABLE read_windows SET (fillfactor = 50);
CREATE INDEX read_windows_to_sweep ON read_windows (until);

-- Attempts at passwords that were wrong, or are being looked at. `whose` is a digest of an account's name or of an
-- address.
CREATE TABLE attempts (
    whose BYTEA PRIMARY KEY CHECK (length(whose) = 32),
    count BIGINT NOT NULL,
    last BIGINT NOT NULL
);
CREATE INDEX attempts_to_sweep ON attempts (last);
