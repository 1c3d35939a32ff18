-- What the embedded store's schema says, in PostgreSQL's words and ready to be spread over machines by account.
--
-- The first part is small and looked up by everybody: an app's key, an account's name, a ticket. Where tables are
-- spread, each machine has all of it. In the second part every row is one account's, whose id comes first in the key;
-- no foreign key and no unique index reaches from one account to another, and statements name the account whose rows
-- they want. `names` alone is spread by what it is looked up by.
--
-- Text that is compared or ordered is so by its bytes (COLLATE "C"), whatever the database's own language is.

-- `version` is the last script that ran, `oldest` the version of the oldest program that can work with what it left. A
-- script only adds (columns that may be absent, tables, indexes); what it makes useless is removed by a later one, which
-- raises `oldest`, once no program runs any more that knew it.
CREATE TABLE guise_format (
    one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    version BIGINT NOT NULL,
    oldest BIGINT NOT NULL
);
INSERT INTO guise_format (version, oldest) VALUES (1, 1);

-- What there is one of. `credentials_version` grows with every change of an account, app or token.
CREATE TABLE installation (
    one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
    credentials_version BIGINT NOT NULL DEFAULT 0,
    key_proof BYTEA,
    skeleton_rules TEXT NOT NULL DEFAULT ''
);
INSERT INTO installation DEFAULT VALUES;

-- `folded` is the name in lower case, folded by the program: no collation of the database decides who is who.
CREATE TABLE account_names (
    folded TEXT COLLATE "C" PRIMARY KEY,
    account BIGINT NOT NULL
);

-- `console` is the app by which an account does what it does on pages. Nobody knows its secret, and there is one for
-- each account. `bearer` is the secret half of an app's bearer token, sealed.
CREATE TABLE apps (
    id BIGINT PRIMARY KEY,
    owner BIGINT NOT NULL,
    name TEXT NOT NULL,
    url TEXT NOT NULL DEFAULT '',
    consumer_key TEXT COLLATE "C" NOT NULL UNIQUE,
    consumer_secret BYTEA NOT NULL,
    revoked BOOLEAN NOT NULL DEFAULT false,
    names_operators BOOLEAN NOT NULL DEFAULT false,
    console BOOLEAN NOT NULL DEFAULT false,
    bearer BYTEA,
    last_used_at BIGINT
);
CREATE INDEX apps_of_owner ON apps (owner, id);
CREATE UNIQUE INDEX console_of_owner ON apps (owner) WHERE console;

-- Where apps may have accounts led back to: scheme, host, port and path.
CREATE TABLE callbacks (
    app BIGINT NOT NULL REFERENCES apps (id),
    place TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (app, place)
);

-- What all accounts that use an app share of its limits. An empty one (`used` is 0) is only there to be locked.
CREATE TABLE app_windows (
    app BIGINT NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (app, endpoint)
) WITH (fillfactor = 50);

CREATE TABLE read_windows (
    token TEXT COLLATE "C" NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (token, endpoint)
);

-- Tickets are known by their SHA-256: who reads the database cannot come in by it.
CREATE TABLE sessions (
    ticket BYTEA PRIMARY KEY CHECK (length(ticket) = 32),
    account BIGINT NOT NULL,
    console BIGINT NOT NULL REFERENCES apps (id),
    operator TEXT,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_of_account ON sessions (account);
CREATE INDEX sessions_to_sweep ON sessions (expires_at);

CREATE TABLE links (
    ticket BYTEA PRIMARY KEY CHECK (length(ticket) = 32),
    account BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX links_of_account ON links (account);
CREATE INDEX links_to_sweep ON links (expires_at);

-- What apps ask accounts to allow. `callback` is a URL or `oob`; `account` and `verifier`, a hash, are there once it is
-- allowed. `wrong` counts verifiers that were not it.
CREATE TABLE request_tokens (
    token TEXT COLLATE "C" PRIMARY KEY,
    app BIGINT NOT NULL REFERENCES apps (id),
    secret BYTEA NOT NULL,
    callback TEXT NOT NULL,
    access TEXT NOT NULL,
    until BIGINT NOT NULL,
    state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'allowed', 'over')),
    account BIGINT,
    operator TEXT,
    verifier BYTEA CHECK (length(verifier) = 32),
    wrong BIGINT NOT NULL DEFAULT 0,
    CHECK (state <> 'allowed' OR (account IS NOT NULL AND verifier IS NOT NULL))
);
CREATE INDEX request_tokens_to_sweep ON request_tokens (until);

-- What follows belongs to accounts.

-- Whoever changes something of an account locks its row first, so that its changes come one after another. `password`
-- is what one is checked against: an argon2id hash as a PHC string.
CREATE TABLE accounts (
    id BIGINT PRIMARY KEY,
    name TEXT NOT NULL,
    custom_profiles BOOLEAN NOT NULL,
    messages_from TEXT NOT NULL DEFAULT 'all',
    closed BOOLEAN NOT NULL DEFAULT false,
    password TEXT,
    kind_required BOOLEAN NOT NULL DEFAULT false,
    own_name_reserved BOOLEAN NOT NULL DEFAULT false
);

-- The highest id ever committed for each account: the highest of all is the floor for ids after a restart. A row for
-- the whole installation would make every write wait for every other.
CREATE TABLE highest_ids (
    account BIGINT PRIMARY KEY,
    id BIGINT NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE reserved_names (
    account BIGINT NOT NULL,
    skeleton TEXT COLLATE "C" NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (account, skeleton)
);

CREATE TABLE blocks (
    account BIGINT NOT NULL,
    other BIGINT NOT NULL,
    PRIMARY KEY (account, other)
);

CREATE TABLE tokens (
    account BIGINT NOT NULL,
    token TEXT COLLATE "C" NOT NULL,
    app BIGINT NOT NULL,
    secret BYTEA NOT NULL,
    access TEXT NOT NULL,
    operator TEXT,
    created_at BIGINT NOT NULL,
    revoked BOOLEAN NOT NULL DEFAULT false,
    last_used_at BIGINT,
    PRIMARY KEY (account, token)
);

-- Requests already seen. `caller` is the account that wrote, or the app that did for itself.
CREATE TABLE replays (
    caller BIGINT NOT NULL,
    key BYTEA NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX replays_to_sweep ON replays (until);

CREATE TABLE write_windows (
    account BIGINT NOT NULL,
    endpoint TEXT COLLATE "C" NOT NULL,
    started_at BIGINT NOT NULL,
    used BIGINT NOT NULL,
    PRIMARY KEY (account, endpoint)
) WITH (fillfactor = 50);

-- What was answered to requests that named a key, for whoever asks again. `content` is a hash of what was asked for,
-- `subject` the id of what was made. Without a body, what the answer told of was erased.
CREATE TABLE answers (
    account BIGINT NOT NULL,
    app BIGINT NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    content BYTEA NOT NULL CHECK (length(content) = 32),
    until BIGINT NOT NULL,
    subject BIGINT NOT NULL,
    status BIGINT NOT NULL,
    headers TEXT NOT NULL,
    body BYTEA,
    PRIMARY KEY (account, app, key)
);
CREATE INDEX answers_to_sweep ON answers (until);
-- What is erased or destroyed is not told again either: its answers are found by what they tell of.
CREATE INDEX answers_of_subject ON answers (account, subject);

-- Either segments are coming in (`total_bytes`, `media_type`) or it is a picture (`size` and what follows). One that is
-- in a message (`sent`) belongs to it from then on. What the file of a picture is recognised by is its SHA-256, as
-- uploaded: `digest`.
CREATE TABLE uploads (
    owner BIGINT NOT NULL,
    id BIGINT NOT NULL,
    random BYTEA NOT NULL CHECK (length(random) = 8),
    category TEXT,
    shared BOOLEAN NOT NULL,
    expires_at BIGINT NOT NULL,
    public BOOLEAN NOT NULL DEFAULT false,
    sent BOOLEAN NOT NULL DEFAULT false,
    alt_text TEXT,
    total_bytes BIGINT,
    media_type TEXT,
    size BIGINT,
    image_type TEXT,
    format TEXT,
    width BIGINT,
    height BIGINT,
    digest BYTEA CHECK (length(digest) = 32),
    PRIMARY KEY (owner, id),
    CHECK ((total_bytes IS NULL) <> (size IS NULL))
);
CREATE INDEX uploads_to_sweep ON uploads (expires_at) WHERE NOT public AND NOT sent;

-- Accounts besides the owner that may use an upload. They need not exist.
CREATE TABLE upload_grants (
    account BIGINT NOT NULL,
    media BIGINT NOT NULL,
    owner BIGINT NOT NULL,
    PRIMARY KEY (account, media, owner)
);
CREATE INDEX upload_grants_of_upload ON upload_grants (owner, media);

CREATE TABLE segments (
    owner BIGINT NOT NULL,
    media BIGINT NOT NULL,
    segment BIGINT NOT NULL,
    bytes BIGINT NOT NULL,
    blob TEXT NOT NULL,
    PRIMARY KEY (owner, media, segment),
    FOREIGN KEY (owner, media) REFERENCES uploads (owner, id) ON DELETE CASCADE
);

-- Which profiles show a picture or did in a revision, so that its upload goes with the last of them.
CREATE TABLE avatar_uses (
    owner BIGINT NOT NULL,
    media BIGINT NOT NULL,
    account BIGINT NOT NULL,
    profile BIGINT NOT NULL,
    PRIMARY KEY (owner, media, account, profile)
);

-- The avatar's columns repeat what its upload says, so that a page is read from one place. The picture may be another
-- account's, shared with this one; a profile without one has none of them. `folded` is the name as it is searched,
-- folded by the program. `uses` and `last_used_at` say how often it was written under, and when last. `made_at`, `app`
-- and `operator` tell of the revision that is current; they are absent where nobody kept them.
CREATE TABLE profiles (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    revision BIGINT NOT NULL DEFAULT 1,
    name TEXT NOT NULL,
    folded TEXT COLLATE "C" NOT NULL,
    avatar_owner BIGINT,
    avatar_media BIGINT,
    avatar_random BYTEA,
    avatar_format TEXT,
    avatar_width BIGINT,
    avatar_height BIGINT,
    kind TEXT,
    made_at BIGINT,
    app BIGINT,
    operator TEXT,
    external_id TEXT COLLATE "C",
    uses BIGINT NOT NULL DEFAULT 0,
    last_used_at BIGINT,
    destroyed_at BIGINT,
    erased_at BIGINT,
    PRIMARY KEY (account, id)
) WITH (fillfactor = 90);
CREATE INDEX profiles_alive ON profiles (account, id) WHERE destroyed_at IS NULL;
CREATE UNIQUE INDEX profiles_by_external_id ON profiles (account, external_id)
    WHERE external_id IS NOT NULL AND destroyed_at IS NULL;

CREATE TABLE profile_tags (
    account BIGINT NOT NULL,
    profile BIGINT NOT NULL,
    tag TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (account, profile, tag)
);
CREATE INDEX profiles_by_tag ON profile_tags (account, tag, profile);

-- What profiles were: a row for each revision that another took the place of. The current one is the profile's own row.
CREATE TABLE revisions (
    account BIGINT NOT NULL,
    profile BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    name TEXT NOT NULL,
    kind TEXT,
    avatar_owner BIGINT,
    avatar_media BIGINT,
    avatar_random BYTEA,
    avatar_format TEXT,
    avatar_width BIGINT,
    avatar_height BIGINT,
    made_at BIGINT,
    app BIGINT,
    operator TEXT,
    PRIMARY KEY (account, profile, revision)
);

-- Profiles as an account was shown them, a row for each revision that somebody wrote to it under, and that it wrote
-- under itself. Only an erasure changes one: a message goes on showing the face it was sent with.
CREATE TABLE faces (
    account BIGINT NOT NULL,
    profile BIGINT NOT NULL,
    revision BIGINT NOT NULL,
    owner BIGINT NOT NULL,
    name TEXT NOT NULL,
    avatar_owner BIGINT,
    avatar_media BIGINT,
    avatar_random BYTEA,
    avatar_format TEXT,
    avatar_width BIGINT,
    avatar_height BIGINT,
    PRIMARY KEY (account, profile, revision)
);

-- In whose boxes an account's profile is shown, so that an erasure finds all of them.
CREATE TABLE shown (
    account BIGINT NOT NULL,
    profile BIGINT NOT NULL,
    reader BIGINT NOT NULL,
    PRIMARY KEY (account, profile, reader)
);

-- Boxes: each participant's copy is a row of its own, so that nothing reaches across accounts to read one. One who
-- writes to oneself has one copy. `other` is whom it is shared with.
CREATE TABLE messages (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    sender BIGINT NOT NULL,
    recipient BIGINT NOT NULL,
    app BIGINT NOT NULL,
    profile BIGINT,
    revision BIGINT,
    media_owner BIGINT,
    media BIGINT,
    media_random BYTEA,
    media_format TEXT,
    media_width BIGINT,
    media_height BIGINT,
    content TEXT NOT NULL,
    other BIGINT NOT NULL GENERATED ALWAYS AS (CASE sender WHEN account THEN recipient ELSE sender END) STORED,
    PRIMARY KEY (account, id)
);
CREATE INDEX messages_with ON messages (account, other, id, sender);

-- What an account has to do with another: who wrote last, what of it is free, what was read, and the newest message of
-- it in this box; none once the last one is destroyed.
CREATE TABLE conversations (
    account BIGINT NOT NULL,
    other BIGINT NOT NULL,
    heard_at BIGINT,
    wrote_at BIGINT,
    replies BIGINT NOT NULL DEFAULT 0,
    read_up_to BIGINT,
    newest BIGINT,
    PRIMARY KEY (account, other)
) WITH (fillfactor = 70);
CREATE INDEX conversations_by_newest ON conversations (account, newest) WHERE newest IS NOT NULL;

-- The looks of all living profiles and open accounts; `profile` is 0 for an account itself, which comes first therefore.
-- Filled by the program, whose rules these are made by.
CREATE TABLE names (
    skeleton TEXT COLLATE "C" NOT NULL,
    profile BIGINT NOT NULL,
    account BIGINT NOT NULL,
    PRIMARY KEY (skeleton, profile, account)
);

-- Who did what. Only ever appended to: the database itself refuses anything else. `app` is absent for what was done on
-- the server's own command line.
CREATE TABLE log (
    account BIGINT NOT NULL,
    id BIGINT NOT NULL,
    app BIGINT,
    operator TEXT,
    action TEXT NOT NULL,
    subject BIGINT NOT NULL,
    revision BIGINT,
    PRIMARY KEY (account, id)
);
CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only';
END
$$;
CREATE TRIGGER log_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON log
    FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only();
