-- What members did, as far as it counts towards where they stand; what the nightly
-- evaluation found; and what was announced to somebody before it takes effect.

-- +goose Up
-- One line for each member whom an event speaks for. Nothing is changed or taken
-- away: what turns out not to have been is undone by a line that names it.
CREATE TABLE contribution (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,    -- follows from what it comes from, so that it is there once
  member_id    uuid NOT NULL,
  partner_id   uuid,             -- with whom; NULL for work for the whole
  kind         text NOT NULL,
  minutes      bigint NOT NULL,  -- that the member gave; 0 for whoever received
  at           timestamptz NOT NULL,
  noted_at     timestamptz NOT NULL,
  pos          bigint NOT NULL,  -- the event in the journal
  source_id    uuid NOT NULL,    -- the exchange, session, activity, endorsement, role's holder …
  undoes       uuid,
  PRIMARY KEY (community_id, id),
  CONSTRAINT contribution_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT contribution_partner_fkey FOREIGN KEY (community_id, partner_id) REFERENCES member,
  CONSTRAINT contribution_undoes_fkey FOREIGN KEY (community_id, undoes) REFERENCES contribution,
  CONSTRAINT contribution_kind CHECK (kind IN ('EXCHANGE', 'SESSION', 'ACTIVITY', 'DUTY', 'ENDORSEMENT', 'ORIENTATION', 'MANDATE')),
  CONSTRAINT contribution_minutes CHECK (minutes >= 0),
  CONSTRAINT contribution_two_members CHECK (partner_id <> member_id)
);
CREATE INDEX contribution_member_idx ON contribution (community_id, member_id, at DESC, id DESC);
CREATE INDEX contribution_window_idx ON contribution (community_id, at);
CREATE UNIQUE INDEX contribution_undone_once ON contribution (community_id, undoes) WHERE undoes IS NOT NULL;

-- What a night found of a member, where something changed or nearly did.
CREATE TABLE evaluation (
  community_id   uuid NOT NULL,
  member_id      uuid NOT NULL,
  day            date NOT NULL,
  policy_version integer NOT NULL, -- the charter's
  was            text NOT NULL,
  became         text NOT NULL,
  exchanges      integer NOT NULL,
  partners       integer NOT NULL,
  months         integer NOT NULL,
  given          bigint NOT NULL,
  associative    bigint NOT NULL,
  endorsements   integer NOT NULL,
  evaluated_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, member_id, day),
  CONSTRAINT evaluation_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT evaluation_policy_fkey FOREIGN KEY (community_id, policy_version) REFERENCES charter
);

-- A change for the worse is announced, then takes effect, unless it is lifted.
CREATE TABLE notice (
  community_id   uuid NOT NULL,
  id             uuid NOT NULL,
  member_id      uuid NOT NULL,
  was            text NOT NULL, -- what the member was, and is again when it is lifted
  becomes        text NOT NULL,
  policy_version integer NOT NULL,
  given_at       timestamptz NOT NULL,
  due_at         timestamptz NOT NULL,
  state          text NOT NULL,
  ended_at       timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT notice_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT notice_policy_fkey FOREIGN KEY (community_id, policy_version) REFERENCES charter,
  CONSTRAINT notice_state CHECK (state IN ('PENDING', 'EFFECTIVE', 'LIFTED')),
  CONSTRAINT notice_ended CHECK ((state = 'PENDING') = (ended_at IS NULL)),
  CONSTRAINT notice_ahead CHECK (due_at > given_at)
);
CREATE UNIQUE INDEX notice_pending_key ON notice (community_id, member_id) WHERE state = 'PENDING';
CREATE INDEX notice_member_idx ON notice (community_id, member_id, given_at DESC);

-- Until when the rules change nothing for the worse.
ALTER TABLE member ADD COLUMN grace_until timestamptz;
-- What a notification announces comes then.
ALTER TABLE notification ADD COLUMN due_at timestamptz;

-- +goose StatementBegin
-- evidence_step keeps what counts of one member's dealings with one partner, in
-- their order: p_kept[1] is what the last one counts (its minutes, or −1 when it
-- does not count), then moment and minutes of each that counted in the last p_days.
CREATE FUNCTION evidence_step(p_kept bigint[], p_at timestamptz, p_minutes bigint, p_days integer, p_events integer, p_most bigint)
RETURNS bigint[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_at    bigint := extract(epoch FROM p_at)::bigint;
  v_since bigint := v_at - p_days * 86400::bigint;
  v_first integer := 2;
  v_left  bigint := p_most;
  v_count integer := 0;
BEGIN
  WHILE v_first < cardinality(p_kept) AND p_kept[v_first] <= v_since LOOP
    v_first := v_first + 2;
  END LOOP;
  FOR i IN v_first + 1 .. cardinality(p_kept) BY 2 LOOP
    v_left  := v_left - p_kept[i];
    v_count := v_count + 1;
  END LOOP;
  IF v_count >= p_events OR (p_minutes > 0 AND v_left <= 0) THEN
    RETURN (-1)::bigint || p_kept[v_first:];
  END IF;
  v_left := least(p_minutes, v_left);
  RETURN v_left || p_kept[v_first:] || ARRAY[v_at, v_left];
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION evidence_last(p_kept bigint[]) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$ SELECT p_kept[1] $$;
-- +goose StatementEnd

-- evidence_counts says, over one pair's dealings in their order, what each counts.
CREATE AGGREGATE evidence_counts (timestamptz, bigint, integer, integer, bigint) (
  SFUNC = evidence_step, STYPE = bigint[], INITCOND = '{0}', FINALFUNC = evidence_last, PARALLEL = SAFE
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['contribution', 'evaluation', 'notice'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON contribution, evaluation, notice TO hora_server;
GRANT UPDATE (becomes, state, ended_at) ON notice TO hora_server;

-- +goose Down
ALTER TABLE notification DROP COLUMN due_at;
ALTER TABLE member DROP COLUMN grace_until;
DROP TABLE notice, evaluation, contribution;
DROP AGGREGATE evidence_counts (timestamptz, bigint, integer, integer, bigint);
DROP FUNCTION evidence_last, evidence_step;
