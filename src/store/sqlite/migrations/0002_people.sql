-- Accounts, logins, plans with members and invitations, and the answers to creations.

CREATE TABLE accounts (
    id       TEXT    NOT NULL PRIMARY KEY,
    mail     TEXT    NOT NULL UNIQUE,
    name     TEXT    NOT NULL,
    language TEXT    NOT NULL,
    color    TEXT    NOT NULL,
    created  INTEGER NOT NULL,
    password TEXT    NOT NULL
) STRICT;

-- One a login. Its end is that it is deleted, with all its tokens.
CREATE TABLE families (
    id      TEXT    NOT NULL PRIMARY KEY,
    user    TEXT    NOT NULL REFERENCES accounts (id),
    -- That of its newest token.
    expires INTEGER NOT NULL
) STRICT;

CREATE INDEX families_by_expiry ON families (expires);

CREATE TABLE tokens (
    hash    BLOB    NOT NULL PRIMARY KEY,
    family  TEXT    NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX tokens_by_family ON tokens (family, expires);

CREATE TABLE plans (
    id      TEXT    NOT NULL PRIMARY KEY,
    status  TEXT    NOT NULL,
    title   TEXT    NOT NULL,
    starts  TEXT,
    ends    TEXT,
    days    INTEGER NOT NULL,
    cards   INTEGER NOT NULL,
    places  INTEGER NOT NULL,
    cover   TEXT,
    color   TEXT,
    created INTEGER NOT NULL,
    touched INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
    plan    TEXT    NOT NULL REFERENCES plans (id),
    user    TEXT    NOT NULL REFERENCES accounts (id),
    role    TEXT    NOT NULL,
    joined  INTEGER NOT NULL,
    -- Copies from the plan, so that one index orders a person's list.
    status  TEXT    NOT NULL,
    touched INTEGER NOT NULL,
    PRIMARY KEY (plan, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX members_by_user ON members (user, status, touched, plan);

CREATE TRIGGER members_follow_their_plan AFTER UPDATE OF status, touched ON plans
BEGIN
    UPDATE members SET status = new.status, touched = new.touched WHERE plan = new.id;
END;

CREATE TABLE invites (
    id      TEXT    NOT NULL PRIMARY KEY,
    plan    TEXT    NOT NULL REFERENCES plans (id),
    token   BLOB    NOT NULL UNIQUE,
    role    TEXT    NOT NULL,
    author  TEXT    NOT NULL,
    created INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    revoked INTEGER NOT NULL
) STRICT;

CREATE INDEX invites_by_plan ON invites (plan, created, id);

CREATE TABLE answers (
    user        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    fingerprint BLOB    NOT NULL,
    claimed     INTEGER NOT NULL,
    -- Both or none: without them it is a claim.
    status      INTEGER,
    body        TEXT,
    PRIMARY KEY (user, key)
) STRICT, WITHOUT ROWID;

CREATE INDEX answers_by_age ON answers (claimed);

-- One row that health checks write.
CREATE TABLE health (
    checks INTEGER NOT NULL
) STRICT;

INSERT INTO health (checks) VALUES (0);
