-- What was answered to requests that named a key, for whoever asks again. `content` is a hash of what was asked for,
-- `subject` the id of what was made. Without a body, what the answer told of was erased.
CREATE TABLE answers (
    account INTEGER NOT NULL,
    app INTEGER NOT NULL,
    key TEXT NOT NULL,
    content BLOB NOT NULL CHECK (length(content) = 32),
    until INTEGER NOT NULL,
    subject INTEGER NOT NULL,
    status INTEGER NOT NULL,
    headers TEXT NOT NULL,
    body BLOB,
    PRIMARY KEY (account, app, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX answers_to_sweep ON answers (until);
