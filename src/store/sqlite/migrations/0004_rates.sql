-- Who did something so often lately that it counts, under a name that nobody can be known by.
CREATE TABLE rates (
    name BLOB    NOT NULL PRIMARY KEY,
    -- Microseconds since 1970; from then on the row is worth nothing.
    free INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX rates_by_free ON rates (free);
