-- A community's charter, members and entrusted roles.

-- +goose Up
CREATE TABLE charter (
  community_id   uuid NOT NULL REFERENCES community,
  version        integer NOT NULL,
  body           jsonb NOT NULL,
  effective_from timestamptz NOT NULL,
  created_at     timestamptz NOT NULL,
  created_by     uuid NOT NULL,
  PRIMARY KEY (community_id, version)
);

CREATE TABLE member (
  community_id  uuid NOT NULL REFERENCES community,
  id            uuid NOT NULL,
  number        integer, -- given at admission, never reused
  kind          text NOT NULL,
  person_id     uuid REFERENCES person, -- NULL: somebody without an account of their own
  display_name  text NOT NULL,
  email         text,
  participation text NOT NULL,
  capital       text NOT NULL DEFAULT 'NONE',
  governance    text NOT NULL DEFAULT 'GUEST',
  message       text NOT NULL DEFAULT '',
  orientation   boolean NOT NULL DEFAULT false,
  applied_at    timestamptz NOT NULL,
  admitted_at   timestamptz,
  resumes_as    text, -- PAUSED: the state it returns to
  left_at       timestamptz,
  decline_reason text,
  version       integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT member_number_key UNIQUE (community_id, number),
  CONSTRAINT member_kind CHECK (kind IN ('PERSON', 'HOUSEHOLD', 'ORGANISATION')),
  CONSTRAINT member_participation CHECK (participation IN ('APPLICANT', 'NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK',
    'DORMANT', 'PAUSED', 'SUSPENDED', 'LEFT', 'DECLINED')),
  CONSTRAINT member_capital CHECK (capital IN ('NONE', 'PENDING', 'INVESTOR', 'FULL', 'REDEEMING', 'REDEEMED')),
  CONSTRAINT member_governance CHECK (governance IN ('GUEST', 'VOICE', 'CANDIDATE', 'VOTER', 'MANDATED', 'LEAVING',
    'FORMER', 'EXCLUDED')),
  CONSTRAINT member_admitted_has_number CHECK ((admitted_at IS NULL) = (number IS NULL))
);
-- Somebody who left may come back as a new membership; the old one stays as history.
CREATE UNIQUE INDEX member_person_key ON member (community_id, person_id) WHERE participation NOT IN ('LEFT', 'DECLINED');
CREATE INDEX member_list_idx ON member (community_id, participation, id);

CREATE TABLE role_grant (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  role         text NOT NULL,
  from_at      timestamptz NOT NULL,
  until_at     timestamptz, -- NULL: until revoked
  granted_by   uuid NOT NULL,
  revoked_at   timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT role_grant_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT role_grant_term CHECK (until_at IS NULL OR until_at > from_at)
);
CREATE UNIQUE INDEX role_grant_live_key ON role_grant (community_id, member_id, role) WHERE revoked_at IS NULL;

-- Numbers that people read aloud: members and exchanges, gapless per community.
CREATE TABLE counter (
  community_id uuid NOT NULL REFERENCES community,
  name         text NOT NULL,
  value        integer NOT NULL,
  PRIMARY KEY (community_id, name)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['charter', 'member', 'role_grant', 'counter'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON charter TO hora_server;
GRANT SELECT, INSERT, UPDATE ON member, role_grant, counter TO hora_server;

-- +goose Down
DROP TABLE counter, role_grant, member, charter;
