-- A box by whom it is shared with: one conversation, newest first, and what of it is not read yet.
ALTER TABLE messages ADD COLUMN other INTEGER
    GENERATED ALWAYS AS (CASE sender WHEN account THEN recipient ELSE sender END) VIRTUAL;
CREATE INDEX messages_with ON messages (account, other, id, sender);

-- The newest message of a conversation in this box; none once the last one is destroyed. To oneself too.
ALTER TABLE conversations ADD COLUMN newest INTEGER;
CREATE INDEX conversations_by_newest ON conversations (account, newest) WHERE newest IS NOT NULL;
INSERT INTO conversations (account, other, newest)
    SELECT account, other, max(id) FROM messages WHERE true GROUP BY account, other
    ON CONFLICT (account, other) DO UPDATE SET newest = excluded.newest;
