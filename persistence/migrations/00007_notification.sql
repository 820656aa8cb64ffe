-- What a person is told. The text is made when it is read, in their language and
-- with today's names, so erasing a person leaves nothing here.

-- +goose Up
CREATE TABLE notification (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  person_id    uuid NOT NULL REFERENCES person,
  kind         text NOT NULL,
  exchange_id  uuid,             -- what it is about, unless a membership
  member_id    uuid,             -- the member it speaks of
  minutes      bigint,
  pos          bigint NOT NULL,  -- the event it derives from
  created_at   timestamptz NOT NULL,
  read_at      timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT notification_once UNIQUE (community_id, pos, person_id, kind)
);
CREATE INDEX notification_person_idx ON notification (community_id, person_id, created_at DESC, id DESC);

ALTER TABLE notification ENABLE ROW LEVEL SECURITY;
ALTER TABLE notification FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notification
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON notification TO hora_server;

-- What happened once per community, job and period, however many servers run.
CREATE TABLE job_period (
  community_id uuid NOT NULL REFERENCES community,
  job          text NOT NULL,
  period       text NOT NULL,
  done_at      timestamptz NOT NULL,
  result       jsonb NOT NULL,
  PRIMARY KEY (community_id, job, period)
);
ALTER TABLE job_period ENABLE ROW LEVEL SECURITY;
ALTER TABLE job_period FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON job_period
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON job_period TO hora_server;

-- +goose Down
DROP TABLE job_period, notification;
