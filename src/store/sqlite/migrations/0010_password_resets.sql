-- A link to choose a new password: one an account, known by the hash of its token.
ALTER TABLE accounts ADD COLUMN reset BLOB;
ALTER TABLE accounts ADD COLUMN reset_expires INTEGER;

CREATE UNIQUE INDEX accounts_by_reset ON accounts (reset) WHERE reset IS NOT NULL;

-- With a new password all sessions of a person end.
CREATE INDEX families_by_user ON families (user);
