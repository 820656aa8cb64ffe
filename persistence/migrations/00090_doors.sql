-- Ways in beside a password: letters with a link and a code, and passkeys. Like
-- sessions they belong to persons, not to communities.

-- +goose Up
ALTER TABLE session ADD COLUMN opened_by text NOT NULL DEFAULT 'PASSWORD';
ALTER TABLE session ADD CONSTRAINT session_opened_by CHECK (opened_by IN ('PASSWORD', 'CARD', 'LINK', 'PASSKEY'));

ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL', 'UPLOAD', 'BADGE', 'LINK'));

-- Nothing in a row opens anything: what the letter says is derived from the id and
-- a key, and the asking device's token is kept as its hash.
CREATE TABLE sign_in_link (
  id          uuid PRIMARY KEY,
  person_id   uuid REFERENCES person, -- NULL: nobody has the address
  device_hash bytea NOT NULL,
  device_name text NOT NULL,
  tries       integer NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL,
  used_at     timestamptz,
  CONSTRAINT sign_in_link_device_key UNIQUE (device_hash)
);
CREATE INDEX sign_in_link_age_idx ON sign_in_link (created_at);

CREATE TABLE passkey (
  id           uuid PRIMARY KEY,
  person_id    uuid NOT NULL REFERENCES person,
  credential   bytea NOT NULL,
  record       bytea NOT NULL, -- the public half and its counter, as go-webauthn writes it
  name         text NOT NULL,
  created_at   timestamptz NOT NULL,
  last_used_at timestamptz,
  CONSTRAINT passkey_credential_key UNIQUE (credential)
);
CREATE INDEX passkey_person_idx ON passkey (person_id, created_at);

-- What the server asked a device for and has no answer to yet; taken once.
CREATE TABLE ceremony (
  id         uuid PRIMARY KEY,
  person_id  uuid REFERENCES person, -- NULL at a sign-in
  name       text NOT NULL,
  state      bytea NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX ceremony_age_idx ON ceremony (created_at);

GRANT SELECT, INSERT, DELETE ON sign_in_link, passkey, ceremony TO hora_server;
GRANT UPDATE (tries, used_at) ON sign_in_link TO hora_server;
GRANT UPDATE (record, last_used_at) ON passkey TO hora_server;

-- +goose Down
DROP TABLE ceremony, passkey, sign_in_link;
DELETE FROM signing_key WHERE purpose = 'LINK';
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL', 'UPLOAD', 'BADGE'));
ALTER TABLE session DROP COLUMN opened_by;
