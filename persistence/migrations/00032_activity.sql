-- Work for the community itself, as its members log it and another approves it.

-- +goose Up
CREATE TABLE activity (
  community_id    uuid NOT NULL REFERENCES community,
  id              uuid NOT NULL,
  state           text NOT NULL,
  member_id       uuid NOT NULL,
  kind            text NOT NULL,    -- its code in the charter
  charter_version integer NOT NULL, -- under which it was done
  compensation    text NOT NULL,    -- as that version had it
  rule            text NOT NULL,
  level           text NOT NULL,
  minutes         bigint NOT NULL,  -- as logged
  credited        bigint,           -- what moved
  description     text NOT NULL,
  costs           text NOT NULL,    -- money, refunded directly; a note
  day             date NOT NULL,
  logged_by       uuid NOT NULL,    -- the person
  decided_by      uuid,             -- the member
  decided_at      timestamptz,
  reason          text,
  created_at      timestamptz NOT NULL,
  version         integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT activity_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT activity_decided_by_fkey FOREIGN KEY (community_id, decided_by) REFERENCES member,
  CONSTRAINT activity_charter_fkey FOREIGN KEY (community_id, charter_version) REFERENCES charter,
  CONSTRAINT activity_state CHECK (state IN ('LOGGED', 'APPROVED', 'DECLINED')),
  CONSTRAINT activity_decided CHECK ((state = 'LOGGED') = (decided_at IS NULL)),
  CONSTRAINT activity_not_ones_own CHECK (decided_by <> member_id),
  CONSTRAINT activity_credit CHECK (credited IS NULL OR (state = 'APPROVED' AND compensation = 'HOURS'))
);
CREATE INDEX activity_feed_idx ON activity (community_id, created_at DESC, id DESC);
CREATE INDEX activity_member_idx ON activity (community_id, member_id, created_at DESC, id DESC);

ALTER TABLE activity ENABLE ROW LEVEL SECURITY;
ALTER TABLE activity FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON activity
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT ON activity TO hora_server;
-- What was logged stays as it was; only the answer is added.
GRANT UPDATE (state, credited, decided_by, decided_at, reason, version) ON activity TO hora_server;

-- +goose Down
DROP TABLE activity;
