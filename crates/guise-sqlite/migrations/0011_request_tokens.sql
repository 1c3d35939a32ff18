-- Where apps may have accounts led back to: scheme, host, port and path.
CREATE TABLE callbacks (
    app INTEGER NOT NULL REFERENCES apps (id),
    place TEXT NOT NULL,
    PRIMARY KEY (app, place)
) STRICT, WITHOUT ROWID;

-- What apps ask accounts to allow. `callback` is a URL or `oob`; `account` and `verifier`, a hash, are there once it is
-- allowed. `wrong` counts verifiers that were not it.
CREATE TABLE request_tokens (
    token TEXT NOT NULL PRIMARY KEY,
    app INTEGER NOT NULL REFERENCES apps (id),
    secret BLOB NOT NULL,
    callback TEXT NOT NULL,
    access TEXT NOT NULL,
    until INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'allowed', 'over')),
    account INTEGER,
    operator TEXT,
    verifier BLOB CHECK (length(verifier) = 32),
    wrong INTEGER NOT NULL DEFAULT 0,
    CHECK (state <> 'allowed' OR (account IS NOT NULL AND verifier IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX request_tokens_to_sweep ON request_tokens (until);

-- The secret half of an app's bearer token, sealed.
ALTER TABLE apps ADD COLUMN bearer BLOB;
