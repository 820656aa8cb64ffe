-- Delegations: who votes in whose place, in one decision or in all of a type. A seat
-- names the delegation by which its holder was represented; a ballot that was cast
-- that way says so only while the box is open.

-- +goose Up
CREATE TABLE delegation (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  from_id      uuid NOT NULL,
  to_id        uuid NOT NULL,
  decision_id  uuid,                    -- NULL: all of the type
  type         text NOT NULL DEFAULT '',
  given_at     timestamptz NOT NULL,
  until_at     timestamptz,
  ended_at     timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT delegation_from_fkey FOREIGN KEY (community_id, from_id) REFERENCES member,
  CONSTRAINT delegation_to_fkey FOREIGN KEY (community_id, to_id) REFERENCES member,
  CONSTRAINT delegation_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES decision,
  CONSTRAINT delegation_parties CHECK (from_id <> to_id),
  CONSTRAINT delegation_scope CHECK ((decision_id IS NULL) = (type <> ''))
);
-- What runs of a giver, once for each scope, and of a holder.
CREATE UNIQUE INDEX delegation_decision_key ON delegation (community_id, from_id, decision_id) WHERE ended_at IS NULL AND decision_id IS NOT NULL;
CREATE INDEX delegation_from_idx ON delegation (community_id, from_id) WHERE ended_at IS NULL;
CREATE INDEX delegation_to_idx ON delegation (community_id, to_id) WHERE ended_at IS NULL;
-- What may hold in a decision.
CREATE INDEX delegation_in_decision_idx ON delegation (community_id, decision_id) WHERE decision_id IS NOT NULL;
CREATE INDEX delegation_in_type_idx ON delegation (community_id, type) WHERE type <> '';

ALTER TABLE decision_seat ADD COLUMN delegation_id uuid,
  ADD CONSTRAINT decision_seat_delegation_fkey FOREIGN KEY (community_id, delegation_id) REFERENCES delegation,
  ADD CONSTRAINT decision_seat_carried CHECK (voted OR delegation_id IS NULL);
CREATE INDEX decision_seat_delegation_idx ON decision_seat (community_id, delegation_id) WHERE delegation_id IS NOT NULL;
ALTER TABLE decision_ballot ADD COLUMN carried boolean NOT NULL DEFAULT false;

ALTER TABLE delegation ENABLE ROW LEVEL SECURITY;
ALTER TABLE delegation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON delegation USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT ON delegation TO hora_server;
GRANT UPDATE (ended_at) ON delegation TO hora_server;
GRANT UPDATE (delegation_id) ON decision_seat TO hora_server;

-- +goose Down
ALTER TABLE decision_ballot DROP COLUMN carried;
ALTER TABLE decision_seat DROP COLUMN delegation_id;
DROP TABLE delegation;
