-- Whether an app is trusted to name the operator of each request.
ALTER TABLE apps ADD COLUMN names_operators INTEGER NOT NULL DEFAULT 0 CHECK (names_operators IN (0, 1));

-- The log again, with lines of no app: what was done on the server's own command line. A column cannot be made nullable,
-- hence a new table in the place of the old one, whose triggers go with it.
CREATE TABLE log_with_all (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    app INTEGER,
    operator TEXT,
    action TEXT NOT NULL,
    subject INTEGER NOT NULL,
    revision INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
INSERT INTO log_with_all (account, id, app, operator, action, subject, revision)
    SELECT account, id, app, operator, action, subject, revision FROM log;
DROP TABLE log;
ALTER TABLE log_with_all RENAME TO log;
CREATE TRIGGER log_is_not_updated BEFORE UPDATE ON log
BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;
CREATE TRIGGER log_is_not_deleted BEFORE DELETE ON log
BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;
