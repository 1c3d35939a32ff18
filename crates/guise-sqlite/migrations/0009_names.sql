-- What accounts demand of their own profiles.
ALTER TABLE accounts ADD COLUMN kind_required INTEGER NOT NULL DEFAULT 0 CHECK (kind_required IN (0, 1));
ALTER TABLE accounts ADD COLUMN own_name_reserved INTEGER NOT NULL DEFAULT 0
    CHECK (own_name_reserved IN (0, 1));
CREATE TABLE reserved_names (
    account INTEGER NOT NULL REFERENCES accounts (id),
    skeleton TEXT NOT NULL,
    word TEXT NOT NULL,
    PRIMARY KEY (account, skeleton)
) STRICT, WITHOUT ROWID;

-- The looks of all living profiles and open accounts; `profile` is 0 for an account itself, which comes first therefore.
-- Filled by the program, whose rules these are made by.
CREATE TABLE names (
    skeleton TEXT NOT NULL,
    profile INTEGER NOT NULL,
    account INTEGER NOT NULL,
    PRIMARY KEY (skeleton, profile, account)
) STRICT, WITHOUT ROWID;
ALTER TABLE installation ADD COLUMN skeleton_rules TEXT NOT NULL DEFAULT '';
