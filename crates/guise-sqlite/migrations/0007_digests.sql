-- What the file of a picture is recognised by: its SHA-256, as uploaded. Absent while segments come in, and where the
-- upload is from before this was kept.
ALTER TABLE uploads ADD COLUMN digest BLOB CHECK (length(digest) = 32);
