-- The hours of members nobody has heard of for long: they are asked, then lie apart,
-- come back with them, or are the whole's after years. One row tells one such time.

-- +goose Up
CREATE TABLE dormant (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  quiet_since  timestamptz NOT NULL, -- their account had not moved since
  state        text NOT NULL,
  contacts     integer NOT NULL,
  minutes      bigint NOT NULL DEFAULT 0, -- that lie apart, or lay
  next_at      timestamptz, -- NULL: over
  ended_at     timestamptz,
  version      integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT dormant_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT dormant_state CHECK (state IN ('CONTACTED', 'KEPT', 'HELD', 'RETURNED', 'LAPSED')),
  CONSTRAINT dormant_contacts CHECK (contacts >= 1),
  CONSTRAINT dormant_minutes CHECK (minutes >= 0 AND (minutes > 0) = (state IN ('HELD', 'RETURNED', 'LAPSED'))),
  CONSTRAINT dormant_open CHECK ((next_at IS NOT NULL) = (state IN ('CONTACTED', 'HELD')) AND (ended_at IS NULL) = (next_at IS NOT NULL))
);
CREATE UNIQUE INDEX dormant_open_key ON dormant (community_id, member_id) WHERE next_at IS NOT NULL;
CREATE INDEX dormant_member_idx ON dormant (community_id, member_id, ended_at);

ALTER TABLE dormant ENABLE ROW LEVEL SECURITY;
ALTER TABLE dormant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON dormant USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON dormant TO hora_server;

-- +goose Down
DROP TABLE dormant;
