-- Who brought the request: an account, or an app for itself. Absent in what is from before this was kept.
ALTER TABLE replays ADD COLUMN caller INTEGER;
