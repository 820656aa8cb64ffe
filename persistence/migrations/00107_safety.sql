-- What protects members: things that a measure keeps from one of them for a time, and
-- attestations that somebody saw a check. What a check says is kept nowhere.

-- +goose Up
-- By the measure that each comes from. It ends by the clock, whatever stands here.
ALTER TABLE member ADD COLUMN limits jsonb NOT NULL DEFAULT '{}';
GRANT UPDATE (limits) ON member TO hora_server;

ALTER TABLE measure ADD COLUMN limits text[] NOT NULL DEFAULT '{}', -- what is kept from its member
  ADD CONSTRAINT measure_limits CHECK ((action = 'LIMIT') = (limits <> '{}') AND (action <> 'LIMIT' OR until_at IS NOT NULL));

CREATE TABLE vetting (
  community_id    uuid NOT NULL REFERENCES community,
  id              uuid NOT NULL,
  member_id       uuid NOT NULL,
  kind            text NOT NULL,        -- as the charter calls it
  seen_by         uuid NOT NULL,        -- the member who saw it
  seen_on         date NOT NULL,
  expires_on      date NOT NULL,        -- the last day on which it holds
  ends_at         timestamptz NOT NULL, -- when that day is over there
  notice_at       timestamptz NOT NULL, -- when its end is told
  noticed_at      timestamptz,
  recorded_at     timestamptz NOT NULL,
  withdrawn_at    timestamptz,
  withdrawn_by    uuid,
  withdraw_reason text NOT NULL DEFAULT '',
  PRIMARY KEY (community_id, id),
  CONSTRAINT vetting_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT vetting_seen_by_fkey FOREIGN KEY (community_id, seen_by) REFERENCES member,
  CONSTRAINT vetting_somebody_else CHECK (seen_by <> member_id AND withdrawn_by <> member_id),
  CONSTRAINT vetting_days CHECK (seen_on <= expires_on AND notice_at < ends_at),
  CONSTRAINT vetting_withdrawn_for_a_reason CHECK ((withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdraw_reason = ''))
);
CREATE INDEX vetting_member_idx ON vetting (community_id, member_id, ends_at DESC, id DESC);
CREATE INDEX vetting_notice_idx ON vetting (community_id, notice_at) WHERE noticed_at IS NULL AND withdrawn_at IS NULL;

ALTER TABLE vetting ENABLE ROW LEVEL SECURITY;
ALTER TABLE vetting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON vetting USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE (noticed_at, withdrawn_at, withdrawn_by, withdraw_reason) ON vetting TO hora_server;

-- +goose Down
DROP TABLE vetting;
ALTER TABLE measure DROP COLUMN limits;
ALTER TABLE member DROP COLUMN limits;
