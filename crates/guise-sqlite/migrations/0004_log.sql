-- Which person or shift works with a token, as its maker wrote it.
ALTER TABLE tokens ADD COLUMN operator TEXT;

-- Who did what. Only ever appended to: the database itself refuses anything else.
CREATE TABLE log (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    app INTEGER NOT NULL,
    operator TEXT,
    action TEXT NOT NULL,
    subject INTEGER NOT NULL,
    revision INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER log_is_not_updated BEFORE UPDATE ON log
BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;
