-- Documents as states and journal entries, and the versions that people saved.
-- Ids are texts, times are nanoseconds since 1970, checksums are CRC-32.

CREATE TABLE documents (
    key         INTEGER PRIMARY KEY,
    name        TEXT    NOT NULL UNIQUE,
    epoch       INTEGER NOT NULL,
    -- Never goes back, so that a generation's number never names two states.
    generation  INTEGER NOT NULL
) STRICT;

CREATE TABLE states (
    document    INTEGER NOT NULL REFERENCES documents (key),
    generation  INTEGER NOT NULL,
    checksum    INTEGER NOT NULL,
    state       BLOB    NOT NULL,
    PRIMARY KEY (document, generation)
) STRICT;

CREATE TABLE entries (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    document    INTEGER NOT NULL REFERENCES documents (key),
    -- The first generation whose state contains the entry; none yet: NULL.
    folded_into INTEGER,
    checksum    INTEGER NOT NULL,
    edit        BLOB    NOT NULL
) STRICT;

-- With the row's id behind it: a document's entries in the order of appending.
CREATE INDEX entries_by_document ON entries (document);

CREATE TABLE versions (
    id          TEXT    NOT NULL PRIMARY KEY,
    document    INTEGER NOT NULL REFERENCES documents (key),
    epoch       INTEGER NOT NULL,
    name        TEXT,
    cause       TEXT    NOT NULL CHECK (cause IN ('saved', 'before restore', 'restored')),
    restored    TEXT    CHECK ((restored IS NOT NULL) = (cause = 'restored')),
    author      TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    days        INTEGER NOT NULL,
    cards       INTEGER NOT NULL,
    places      INTEGER NOT NULL,
    checksum    INTEGER NOT NULL,
    -- Last, so that a list does not read them.
    projection  TEXT    NOT NULL,
    state       BLOB    NOT NULL
) STRICT;

CREATE INDEX versions_by_document ON versions (document, id);
