-- Updates that are applied to nothing: they may have ended a process, or can't be read.

CREATE TABLE aside (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    document INTEGER NOT NULL REFERENCES documents (key),
    cause    TEXT    NOT NULL CHECK (cause IN ('fatal', 'unreadable', 'damaged')),
    at       INTEGER NOT NULL,
    edit     BLOB    NOT NULL
) STRICT;

-- With the row's id behind it: in the order of setting aside.
CREATE INDEX aside_by_document ON aside (document);
