-- Appeals: a member asks once that somebody else looks at a measure anew. What they
-- wrote never changes, and nobody upholds their own decision.

-- +goose Up
CREATE TABLE appeal (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  measure_id   uuid NOT NULL,
  member_id    uuid NOT NULL,        -- whom the measure concerns
  against_id   uuid NOT NULL,        -- who took it
  reason       text NOT NULL,
  created_at   timestamptz NOT NULL,
  answer_by    timestamptz NOT NULL, -- when it should be answered at the latest
  place        bigint NOT NULL,      -- in the list: those that wait by their urgency, then those decided, the last first
  overdue_at   timestamptz,          -- when moderators were told that it is late
  outcome      text,                 -- NULL while it waits
  statement    text NOT NULL DEFAULT '',
  decided_by   uuid,
  decided_at   timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT appeal_once UNIQUE (community_id, measure_id),
  CONSTRAINT appeal_measure_fkey FOREIGN KEY (community_id, measure_id) REFERENCES measure,
  CONSTRAINT appeal_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT appeal_reasoned CHECK (reason <> ''),
  CONSTRAINT appeal_outcome CHECK (outcome IN ('UPHELD', 'OVERTURNED')),
  CONSTRAINT appeal_decided_with_reasons CHECK ((outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)
    AND (outcome IS NULL) = (statement = '')),
  CONSTRAINT appeal_somebody_else CHECK (decided_by <> member_id AND (outcome <> 'UPHELD' OR decided_by <> against_id))
);
CREATE INDEX appeal_place_idx ON appeal (community_id, place, id);
CREATE INDEX appeal_waiting_idx ON appeal (community_id, answer_by, id) WHERE outcome IS NULL;

ALTER TABLE appeal ENABLE ROW LEVEL SECURITY;
ALTER TABLE appeal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON appeal USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (place, overdue_at, outcome, statement, decided_by, decided_at) ON appeal TO hora_server;

-- +goose Down
DROP TABLE appeal;
