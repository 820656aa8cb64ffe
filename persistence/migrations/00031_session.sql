-- Group sessions: who hosts, who comes, who bears the time.

-- +goose Up
CREATE TABLE group_session (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  state        text NOT NULL,
  host_id      uuid NOT NULL,
  title        text NOT NULL,
  description  text NOT NULL,
  service_type text NOT NULL,
  starts_at    timestamptz NOT NULL,
  place        text NOT NULL,
  capacity     integer NOT NULL,
  bearer       text NOT NULL,
  preparation  bigint NOT NULL,
  animation    bigint NOT NULL,
  moved        bigint,          -- what moved in all, in the charter's unit
  reason       text,            -- why it was cancelled
  created_at   timestamptz NOT NULL,
  settled_at   timestamptz,
  version      integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT group_session_host_fkey FOREIGN KEY (community_id, host_id) REFERENCES member,
  CONSTRAINT group_session_state CHECK (state IN ('SCHEDULED', 'SETTLED', 'CANCELLED')),
  CONSTRAINT group_session_bearer CHECK (bearer IN ('PARTICIPANTS', 'COMMUNITY')),
  CONSTRAINT group_session_capacity CHECK (capacity BETWEEN 1 AND 200),
  CONSTRAINT group_session_settled CHECK ((state = 'SETTLED') = (moved IS NOT NULL AND settled_at IS NOT NULL))
);
CREATE INDEX group_session_calendar_idx ON group_session (community_id, starts_at DESC, id DESC);

CREATE TABLE session_seat (
  community_id uuid NOT NULL,
  session_id   uuid NOT NULL,
  member_id    uuid NOT NULL,
  state        text NOT NULL,
  place        integer NOT NULL, -- in the order of joining; the waiting list follows it
  share        bigint,           -- minutes this member bears
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, session_id, member_id),
  CONSTRAINT session_seat_session_fkey FOREIGN KEY (community_id, session_id) REFERENCES group_session,
  CONSTRAINT session_seat_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT session_seat_state CHECK (state IN ('JOINED', 'WAITING', 'LEFT', 'ATTENDED', 'MISSED'))
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['group_session', 'session_seat'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON group_session, session_seat TO hora_server;

-- +goose Down
DROP TABLE session_seat, group_session;
