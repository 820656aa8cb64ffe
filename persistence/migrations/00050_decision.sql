-- Decisions: the question, its frozen roll, the box while it is open, and what is
-- published of it. What ties a ballot to a member is made with a key that is
-- destroyed with the box (docs/decisions/0019).

-- +goose Up
CREATE TABLE decision (
  community_id  uuid NOT NULL REFERENCES community,
  id            uuid NOT NULL,
  type          text NOT NULL,
  question      text NOT NULL,
  body          text NOT NULL,
  options       jsonb NOT NULL,
  effect        jsonb,
  rules         jsonb NOT NULL, -- as they were when it was announced
  state         text NOT NULL,
  opens_at      timestamptz,    -- NULL: when somebody opens the draft
  closes_at     timestamptz,
  opened_at     timestamptz,
  reminded      integer NOT NULL DEFAULT 0,
  next_at       timestamptz,    -- when the program has something to do; NULL for never
  seed          text NOT NULL,
  commitment    text NOT NULL,
  roll          bigint NOT NULL DEFAULT 0,
  by_id         uuid NOT NULL,
  created_at    timestamptz NOT NULL,
  closed_at     timestamptz,
  result        jsonb,
  failure       text NOT NULL DEFAULT '',
  attempts      integer NOT NULL DEFAULT 0,
  retry_at      timestamptz,
  reason        text NOT NULL DEFAULT '',
  outcome       text NOT NULL DEFAULT '',
  owner_id      uuid,
  review_at     timestamptz,
  reviews       uuid,
  version       integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT decision_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES member,
  CONSTRAINT decision_owner_fkey FOREIGN KEY (community_id, owner_id) REFERENCES member,
  CONSTRAINT decision_reviews_fkey FOREIGN KEY (community_id, reviews) REFERENCES decision,
  CONSTRAINT decision_state CHECK (state IN ('DRAFT', 'OPEN', 'SECOND_CALL', 'CLOSED', 'EXECUTED', 'FAILED', 'WITHDRAWN')),
  CONSTRAINT decision_failed CHECK ((state = 'FAILED') = (failure <> ''))
);
-- The list, newest first, and what is due.
CREATE INDEX decision_list_idx ON decision (community_id, created_at DESC, id DESC);
CREATE INDEX decision_due_idx ON decision (community_id, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE decision_seat (
  community_id uuid NOT NULL,
  decision_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  college      text NOT NULL DEFAULT '',
  voted        boolean NOT NULL DEFAULT false,
  conflict     text NOT NULL DEFAULT '',
  PRIMARY KEY (community_id, decision_id, member_id),
  CONSTRAINT decision_seat_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES decision,
  CONSTRAINT decision_seat_conflict CHECK (NOT voted OR conflict = '')
);
-- What waits for somebody's ballot.
CREATE INDEX decision_seat_member_idx ON decision_seat (community_id, member_id, decision_id) WHERE NOT voted AND conflict = '';

CREATE TABLE decision_key (
  community_id uuid NOT NULL,
  decision_id  uuid NOT NULL,
  key          bytea NOT NULL,
  PRIMARY KEY (community_id, decision_id),
  CONSTRAINT decision_key_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES decision
);

-- No moment and no person: nothing here says whose a ballot is.
CREATE TABLE decision_ballot (
  community_id uuid NOT NULL,
  decision_id  uuid NOT NULL,
  slot         bytea NOT NULL,
  receipt      text NOT NULL,
  college      text NOT NULL,
  paper        jsonb NOT NULL,
  reason       text NOT NULL,
  member_id    uuid,          -- NULL when the ballot is secret
  PRIMARY KEY (community_id, decision_id, slot),
  CONSTRAINT decision_ballot_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES decision,
  CONSTRAINT decision_ballot_receipt_key UNIQUE (community_id, decision_id, receipt)
);

CREATE TABLE decision_receipt (
  community_id uuid NOT NULL,
  decision_id  uuid NOT NULL,
  receipt      text NOT NULL,
  college      text NOT NULL,
  paper        jsonb NOT NULL,
  reason       text NOT NULL,
  member_id    uuid,
  PRIMARY KEY (community_id, decision_id, receipt),
  CONSTRAINT decision_receipt_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES decision
);

CREATE TABLE decision_comment (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  decision_id  uuid NOT NULL,
  member_id    uuid NOT NULL,
  body         text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT decision_comment_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES decision
);
CREATE INDEX decision_comment_decision_idx ON decision_comment (community_id, decision_id, at);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['decision', 'decision_seat', 'decision_key', 'decision_ballot', 'decision_receipt', 'decision_comment'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (community_id = NULLIF(current_setting(''hora.community'', true), '''')::uuid)', t);
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON decision TO hora_server;
GRANT SELECT, INSERT ON decision_seat, decision_receipt, decision_comment TO hora_server; -- a roll is frozen, what was published stays
GRANT UPDATE (college, voted, conflict) ON decision_seat TO hora_server;
GRANT SELECT, INSERT, DELETE ON decision_key TO hora_server;
GRANT SELECT, INSERT, DELETE ON decision_ballot TO hora_server;
GRANT UPDATE (paper, reason) ON decision_ballot TO hora_server;

-- +goose Down
DROP TABLE decision_comment, decision_receipt, decision_ballot, decision_key, decision_seat, decision;
