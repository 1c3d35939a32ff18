-- A line that takes the place of another deletes it without asking the trigger for deletions.
CREATE TRIGGER log_is_not_replaced BEFORE INSERT ON log
    WHEN EXISTS (SELECT 1 FROM log WHERE account = NEW.account AND id = NEW.id)
BEGIN
    SELECT raise(ABORT, 'the log is append-only');
END;
