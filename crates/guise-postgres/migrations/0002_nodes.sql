-- The numbers that nodes make ids of, and what nodes do in turn.
--
-- It takes away what kept ids from being made twice when numbers were set by hand: a program of before that still runs
-- can keep no id any more, which it must not, as its number may be somebody else's from now on.

-- `holder` is one time that a program has the number: a random id. It has it until `until`, by this database's clock,
-- and longer if nobody else asks for it. No id made of the number is kept above `ceiling`, which never falls.
CREATE TABLE nodes (
    number BIGINT PRIMARY KEY,
    holder TEXT COLLATE "C",
    until TIMESTAMPTZ NOT NULL DEFAULT '-infinity',
    ceiling BIGINT NOT NULL
) WITH (fillfactor = 50);

-- What one node does for all: whoever began it, and when it was ended last.
CREATE TABLE jobs (
    name TEXT COLLATE "C" PRIMARY KEY,
    holder TEXT COLLATE "C",
    ended_at TIMESTAMPTZ NOT NULL DEFAULT '-infinity'
);

LOCK TABLE highest_ids;
INSERT INTO nodes (number, ceiling)
    SELECT number, (SELECT coalesce(max(id), 0) FROM highest_ids) FROM generate_series(0, 1023) AS number;
DROP TABLE highest_ids;
