-- What belongs to no community: persons, their sessions, the directory of
-- communities. On a distributed database person, community and person_community
-- are reference tables; the rest stays on the coordinator (citus rules 7, 15).

-- +goose Up
CREATE TABLE person (
  id            uuid PRIMARY KEY,
  email         text,
  display_name  text NOT NULL,
  locale        text NOT NULL,
  password_hash text,
  platform      boolean NOT NULL DEFAULT false,
  created_at    timestamptz NOT NULL,
  version       integer NOT NULL DEFAULT 1,
  CONSTRAINT person_email_lower CHECK (email = lower(email))
);
CREATE UNIQUE INDEX person_email_key ON person (email);

CREATE TABLE session (
  id           uuid PRIMARY KEY,
  person_id    uuid NOT NULL REFERENCES person,
  device_name  text NOT NULL,
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  ended_why    text,
  CONSTRAINT session_ended_says_why CHECK ((ended_at IS NULL) = (ended_why IS NULL))
);
CREATE INDEX session_person_idx ON session (person_id, created_at);

-- One row per token ever given; only its hash. A token presented again after it
-- was used tells that two parties hold it.
CREATE TABLE refresh_token (
  hash       bytea PRIMARY KEY,
  session_id uuid NOT NULL REFERENCES session ON DELETE CASCADE,
  issued_at  timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX refresh_token_session_idx ON refresh_token (session_id);

CREATE TABLE signing_key (
  kid        text PRIMARY KEY,
  purpose    text NOT NULL,
  secret     bytea NOT NULL,
  created_at timestamptz NOT NULL,
  retired_at timestamptz,
  CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH'))
);

-- How busy one account or network was (GCRA: the theoretical arrival time).
-- Losing it in a crash costs nothing, hence UNLOGGED.
CREATE UNLOGGED TABLE throttle (
  key text PRIMARY KEY,
  tat timestamptz NOT NULL
);

CREATE TABLE community (
  id         uuid PRIMARY KEY,
  slug       text NOT NULL,
  name       text NOT NULL,
  preset     text NOT NULL,
  locale     text NOT NULL,
  time_zone  text NOT NULL,
  latitude   double precision,
  longitude  double precision,
  created_at timestamptz NOT NULL,
  version    integer NOT NULL DEFAULT 1,
  CONSTRAINT community_slug_key UNIQUE (slug),
  CONSTRAINT community_place_whole CHECK ((latitude IS NULL) = (longitude IS NULL))
);

-- Where somebody is a member, so that a person's list needs no tour of all communities.
CREATE TABLE person_community (
  person_id    uuid NOT NULL REFERENCES person,
  community_id uuid NOT NULL REFERENCES community,
  member_id    uuid NOT NULL,
  PRIMARY KEY (person_id, community_id)
);

GRANT SELECT, INSERT, UPDATE ON person, session, refresh_token, signing_key, throttle, community TO hora_server;
GRANT SELECT, INSERT, UPDATE ON person_community TO hora_server;
GRANT DELETE ON throttle, refresh_token, session TO hora_server;

-- The notes that make a retry safe; the platform's own stand under community zero.
CREATE TABLE idempotency (
  community_id uuid NOT NULL,
  person_id    uuid NOT NULL,
  key          text NOT NULL,
  fingerprint  bytea NOT NULL,
  result_id    uuid,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, person_id, key)
);
CREATE INDEX idempotency_age_idx ON idempotency (community_id, created_at);
ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency TO hora_server;

-- +goose Down
DROP TABLE idempotency, person_community, community, throttle, signing_key, refresh_token, session, person;
