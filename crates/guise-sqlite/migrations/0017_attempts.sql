-- Attempts at passwords that were wrong, or are being looked at. `whose` is a digest of an account's name or of an
-- address.
CREATE TABLE attempts (
    whose BLOB PRIMARY KEY CHECK (length(whose) = 32),
    count INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX attempts_to_sweep ON attempts (last);

-- When a window ends. Of those that are there it is not known; a day is longer than theirs.
ALTER TABLE read_windows ADD COLUMN until INTEGER NOT NULL DEFAULT 0;
UPDATE read_windows SET until = started_at + 86400000;
