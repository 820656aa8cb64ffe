-- Helpers who act for a member with their consent, and cards for members without
-- an e-mail address.

-- +goose Up
CREATE TABLE helper (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  helper_id    uuid NOT NULL,
  consent      text NOT NULL,  -- how it was given, where somebody else noted it
  given_by     uuid NOT NULL,  -- the person
  from_at      timestamptz NOT NULL,
  until_at     timestamptz NOT NULL,
  withdrawn_at timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT helper_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT helper_helper_fkey FOREIGN KEY (community_id, helper_id) REFERENCES member,
  CONSTRAINT helper_another CHECK (helper_id <> member_id)
);
CREATE UNIQUE INDEX helper_standing_key ON helper (community_id, member_id, helper_id) WHERE withdrawn_at IS NULL;
CREATE INDEX helper_helper_idx ON helper (community_id, helper_id) WHERE withdrawn_at IS NULL;
ALTER TABLE helper ENABLE ROW LEVEL SECURITY;
ALTER TABLE helper FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON helper
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT ON helper TO hora_server;
GRANT UPDATE (withdrawn_at) ON helper TO hora_server; -- a consent is ended, never rewritten

-- Like sessions, cards belong to persons, not to communities.
CREATE TABLE card (
  person_id   uuid PRIMARY KEY REFERENCES person,
  handle      text NOT NULL,
  pin_hash    text NOT NULL,
  secret_hash bytea NOT NULL,
  failures    integer NOT NULL DEFAULT 0, -- wrong PINs in a row
  given_at    timestamptz NOT NULL,
  CONSTRAINT card_handle_key UNIQUE (handle),
  CONSTRAINT card_secret_key UNIQUE (secret_hash)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON card TO hora_server;

-- +goose Down
DROP TABLE card, helper;
