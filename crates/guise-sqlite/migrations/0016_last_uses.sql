-- When each was last used, in milliseconds; nothing until then.
ALTER TABLE apps ADD COLUMN last_used_at INTEGER;
ALTER TABLE tokens ADD COLUMN last_used_at INTEGER;
