-- Whose messages an account takes, and from whom it takes none.
ALTER TABLE accounts ADD COLUMN messages_from TEXT NOT NULL DEFAULT 'all';
CREATE TABLE blocks (
    account INTEGER NOT NULL,
    other INTEGER NOT NULL,
    PRIMARY KEY (account, other)
) STRICT, WITHOUT ROWID;

-- Where people read about an app.
ALTER TABLE apps ADD COLUMN url TEXT NOT NULL DEFAULT '';

-- How often a profile was written under, and when last.
ALTER TABLE profiles ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE profiles ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;
ALTER TABLE profiles ADD COLUMN last_used_at INTEGER;

-- An upload that is in a message belongs to it from then on.
ALTER TABLE uploads ADD COLUMN sent INTEGER NOT NULL DEFAULT 0 CHECK (sent IN (0, 1));
DROP INDEX uploads_to_sweep;
CREATE INDEX uploads_to_sweep ON uploads (expires_at) WHERE public = 0 AND sent = 0;

-- What all accounts that use an app share of its limits.
CREATE TABLE app_windows (
    app INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (app, endpoint)
) STRICT, WITHOUT ROWID;

-- Profiles as an account was shown them, a row for each revision that somebody wrote to it under, and that it wrote
-- under itself. Never changed: a message goes on showing the face it was sent with.
CREATE TABLE faces (
    account INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    name TEXT NOT NULL,
    avatar_owner INTEGER NOT NULL,
    avatar_media INTEGER NOT NULL,
    avatar_random BLOB NOT NULL,
    avatar_format TEXT NOT NULL,
    avatar_width INTEGER NOT NULL,
    avatar_height INTEGER NOT NULL,
    PRIMARY KEY (account, profile, revision)
) STRICT, WITHOUT ROWID;

-- Boxes: each participant's copy is a row of its own, so that nothing reaches across accounts to read one. One who
-- writes to oneself has one copy. Clustered by the box: a page is read in one go.
CREATE TABLE messages (
    account INTEGER NOT NULL,
    id INTEGER NOT NULL,
    sender INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    app INTEGER NOT NULL,
    profile INTEGER,
    revision INTEGER,
    media_owner INTEGER,
    media INTEGER,
    media_random BLOB,
    media_format TEXT,
    media_width INTEGER,
    media_height INTEGER,
    content TEXT NOT NULL,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;

-- What an account has to do with another: who wrote last, what of it is free, what was read.
CREATE TABLE conversations (
    account INTEGER NOT NULL,
    other INTEGER NOT NULL,
    heard_at INTEGER,
    wrote_at INTEGER,
    replies INTEGER NOT NULL DEFAULT 0,
    read_up_to INTEGER,
    PRIMARY KEY (account, other)
) STRICT, WITHOUT ROWID;
