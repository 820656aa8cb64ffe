-- What people give one another that is no hours. It stays when its giver leaves:
-- the server's role may hide it, or note its end, and never delete it.

-- +goose Up
-- Who lives together, as coordinators noted it.
CREATE TABLE household (
  community_id uuid NOT NULL REFERENCES community,
  member_id    uuid NOT NULL,
  household_id uuid NOT NULL,
  since        timestamptz NOT NULL,
  PRIMARY KEY (community_id, member_id),
  CONSTRAINT household_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);
CREATE INDEX household_idx ON household (community_id, household_id);

CREATE TABLE thanks (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  giver_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  exchange_id  uuid NOT NULL,    -- what they are for
  message      text NOT NULL,
  hidden       boolean NOT NULL, -- by whom they are for
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT thanks_once UNIQUE (community_id, giver_id, exchange_id),
  CONSTRAINT thanks_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES member,
  CONSTRAINT thanks_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT thanks_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES exchange,
  CONSTRAINT thanks_two_members CHECK (giver_id <> member_id)
);
CREATE INDEX thanks_member_idx ON thanks (community_id, member_id, created_at DESC, id DESC);
CREATE INDEX thanks_giver_idx ON thanks (community_id, giver_id, created_at DESC);

CREATE TABLE star (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  giver_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  category     text NOT NULL,
  reason       text NOT NULL,
  hidden       boolean NOT NULL, -- until its member shows it
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT star_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES member,
  CONSTRAINT star_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT star_two_members CHECK (giver_id <> member_id)
);
CREATE INDEX star_member_idx ON star (community_id, member_id, created_at DESC, id DESC);
CREATE INDEX star_giver_idx ON star (community_id, giver_id, created_at DESC);

CREATE TABLE endorsement (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  giver_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  service_type text NOT NULL,
  exchange_id  uuid NOT NULL,    -- the confirmed one it rests on
  hidden       boolean NOT NULL,
  created_at   timestamptz NOT NULL,
  withdrawn_at timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT endorsement_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES member,
  CONSTRAINT endorsement_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT endorsement_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES exchange,
  CONSTRAINT endorsement_two_members CHECK (giver_id <> member_id)
);
CREATE UNIQUE INDEX endorsement_once ON endorsement (community_id, giver_id, member_id, service_type) WHERE withdrawn_at IS NULL;
CREATE INDEX endorsement_member_idx ON endorsement (community_id, member_id, created_at DESC, id DESC);

CREATE TABLE milestone (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  reached      text NOT NULL,
  hidden       boolean NOT NULL, -- until its member shows it
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT milestone_once UNIQUE (community_id, member_id, reached),
  CONSTRAINT milestone_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);
CREATE INDEX member_admitted_idx ON member (community_id, admitted_at);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['household', 'thanks', 'star', 'endorsement', 'milestone'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON household TO hora_server;
GRANT SELECT, INSERT, UPDATE (hidden) ON thanks, star, milestone TO hora_server;
GRANT SELECT, INSERT, UPDATE (hidden, withdrawn_at) ON endorsement TO hora_server;

-- +goose Down
DROP INDEX member_admitted_idx;
DROP TABLE milestone, endorsement, star, thanks, household;
