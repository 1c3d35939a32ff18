-- A profile may have no picture: nothing is said of it then. Erasing one leaves none in any of its revisions.
ALTER TABLE profiles ADD COLUMN erased_at INTEGER;
ALTER TABLE profiles ALTER COLUMN avatar_owner DROP NOT NULL;
ALTER TABLE profiles ALTER COLUMN avatar_media DROP NOT NULL;
ALTER TABLE profiles ALTER COLUMN avatar_random DROP NOT NULL;
ALTER TABLE profiles ALTER COLUMN avatar_format DROP NOT NULL;
ALTER TABLE profiles ALTER COLUMN avatar_width DROP NOT NULL;
ALTER TABLE profiles ALTER COLUMN avatar_height DROP NOT NULL;
ALTER TABLE revisions ALTER COLUMN avatar_owner DROP NOT NULL;
ALTER TABLE revisions ALTER COLUMN avatar_media DROP NOT NULL;
ALTER TABLE revisions ALTER COLUMN avatar_random DROP NOT NULL;
ALTER TABLE revisions ALTER COLUMN avatar_format DROP NOT NULL;
ALTER TABLE revisions ALTER COLUMN avatar_width DROP NOT NULL;
ALTER TABLE revisions ALTER COLUMN avatar_height DROP NOT NULL;
ALTER TABLE faces ALTER COLUMN avatar_owner DROP NOT NULL;
ALTER TABLE faces ALTER COLUMN avatar_media DROP NOT NULL;
ALTER TABLE faces ALTER COLUMN avatar_random DROP NOT NULL;
ALTER TABLE faces ALTER COLUMN avatar_format DROP NOT NULL;
ALTER TABLE faces ALTER COLUMN avatar_width DROP NOT NULL;
ALTER TABLE faces ALTER COLUMN avatar_height DROP NOT NULL;

-- In whose boxes an account's profile is shown, so that an erasure finds all of them.
CREATE TABLE shown (
    account INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    reader INTEGER NOT NULL,
    PRIMARY KEY (account, profile, reader)
) STRICT, WITHOUT ROWID;
INSERT INTO shown (account, profile, reader) SELECT DISTINCT owner, profile, account FROM faces;

-- Which profiles show a picture or did in a revision, so that its upload goes with the last of them.
CREATE TABLE avatar_uses (
    owner INTEGER NOT NULL,
    media INTEGER NOT NULL,
    account INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    PRIMARY KEY (owner, media, account, profile)
) STRICT, WITHOUT ROWID;
INSERT INTO avatar_uses (owner, media, account, profile)
    SELECT avatar_owner, avatar_media, account, id FROM profiles
    UNION SELECT avatar_owner, avatar_media, account, profile FROM revisions;
