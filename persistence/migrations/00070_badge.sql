-- Badges that a community lets its members earn: what was issued can be hidden or
-- revoked with a reason, and neither changed nor deleted.

-- +goose Up
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL', 'UPLOAD', 'BADGE'));

CREATE TABLE badge (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  name         text NOT NULL,
  description  text NOT NULL,
  version      integer NOT NULL, -- of the criteria in force
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id)
);

-- What a badge stands for; who holds one keeps the version under which they got it.
CREATE TABLE badge_criteria (
  community_id uuid NOT NULL REFERENCES community,
  badge_id     uuid NOT NULL,
  version      integer NOT NULL,
  criteria     text NOT NULL,
  valid_days   integer NOT NULL, -- 0: for good
  written_by   uuid NOT NULL,    -- a member
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, badge_id, version),
  CONSTRAINT badge_criteria_badge_fkey FOREIGN KEY (community_id, badge_id) REFERENCES badge
);

CREATE TABLE issued_badge (
  community_id  uuid NOT NULL REFERENCES community,
  id            uuid NOT NULL,
  badge_id      uuid NOT NULL,
  version       integer NOT NULL,     -- of the criteria
  giver_id      uuid NOT NULL,        -- who issued it for the community
  member_id     uuid NOT NULL,
  evidence      text NOT NULL,
  status_index  integer NOT NULL,     -- its bit in the community's public status list
  hidden        boolean NOT NULL,     -- until its member shows it
  created_at    timestamptz NOT NULL,
  expires_at    timestamptz,
  revoked_at    timestamptz,
  revoked_by    uuid,
  revoke_reason text NOT NULL DEFAULT '',
  PRIMARY KEY (community_id, id),
  CONSTRAINT issued_badge_status_key UNIQUE (community_id, status_index),
  CONSTRAINT issued_badge_criteria_fkey FOREIGN KEY (community_id, badge_id, version) REFERENCES badge_criteria,
  CONSTRAINT issued_badge_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES member,
  CONSTRAINT issued_badge_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT issued_badge_two_members CHECK (giver_id <> member_id),
  CONSTRAINT issued_badge_evidence CHECK (evidence <> ''),
  CONSTRAINT issued_badge_revoked_for_a_reason CHECK ((revoked_at IS NULL) = (revoke_reason = '') AND (revoked_at IS NULL) = (revoked_by IS NULL))
);
CREATE INDEX issued_badge_member_idx ON issued_badge (community_id, member_id, created_at DESC, id DESC);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['badge', 'badge_criteria', 'issued_badge'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE (version) ON badge TO hora_server;
GRANT SELECT, INSERT ON badge_criteria TO hora_server;
GRANT SELECT, INSERT, UPDATE (hidden, revoked_at, revoked_by, revoke_reason) ON issued_badge TO hora_server;

-- +goose Down
DROP TABLE issued_badge, badge_criteria, badge;
DELETE FROM signing_key WHERE purpose = 'BADGE';
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL', 'UPLOAD'));
