-- What there is one of. `highest_id` is the floor for ids after a restart; `credentials_version` grows with every
-- change of an account, app or token.
CREATE TABLE installation (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    highest_id INTEGER NOT NULL,
    credentials_version INTEGER NOT NULL,
    key_proof BLOB
) STRICT;
INSERT INTO installation (one, highest_id, credentials_version) VALUES (1, 0, 0);

-- `folded` is the name in lower case, folded by the program: no collation of the database decides who is who.
CREATE TABLE accounts (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    folded TEXT NOT NULL UNIQUE,
    custom_profiles INTEGER NOT NULL CHECK (custom_profiles IN (0, 1)),
    closed INTEGER NOT NULL DEFAULT 0 CHECK (closed IN (0, 1))
) STRICT;

CREATE TABLE apps (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES accounts (id),
    name TEXT NOT NULL,
    consumer_key TEXT NOT NULL UNIQUE,
    consumer_secret BLOB NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1))
) STRICT;
CREATE INDEX apps_of_owner ON apps (owner, id);

CREATE TABLE tokens (
    account INTEGER NOT NULL REFERENCES accounts (id),
    token TEXT NOT NULL,
    app INTEGER NOT NULL REFERENCES apps (id),
    secret BLOB NOT NULL,
    access TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1)),
    PRIMARY KEY (account, token)
) STRICT, WITHOUT ROWID;

-- Only ever appended to and swept. Keys are random: an index on them would cost more than all the rest of a write,
-- so the writer holds them in memory.
CREATE TABLE replays (
    key BLOB NOT NULL,
    until INTEGER NOT NULL
) STRICT;

CREATE TABLE write_windows (
    account INTEGER NOT NULL,
    endpoint TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (account, endpoint)
) STRICT, WITHOUT ROWID;

CREATE TABLE read_windows (
    token TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    used INTEGER NOT NULL,
    PRIMARY KEY (token, endpoint)
) STRICT, WITHOUT ROWID;

-- Either segments are coming in (`total_bytes`, `media_type`) or it is a picture (`size` and what follows).
CREATE TABLE uploads (
    owner INTEGER NOT NULL REFERENCES accounts (id),
    id INTEGER NOT NULL,
    random BLOB NOT NULL CHECK (length(random) = 8),
    category TEXT,
    shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
    expires_at INTEGER NOT NULL,
    public INTEGER NOT NULL DEFAULT 0 CHECK (public IN (0, 1)),
    alt_text TEXT,
    total_bytes INTEGER,
    media_type TEXT,
    size INTEGER,
    image_type TEXT,
    format TEXT,
    width INTEGER,
    height INTEGER,
    PRIMARY KEY (owner, id),
    CHECK ((total_bytes IS NULL) <> (size IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX uploads_to_sweep ON uploads (expires_at) WHERE public = 0;

-- Accounts besides the owner that may use an upload. They need not exist.
CREATE TABLE upload_grants (
    account INTEGER NOT NULL,
    media INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    PRIMARY KEY (account, media, owner),
    FOREIGN KEY (owner, media) REFERENCES uploads (owner, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX upload_grants_of_upload ON upload_grants (owner, media);

CREATE TABLE segments (
    owner INTEGER NOT NULL,
    media INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (owner, media, segment),
    FOREIGN KEY (owner, media) REFERENCES uploads (owner, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

-- The avatar's columns repeat what its upload says, so that a page is read from one place. The picture may be another
-- account's, shared with this one.
CREATE TABLE profiles (
    account INTEGER NOT NULL REFERENCES accounts (id),
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    avatar_owner INTEGER NOT NULL,
    avatar_media INTEGER NOT NULL,
    avatar_random BLOB NOT NULL,
    avatar_format TEXT NOT NULL,
    avatar_width INTEGER NOT NULL,
    avatar_height INTEGER NOT NULL,
    destroyed_at INTEGER,
    PRIMARY KEY (account, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX profiles_alive ON profiles (account, id) WHERE destroyed_at IS NULL;
