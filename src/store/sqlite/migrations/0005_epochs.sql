-- A document whose epoch has ended is sealed until its content begins anew; before that a version is kept.

ALTER TABLE documents ADD COLUMN sealed INTEGER NOT NULL DEFAULT 0;

-- What a column may hold can't be changed in place.
CREATE TABLE new_versions (
    id          TEXT    NOT NULL PRIMARY KEY,
    document    INTEGER NOT NULL REFERENCES documents (key),
    epoch       INTEGER NOT NULL,
    name        TEXT,
    cause       TEXT    NOT NULL
                CHECK (cause IN ('saved', 'before restore', 'before renewal', 'restored')),
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
INSERT INTO new_versions SELECT * FROM versions;
DROP TABLE versions;
ALTER TABLE new_versions RENAME TO versions;
CREATE INDEX versions_by_document ON versions (document, id);
