-- What the calendar does regularly with common hours: it opens cycles, brings
-- hours into a pool, divides a pool by a key. Each turn has its note in job_period.

-- +goose Up
CREATE TABLE plan (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  kind         text NOT NULL,
  title        text NOT NULL,
  from_id      uuid NOT NULL, -- ledger accounts: no foreign key points there
  to_id        uuid,
  minutes      bigint NOT NULL,
  kept         bigint NOT NULL,
  terms        jsonb NOT NULL, -- of the cycles it opens, or the key
  first_on     date NOT NULL,
  rhythm       text NOT NULL,
  hour         integer NOT NULL,
  turn         integer NOT NULL DEFAULT 0, -- the next one
  next_at      timestamptz,                -- NULL once ended
  reason       text NOT NULL DEFAULT '',
  made_by      uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  version      integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT plan_kind CHECK (kind IN ('CYCLE', 'INFLOW', 'SPLIT')),
  CONSTRAINT plan_to CHECK ((to_id IS NOT NULL) = (kind = 'INFLOW')),
  CONSTRAINT plan_minutes CHECK (minutes >= 0 AND kept >= 0),
  CONSTRAINT plan_end CHECK ((next_at IS NULL) = (reason <> ''))
);
CREATE INDEX plan_due_idx ON plan (community_id, next_at) WHERE next_at IS NOT NULL;
ALTER TABLE plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE plan FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON plan USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE ON plan TO hora_server;

-- +goose Down
DROP TABLE plan;
