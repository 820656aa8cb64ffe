-- The agreement between two members and its life. What moved is in the ledger;
-- here is what was meant.

-- +goose Up
CREATE TABLE exchange (
  community_id  uuid NOT NULL REFERENCES community,
  id            uuid NOT NULL,
  number        integer NOT NULL,
  state         text NOT NULL,
  provider_id   uuid NOT NULL,
  receiver_id   uuid NOT NULL,
  listing_id    uuid,
  service_type  text NOT NULL,
  level         text NOT NULL,
  -- the terms, as last proposed
  terms_version integer NOT NULL,
  terms_by      uuid NOT NULL,    -- the member whose proposal stands
  estimated     bigint NOT NULL,
  travel        bigint NOT NULL,
  preparation   bigint NOT NULL,
  scheduled_at  timestamptz,
  place         text NOT NULL,
  costs         text NOT NULL,    -- material and mileage, refunded directly; a note, never an amount of hours
  message       text NOT NULL,
  -- what happened
  typed         bigint,           -- as the side that marked it done typed it
  actual        bigint,           -- the same, in the charter's unit
  done_by       uuid,
  done_at       timestamptz,
  answered      bigint,           -- the other side's minutes, as typed
  settled       bigint,
  hold_id       uuid,
  expires_at    timestamptz,      -- PROPOSED: when an answer is too late
  confirm_at    timestamptz,      -- DONE: when it confirms itself
  reminded      integer NOT NULL DEFAULT 0,
  created_at    timestamptz NOT NULL,
  updated_at    timestamptz NOT NULL,
  version       integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT exchange_number_key UNIQUE (community_id, number),
  CONSTRAINT exchange_provider_fkey FOREIGN KEY (community_id, provider_id) REFERENCES member,
  CONSTRAINT exchange_receiver_fkey FOREIGN KEY (community_id, receiver_id) REFERENCES member,
  CONSTRAINT exchange_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES listing,
  CONSTRAINT exchange_two_sides CHECK (provider_id <> receiver_id),
  CONSTRAINT exchange_state CHECK (state IN ('PROPOSED', 'ACCEPTED', 'DONE', 'CONFIRMED', 'DECLINED', 'CANCELLED', 'EXPIRED', 'DISPUTED')),
  CONSTRAINT exchange_confirmed_is_settled CHECK ((state = 'CONFIRMED') = (settled IS NOT NULL))
);
CREATE INDEX exchange_provider_idx ON exchange (community_id, provider_id, created_at DESC, id DESC);
CREATE INDEX exchange_receiver_idx ON exchange (community_id, receiver_id, created_at DESC, id DESC);
CREATE INDEX exchange_feed_idx ON exchange (community_id, created_at DESC, id DESC);
CREATE INDEX exchange_expiry_idx ON exchange (community_id, expires_at) WHERE state = 'PROPOSED';
CREATE INDEX exchange_confirm_idx ON exchange (community_id, confirm_at) WHERE state = 'DONE';

-- What each side did, in order, with the reasons they gave.
CREATE TABLE exchange_step (
  community_id uuid NOT NULL,
  exchange_id  uuid NOT NULL,
  step         integer NOT NULL,
  state        text NOT NULL,     -- the state it led to
  action       text NOT NULL,
  member_id    uuid,              -- on whose side; NULL for a job
  person_id    uuid,              -- who did it; differs from the member's when acting for them
  minutes      bigint,
  note         text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, exchange_id, step),
  CONSTRAINT exchange_step_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES exchange
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['exchange', 'exchange_step'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON exchange TO hora_server;
GRANT SELECT, INSERT ON exchange_step TO hora_server;

-- +goose Down
DROP TABLE exchange_step, exchange;
