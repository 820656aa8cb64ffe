-- The journal: one total order of events per community. Appending is the last
-- thing a transaction does; it takes the community's head row, so commit order
-- is position order, and a cursor is a number that survives restore and moves.

-- +goose Up
CREATE SCHEMA journal;
GRANT USAGE ON SCHEMA journal TO hora_server;

CREATE TABLE journal.head (
  community_id uuid PRIMARY KEY REFERENCES community,
  pos          bigint NOT NULL DEFAULT 0,
  hash         bytea NOT NULL DEFAULT '\x'
);

CREATE TABLE journal.event (
  community_id uuid NOT NULL,
  pos          bigint NOT NULL,
  id           uuid NOT NULL,
  kind         text NOT NULL,
  actor_id     uuid NOT NULL,
  subject_id   uuid NOT NULL,
  at           timestamptz NOT NULL,
  body         bytea NOT NULL, -- the canonical bytes, exactly as digested
  digest       bytea NOT NULL,
  hash         bytea NOT NULL,
  PRIMARY KEY (community_id, pos)
);
-- The head row changes with every write: room on its page keeps it there.
ALTER TABLE journal.head SET (fillfactor = 50);

-- How far each reader of the journal has come.
CREATE TABLE journal.cursor (
  community_id uuid NOT NULL,
  reader       text NOT NULL,
  pos          bigint NOT NULL,
  PRIMARY KEY (community_id, reader)
);

ALTER TABLE journal.head   ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.head   FORCE  ROW LEVEL SECURITY;
ALTER TABLE journal.event  ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.event  FORCE  ROW LEVEL SECURITY;
ALTER TABLE journal.cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.cursor FORCE  ROW LEVEL SECURITY;
CREATE POLICY tenant ON journal.head   USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
CREATE POLICY tenant ON journal.event  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
CREATE POLICY tenant ON journal.cursor USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
-- The relay asks where something new is, across communities; positions and
-- hashes tell nothing of anybody.
CREATE POLICY positions ON journal.head   FOR SELECT USING (true);
CREATE POLICY positions ON journal.cursor FOR SELECT USING (true);

GRANT SELECT ON journal.head, journal.event TO hora_server;
GRANT SELECT, INSERT, UPDATE ON journal.cursor TO hora_server;

-- +goose StatementBegin
-- found starts a community's journal.
CREATE FUNCTION journal.found(p_community uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO journal.head (community_id) VALUES (p_community);
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- write gives the events the positions after p_pos, chains their hashes and
-- raises the head, whose row the caller holds.
-- hash = sha256(previous hash ‖ position ‖ microseconds ‖ digest).
CREATE FUNCTION journal.write(
  p_community uuid, p_pos bigint, p_hash bytea, p_at timestamptz,
  p_ids uuid[], p_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[]
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_digest bytea;
  v_micros bytea := int8send((extract(epoch FROM p_at) * 1000000)::bigint);
BEGIN
  FOR i IN 1 .. cardinality(p_ids) LOOP
    p_pos    := p_pos + 1;
    v_digest := sha256(p_bodies[i]);
    p_hash   := sha256(p_hash || int8send(p_pos) || v_micros || v_digest);
    INSERT INTO journal.event (community_id, pos, id, kind, actor_id, subject_id, at, body, digest, hash)
    VALUES (p_community, p_pos, p_ids[i], p_kinds[i], p_actors[i], p_subjects[i], p_at, p_bodies[i], v_digest, p_hash);
  END LOOP;
  UPDATE journal.head h SET pos = p_pos, hash = p_hash WHERE h.community_id = p_community;
  RETURN p_pos;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- append takes the head and writes the events after it.
CREATE FUNCTION journal.append(
  p_community uuid, p_at timestamptz,
  p_ids uuid[], p_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_pos  bigint;
  v_hash bytea;
BEGIN
  SELECT h.pos, h.hash INTO v_pos, v_hash FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no journal' USING ERRCODE = 'LD404';
  END IF;
  RETURN journal.write(p_community, v_pos, v_hash, p_at, p_ids, p_kinds, p_actors, p_subjects, p_bodies);
END
$$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA journal FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal.found, journal.append TO hora_server;

-- +goose Down
DROP SCHEMA journal CASCADE;
