-- Addresses that are told what happens in a community, and what was sent to them.

-- +goose Up
CREATE TABLE webhook (
  community_id  uuid NOT NULL REFERENCES community,
  id            uuid NOT NULL,
  url           text NOT NULL,
  events        text[] NOT NULL,
  secret        bytea NOT NULL,
  former_secret bytea,       -- signs too, until former_end
  former_end    timestamptz,
  state         text NOT NULL,
  created_at    timestamptz NOT NULL,
  removed_at    timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT webhook_state CHECK (state IN ('ACTIVE', 'DISABLED')),
  CONSTRAINT webhook_events_some CHECK (cardinality(events) > 0),
  CONSTRAINT webhook_former_ends CHECK ((former_secret IS NULL) = (former_end IS NULL))
);
ALTER TABLE webhook ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhook
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT ON webhook TO hora_server;
GRANT UPDATE (secret, former_secret, former_end, state, removed_at) ON webhook TO hora_server;

CREATE TABLE webhook_delivery (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  webhook_id   uuid NOT NULL,
  kind         text NOT NULL,
  position     bigint NOT NULL, -- of the event; 0 for a test
  at           timestamptz NOT NULL,
  subject_id   uuid NOT NULL,
  objects      jsonb NOT NULL,  -- kinds and ids, never texts
  outcome      text NOT NULL,
  tries        integer NOT NULL DEFAULT 0,
  status       integer,         -- the last answer's
  failure      text NOT NULL DEFAULT '',
  tried_at     timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT webhook_delivery_webhook_fkey FOREIGN KEY (community_id, webhook_id) REFERENCES webhook,
  CONSTRAINT webhook_delivery_outcome CHECK (outcome IN ('WAITING', 'DELIVERED', 'GIVEN_UP'))
);
CREATE INDEX webhook_delivery_log_idx ON webhook_delivery (community_id, webhook_id, at DESC, id DESC);
CREATE INDEX webhook_delivery_age_idx ON webhook_delivery (community_id, at);
-- An event is sent once to each webhook, however often the relay begins anew.
CREATE UNIQUE INDEX webhook_delivery_once_key ON webhook_delivery (community_id, webhook_id, position) WHERE position > 0;
ALTER TABLE webhook_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE webhook_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhook_delivery
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON webhook_delivery TO hora_server;
GRANT UPDATE (outcome, tries, status, failure, tried_at) ON webhook_delivery TO hora_server;

-- +goose Down
DROP TABLE webhook_delivery, webhook;
