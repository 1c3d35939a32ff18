-- What a profile is besides its name and picture. `folded` is the name as it is searched, folded by the program.
-- `made_at` and `app` tell of the revision that is current; both are absent where nobody kept them.
ALTER TABLE profiles ADD COLUMN kind TEXT;
ALTER TABLE profiles ADD COLUMN external_id TEXT;
ALTER TABLE profiles ADD COLUMN folded TEXT NOT NULL DEFAULT '';
ALTER TABLE profiles ADD COLUMN made_at INTEGER;
ALTER TABLE profiles ADD COLUMN app INTEGER;
CREATE UNIQUE INDEX profiles_by_external_id ON profiles (account, external_id)
    WHERE external_id IS NOT NULL AND destroyed_at IS NULL;

CREATE TABLE profile_tags (
    account INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    tag TEXT NOT NULL,
    PRIMARY KEY (account, profile, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX profiles_by_tag ON profile_tags (account, tag, profile);

-- What profiles were: a row for each revision that another took the place of. The current one is the profile's own row.
CREATE TABLE revisions (
    account INTEGER NOT NULL,
    profile INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT,
    avatar_owner INTEGER NOT NULL,
    avatar_media INTEGER NOT NULL,
    avatar_random BLOB NOT NULL,
    avatar_format TEXT NOT NULL,
    avatar_width INTEGER NOT NULL,
    avatar_height INTEGER NOT NULL,
    made_at INTEGER,
    app INTEGER,
    PRIMARY KEY (account, profile, revision)
) STRICT, WITHOUT ROWID;
