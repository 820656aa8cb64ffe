-- What people who are no members suggest to an open call, and where they look for it.

-- +goose Up
CREATE TABLE suggestion (
  community_id  uuid NOT NULL,
  id            uuid NOT NULL,
  cycle_id      uuid NOT NULL,
  person_id     uuid NOT NULL REFERENCES person, -- their name is read from there, today's
  title         text NOT NULL,
  purpose       text NOT NULL,
  beneficiaries text NOT NULL,
  note          text NOT NULL,
  minimum       bigint NOT NULL,
  maximum       bigint NOT NULL,
  state         text NOT NULL DEFAULT 'OPEN',
  reason        text NOT NULL DEFAULT '',
  project_id    uuid, -- that a member made of it
  created_at    timestamptz NOT NULL,
  ended_at      timestamptz,
  version       integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT suggestion_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle,
  CONSTRAINT suggestion_project_fkey FOREIGN KEY (community_id, project_id) REFERENCES project,
  CONSTRAINT suggestion_project_key UNIQUE (community_id, project_id),
  CONSTRAINT suggestion_asks CHECK (minimum BETWEEN 1 AND maximum),
  CONSTRAINT suggestion_state CHECK (state IN ('OPEN', 'ADOPTED', 'DECLINED', 'WITHDRAWN', 'LAPSED', 'REMOVED')),
  CONSTRAINT suggestion_adopted CHECK ((state = 'ADOPTED') = (project_id IS NOT NULL)),
  CONSTRAINT suggestion_ended CHECK ((state = 'OPEN') = (ended_at IS NULL)),
  CONSTRAINT suggestion_reasoned CHECK (state NOT IN ('DECLINED', 'REMOVED') OR reason <> '')
);
-- The list of a cycle, and a person's own, newest first.
CREATE INDEX suggestion_cycle_idx ON suggestion (community_id, cycle_id, created_at DESC, id DESC);
CREATE INDEX suggestion_person_idx ON suggestion (community_id, person_id, created_at DESC, id DESC);

ALTER TABLE suggestion ENABLE ROW LEVEL SECURITY;
ALTER TABLE suggestion FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON suggestion USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (state, reason, project_id, ended_at, version) ON suggestion TO hora_server; -- what was written stays

-- Somebody may have something to read where they are no member.
ALTER TABLE person_community ALTER COLUMN member_id DROP NOT NULL;

-- +goose Down
DELETE FROM person_community WHERE member_id IS NULL;
ALTER TABLE person_community ALTER COLUMN member_id SET NOT NULL;
DROP TABLE suggestion;
