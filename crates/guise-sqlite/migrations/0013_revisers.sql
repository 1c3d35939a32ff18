-- Who made the revision that is current, and those before it; absent where nobody said so, or nobody kept it.
ALTER TABLE profiles ADD COLUMN operator TEXT;
ALTER TABLE revisions ADD COLUMN operator TEXT;
