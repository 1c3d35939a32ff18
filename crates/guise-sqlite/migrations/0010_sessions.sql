-- What a password is checked against: an argon2id hash as a PHC string.
ALTER TABLE accounts ADD COLUMN password TEXT;

-- The app by which an account does what it does on pages. Nobody knows its secret, and there is one for each account.
ALTER TABLE apps ADD COLUMN console INTEGER NOT NULL DEFAULT 0 CHECK (console IN (0, 1));
CREATE UNIQUE INDEX console_of_owner ON apps (owner) WHERE console = 1;

-- Tickets are known by their SHA-256: who reads the database cannot come in by it.
CREATE TABLE sessions (
    ticket BLOB PRIMARY KEY CHECK (length(ticket) = 32),
    account INTEGER NOT NULL REFERENCES accounts (id),
    console INTEGER NOT NULL REFERENCES apps (id),
    operator TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_to_sweep ON sessions (expires_at);

CREATE TABLE links (
    ticket BLOB PRIMARY KEY CHECK (length(ticket) = 32),
    account INTEGER NOT NULL REFERENCES accounts (id),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX links_of_account ON links (account);
