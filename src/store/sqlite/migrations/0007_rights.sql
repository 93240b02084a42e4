-- What owners decided about people, and when in the life of a plan: older invitations give no more than that.

-- Counts the changes of a plan's members.
ALTER TABLE plans ADD COLUMN changes INTEGER NOT NULL DEFAULT 0;
-- Invitations that were made before this change let nobody in who is not.
ALTER TABLE plans ADD COLUMN floor INTEGER NOT NULL DEFAULT 0;
-- The changes that there had been when it was made.
ALTER TABLE invites ADD COLUMN since INTEGER NOT NULL DEFAULT 0;

CREATE TABLE decisions (
    plan    TEXT    NOT NULL REFERENCES plans (id),
    user    TEXT    NOT NULL,
    -- The change that it was.
    at      INTEGER NOT NULL,
    -- The role that was set; taken out: NULL.
    role    TEXT,
    PRIMARY KEY (plan, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX decisions_by_age ON decisions (plan, at);
