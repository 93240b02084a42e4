-- What others did that concerns a person, numbered for each person from 1, and how far they have read.
-- Ids are texts, times are nanoseconds since 1970.

CREATE TABLE notices (
    user        TEXT    NOT NULL,
    seq         INTEGER NOT NULL,
    at          INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    trip        TEXT    NOT NULL,
    -- As it was then.
    title       TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    role        TEXT,
    PRIMARY KEY (user, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE notices_read (
    user        TEXT    NOT NULL PRIMARY KEY,
    seq         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
