-- Sealing: a Merkle tree over each community's journal, and the signed
-- checkpoints of it. Both only grow: the server may read them and call the
-- function that adds to them, nothing else.

-- +goose Up
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL'));

CREATE TABLE journal.seal (
  community_id uuid NOT NULL,
  size         bigint NOT NULL, -- the last position that it covers
  root         bytea NOT NULL,
  note         text NOT NULL,   -- the signed checkpoint, as it is given out
  sealed_at    timestamptz NOT NULL,
  PRIMARY KEY (community_id, size),
  CONSTRAINT seal_size CHECK (size > 0),
  CONSTRAINT seal_root CHECK (length(root) = 32)
);

-- Sixteen neighbouring hashes of the tree in a row, once there are sixteen; of
-- every fourth level, since what lies between follows from them. A proof reads
-- one tile for each four levels, and an event costs about 40 bytes.
CREATE TABLE journal.tile (
  community_id uuid NOT NULL,
  level        smallint NOT NULL, -- 0, 4, 8, …: leaves are of level 0
  idx          bigint NOT NULL,   -- holds the hashes 16 × idx to 16 × idx + 15 of its level
  hashes       bytea NOT NULL,
  PRIMARY KEY (community_id, level, idx),
  CONSTRAINT tile_level CHECK (level % 4 = 0),
  CONSTRAINT tile_full CHECK (length(hashes) = 512)
);
-- Hashes do not compress.
ALTER TABLE journal.tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

ALTER TABLE journal.seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.seal FORCE  ROW LEVEL SECURITY;
ALTER TABLE journal.tile ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.tile FORCE  ROW LEVEL SECURITY;
CREATE POLICY tenant ON journal.seal USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
CREATE POLICY tenant ON journal.tile USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT ON journal.seal, journal.tile TO hora_server;

-- +goose StatementBegin
-- keep_seal adds a seal and the tiles that filled since the one before. It goes on
-- from there, and never beyond what the journal holds.
CREATE FUNCTION journal.keep_seal(
  p_community uuid, p_size bigint, p_root bytea, p_note text, p_at timestamptz,
  p_levels smallint[], p_indexes bigint[], p_hashes bytea[]
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF p_size <= coalesce((SELECT max(s.size) FROM journal.seal s WHERE s.community_id = p_community), 0)
     OR p_size > coalesce((SELECT h.pos FROM journal.head h WHERE h.community_id = p_community), 0) THEN
    RAISE EXCEPTION 'a seal of size % does not go on from the last, or covers more than there is', p_size;
  END IF;
  INSERT INTO journal.tile (community_id, level, idx, hashes)
  SELECT p_community, t.level, t.idx, t.hashes FROM unnest(p_levels, p_indexes, p_hashes) AS t (level, idx, hashes);
  INSERT INTO journal.seal (community_id, size, root, note, sealed_at)
  VALUES (p_community, p_size, p_root, p_note, p_at);
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION journal.keep_seal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal.keep_seal TO hora_server;

-- A proof starts from a transfer and needs its posting's position. Postings are
-- written in the order of time, so an index of their pages by time finds the few
-- it may stand on, and costs a posting nothing.
CREATE INDEX posting_at_idx ON ledger.posting USING brin (at) WITH (pages_per_range = 16, autosummarize = on);

-- +goose Down
DROP INDEX ledger.posting_at_idx;
DROP FUNCTION journal.keep_seal;
DROP TABLE journal.tile, journal.seal;
DELETE FROM signing_key WHERE purpose = 'SEAL';
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH'));
