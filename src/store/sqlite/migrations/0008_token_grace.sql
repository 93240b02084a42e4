-- A refresh token that was exchanged leads to the same successor for a while: when it was exchanged, and what the
-- successor was derived from. The salt goes when the successor is exchanged in its turn.
ALTER TABLE tokens ADD COLUMN exchanged INTEGER;
ALTER TABLE tokens ADD COLUMN salt BLOB;
