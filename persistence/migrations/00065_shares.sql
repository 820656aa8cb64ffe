-- The register of cooperative shares. Operations, orders, their parts, confirmations
-- and consents are only ever added: what follows from them is read, not kept.

-- +goose Up
-- One row per community with shares: who enters the next operation holds it.
CREATE TABLE share_register (
  community_id uuid NOT NULL REFERENCES community,
  last         integer NOT NULL, -- the number of the newest operation
  shares       bigint NOT NULL,
  capital      bigint NOT NULL,  -- in the currency's smallest unit
  highest      bigint NOT NULL,  -- the capital at its highest
  PRIMARY KEY (community_id),
  CONSTRAINT share_register_sums CHECK (shares >= 0 AND capital >= 0 AND highest >= capital)
);

CREATE TABLE share_order (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  kind         text NOT NULL,
  member_id    uuid NOT NULL,
  shares       integer NOT NULL,
  nominal      bigint NOT NULL,
  currency     text NOT NULL,
  charter      integer NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT share_order_kind CHECK (kind IN ('SUBSCRIPTION', 'REDEMPTION')),
  CONSTRAINT share_order_some CHECK (shares > 0 AND nominal > 0),
  CONSTRAINT share_order_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);
CREATE INDEX share_order_member_idx ON share_order (community_id, member_id, created_at);
CREATE INDEX share_order_queue_idx ON share_order (community_id, kind, created_at);

CREATE TABLE share_part (
  community_id uuid NOT NULL REFERENCES community,
  order_id     uuid NOT NULL,
  part         integer NOT NULL,
  shares       integer NOT NULL,
  amount       bigint NOT NULL,
  due          timestamptz NOT NULL,
  PRIMARY KEY (community_id, order_id, part),
  CONSTRAINT share_part_some CHECK (shares >= 0 AND amount > 0),
  CONSTRAINT share_part_order_fkey FOREIGN KEY (community_id, order_id) REFERENCES share_order
);

CREATE TABLE share_confirmation (
  community_id uuid NOT NULL REFERENCES community,
  order_id     uuid NOT NULL,
  part         integer NOT NULL,
  person_id    uuid NOT NULL,
  treasurer    boolean NOT NULL,
  reference    text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, order_id, part, person_id),
  CONSTRAINT share_confirmation_part_fkey FOREIGN KEY (community_id, order_id, part) REFERENCES share_part
);

CREATE TABLE share_operation (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  number       integer NOT NULL,
  kind         text NOT NULL,
  order_id     uuid,
  part         integer,
  from_id      uuid, -- NULL: the community
  to_id        uuid, -- NULL: the community
  shares       integer NOT NULL,
  amount       bigint NOT NULL,
  currency     text NOT NULL,
  reference    text NOT NULL,
  person_id    uuid, -- NULL: the program
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT share_operation_number_key UNIQUE (community_id, number),
  CONSTRAINT share_operation_once UNIQUE (community_id, order_id, part),
  CONSTRAINT share_operation_kind CHECK (kind IN ('SUBSCRIBE', 'WITHDRAW', 'PAY', 'TRANSFER', 'GIFT', 'REQUEST', 'KEEP', 'REDEEM')),
  CONSTRAINT share_operation_some CHECK (shares >= 0 AND amount >= 0 AND (shares > 0 OR amount > 0)),
  CONSTRAINT share_operation_sides CHECK (CASE kind
    WHEN 'TRANSFER' THEN from_id <> to_id AND from_id IS NOT NULL AND to_id IS NOT NULL AND order_id IS NULL
    WHEN 'GIFT' THEN from_id <> to_id AND from_id IS NOT NULL AND to_id IS NOT NULL AND order_id IS NULL
    WHEN 'REQUEST' THEN from_id IS NOT NULL AND to_id IS NULL AND order_id IS NOT NULL
    WHEN 'KEEP' THEN from_id IS NOT NULL AND to_id IS NULL AND order_id IS NOT NULL
    WHEN 'REDEEM' THEN from_id IS NOT NULL AND to_id IS NULL AND part IS NOT NULL
    WHEN 'PAY' THEN from_id IS NULL AND to_id IS NOT NULL AND part IS NOT NULL
    ELSE from_id IS NULL AND to_id IS NOT NULL AND order_id IS NOT NULL END),
  CONSTRAINT share_operation_part_fkey FOREIGN KEY (community_id, order_id, part) REFERENCES share_part,
  CONSTRAINT share_operation_from_fkey FOREIGN KEY (community_id, from_id) REFERENCES member,
  CONSTRAINT share_operation_to_fkey FOREIGN KEY (community_id, to_id) REFERENCES member
);
CREATE INDEX share_operation_from_idx ON share_operation (community_id, from_id, number) WHERE from_id IS NOT NULL;
CREATE INDEX share_operation_to_idx ON share_operation (community_id, to_id, number) WHERE to_id IS NOT NULL;
CREATE INDEX share_operation_order_idx ON share_operation (community_id, order_id) WHERE order_id IS NOT NULL;

CREATE TABLE share_consent (
  community_id uuid NOT NULL REFERENCES community,
  member_id    uuid NOT NULL,
  code         text NOT NULL,
  version      text NOT NULL,
  person_id    uuid NOT NULL, -- who said so: the member, or who acted for them
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, member_id, code, version),
  CONSTRAINT share_consent_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);

-- In what quality somebody holds shares, as those who keep the register noted it.
CREATE TABLE share_holder (
  community_id uuid NOT NULL REFERENCES community,
  member_id    uuid NOT NULL,
  category     text NOT NULL,
  low_income   boolean NOT NULL,
  PRIMARY KEY (community_id, member_id),
  CONSTRAINT share_holder_category CHECK (category IN ('USER', 'WORKER', 'PRODUCER', 'PUBLIC_BODY', 'SUPPORTER')),
  CONSTRAINT share_holder_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['share_register', 'share_order', 'share_part', 'share_confirmation', 'share_operation', 'share_consent', 'share_holder'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON share_order, share_part, share_confirmation, share_operation, share_consent TO hora_server;
GRANT SELECT, INSERT, UPDATE ON share_register, share_holder TO hora_server;

-- +goose Down
DROP TABLE share_holder, share_consent, share_operation, share_confirmation, share_part, share_order, share_register;
