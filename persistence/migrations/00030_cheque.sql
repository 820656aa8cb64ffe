-- Time cheques: written online, signed offline by a device, keyed in from paper.
-- What each settles is an exchange; what moved is in the ledger.

-- +goose Up
-- A phone that may sign cheques for a member. A key is never forgotten: what it
-- signed must stay checkable, and nobody registers it a second time.
CREATE TABLE device_key (
  community_id  uuid NOT NULL REFERENCES community,
  id            uuid NOT NULL,
  member_id     uuid NOT NULL,
  person_id     uuid NOT NULL,
  name          text NOT NULL,
  public_key    bytea NOT NULL,
  registered_at timestamptz NOT NULL,
  revoked_at    timestamptz,
  revoked_by    uuid,
  PRIMARY KEY (community_id, id),
  CONSTRAINT device_key_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT device_key_public_key UNIQUE (community_id, public_key),
  CONSTRAINT device_key_size CHECK (octet_length(public_key) = 32)
);
CREATE INDEX device_key_member_idx ON device_key (community_id, member_id, registered_at DESC);

-- A pile of slips that somebody keyed in.
CREATE TABLE cheque_batch (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  cheques      integer NOT NULL,
  minutes      bigint NOT NULL,
  entered_by   uuid NOT NULL,
  entered_at   timestamptz NOT NULL,
  undone_by    uuid,
  undone_at    timestamptz,
  undo_reason  text,
  PRIMARY KEY (community_id, id),
  CONSTRAINT cheque_batch_entered_by_fkey FOREIGN KEY (community_id, entered_by) REFERENCES member,
  CONSTRAINT cheque_batch_undone_by_fkey FOREIGN KEY (community_id, undone_by) REFERENCES member
);
CREATE INDEX cheque_batch_feed_idx ON cheque_batch (community_id, entered_at DESC, id DESC);

CREATE TABLE time_cheque (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  kind         text NOT NULL,
  state        text NOT NULL,
  number       text,            -- a slip's as printed, a signed one's serial
  provider_id  uuid NOT NULL,
  receiver_id  uuid NOT NULL,
  service_type text NOT NULL,
  description  text NOT NULL,
  day          date NOT NULL,
  minutes      bigint NOT NULL, -- as written
  settled      bigint,          -- what moved, in the charter's unit
  exchange_id  uuid,
  device_id    uuid,
  raw          bytea,           -- what the device signed
  batch_id     uuid,
  line         integer NOT NULL DEFAULT 0,
  entered_by   uuid,
  entered_at   timestamptz NOT NULL,
  settled_at   timestamptz,
  version      integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT time_cheque_provider_fkey FOREIGN KEY (community_id, provider_id) REFERENCES member,
  CONSTRAINT time_cheque_receiver_fkey FOREIGN KEY (community_id, receiver_id) REFERENCES member,
  CONSTRAINT time_cheque_entered_by_fkey FOREIGN KEY (community_id, entered_by) REFERENCES member,
  CONSTRAINT time_cheque_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES exchange,
  CONSTRAINT time_cheque_device_fkey FOREIGN KEY (community_id, device_id) REFERENCES device_key,
  CONSTRAINT time_cheque_batch_fkey FOREIGN KEY (community_id, batch_id) REFERENCES cheque_batch,
  CONSTRAINT time_cheque_kind CHECK (kind IN ('WRITTEN', 'SIGNED', 'SLIP')),
  CONSTRAINT time_cheque_state CHECK (state IN ('SETTLED', 'PENDING', 'WITHDRAWN', 'UNDONE')),
  CONSTRAINT time_cheque_two_sides CHECK (provider_id <> receiver_id),
  CONSTRAINT time_cheque_settled CHECK ((state IN ('SETTLED', 'UNDONE')) = (exchange_id IS NOT NULL AND settled IS NOT NULL)),
  CONSTRAINT time_cheque_numbered CHECK ((kind = 'WRITTEN') = (number IS NULL)),
  CONSTRAINT time_cheque_signed CHECK ((kind = 'SIGNED') = (device_id IS NOT NULL AND raw IS NOT NULL)),
  CONSTRAINT time_cheque_slip CHECK ((kind = 'SLIP') = (batch_id IS NOT NULL))
);
-- Single use: a serial for ever, a slip's number until its batch is undone.
CREATE UNIQUE INDEX time_cheque_serial_key ON time_cheque (community_id, number) WHERE kind = 'SIGNED';
CREATE UNIQUE INDEX time_cheque_number_key ON time_cheque (community_id, number) WHERE kind = 'SLIP' AND state <> 'UNDONE';
CREATE INDEX time_cheque_batch_idx ON time_cheque (community_id, batch_id, line) WHERE kind = 'SLIP';
CREATE INDEX time_cheque_feed_idx ON time_cheque (community_id, entered_at DESC, id DESC);
CREATE INDEX time_cheque_provider_idx ON time_cheque (community_id, provider_id, entered_at DESC, id DESC);
CREATE INDEX time_cheque_receiver_idx ON time_cheque (community_id, receiver_id, entered_at DESC, id DESC);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['device_key', 'cheque_batch', 'time_cheque'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON device_key, cheque_batch, time_cheque TO hora_server;
-- What was written stays as it was; only where it stands moves.
GRANT UPDATE (revoked_at, revoked_by) ON device_key TO hora_server;
GRANT UPDATE (undone_by, undone_at, undo_reason) ON cheque_batch TO hora_server;
GRANT UPDATE (state, settled, exchange_id, settled_at, version) ON time_cheque TO hora_server;

-- +goose Down
DROP TABLE time_cheque, cheque_batch, device_key;
