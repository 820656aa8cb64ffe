-- The hours ledger. The server may read it and call its functions, nothing else:
-- no UPDATE or DELETE on transfer and entry is granted to anybody who serves
-- requests. No foreign key onto account (it deadlocks with row locks), none
-- between the rows that one function writes together (verify compares them), no
-- trigger, no sequence; every key starts with community_id.

-- +goose Up
CREATE SCHEMA ledger;
GRANT USAGE ON SCHEMA ledger TO hora_server;

CREATE TABLE ledger.account (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  kind         text NOT NULL,
  owner_id     uuid,          -- the member, for MEMBER accounts
  purpose      text,          -- what a POOL is for
  balance      bigint NOT NULL DEFAULT 0,
  held         bigint NOT NULL DEFAULT 0,
  floor        bigint,        -- NULL: no limit
  soft_floor   bigint,
  ceiling      bigint,
  allowance    bigint NOT NULL DEFAULT 0, -- below the floor, once: ends with the posting that uses it
  seq          bigint NOT NULL DEFAULT 0,
  opened_at    timestamptz NOT NULL,
  closed_at    timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT account_kind CHECK (kind IN ('MEMBER', 'COMMUNITY', 'SERVICE_POINT', 'POOL', 'PROJECT', 'MIRROR', 'ISSUANCE')),
  CONSTRAINT account_member_has_owner CHECK (kind <> 'MEMBER' OR owner_id IS NOT NULL),
  CONSTRAINT account_pool_has_purpose CHECK ((kind = 'POOL') = (purpose IS NOT NULL)),
  CONSTRAINT account_held CHECK (held >= 0),
  CONSTRAINT account_allowance CHECK (allowance >= 0),
  -- The functions refuse far earlier; this is the wall behind them.
  CONSTRAINT account_balance_sane CHECK (abs(balance) < 1000000000000)
);
-- Balances change with every posting and stand in no index: room on the page
-- lets the new version of a row stay beside the old one.
ALTER TABLE ledger.account SET (fillfactor = 70);
CREATE UNIQUE INDEX account_owner_key ON ledger.account (community_id, owner_id) WHERE owner_id IS NOT NULL;
CREATE UNIQUE INDEX account_community_key ON ledger.account (community_id) WHERE kind = 'COMMUNITY';
CREATE UNIQUE INDEX account_pool_key ON ledger.account (community_id, purpose) WHERE kind = 'POOL';

CREATE TABLE ledger.posting (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  key          text NOT NULL,
  fingerprint  bytea NOT NULL,
  pos          bigint NOT NULL, -- the position of its event
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, key)
);

CREATE TABLE ledger.transfer (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  posting_id   uuid NOT NULL,
  kind         text NOT NULL,
  minutes      bigint NOT NULL,
  debit_id     uuid NOT NULL,
  credit_id    uuid NOT NULL,
  exchange_id  uuid,
  reverses_id  uuid,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT transfer_reverses_fkey FOREIGN KEY (community_id, reverses_id) REFERENCES ledger.transfer,
  CONSTRAINT transfer_minutes CHECK (minutes > 0),
  CONSTRAINT transfer_two_accounts CHECK (debit_id <> credit_id),
  CONSTRAINT transfer_kind CHECK (kind IN ('OPENING', 'EXCHANGE', 'GROUP_SHARE', 'ASSOCIATIVE', 'GIFT', 'DUES',
    'LEVY', 'GRANT', 'INTERCOMMUNITY', 'CORRECTION', 'REVERSAL', 'CLOSING')),
  CONSTRAINT transfer_reversal_names_what CHECK ((kind = 'REVERSAL') = (reverses_id IS NOT NULL))
);
CREATE UNIQUE INDEX transfer_reverses_key ON ledger.transfer (community_id, reverses_id) WHERE reverses_id IS NOT NULL;
CREATE UNIQUE INDEX transfer_exchange_key ON ledger.transfer (community_id, exchange_id) WHERE kind = 'EXCHANGE';

CREATE TABLE ledger.entry (
  community_id  uuid NOT NULL,
  account_id    uuid NOT NULL,
  seq           bigint NOT NULL, -- gapless per account from 1
  transfer_id   uuid NOT NULL,
  minutes       bigint NOT NULL, -- positive: received on the account
  balance_after bigint NOT NULL,
  at            timestamptz NOT NULL,
  PRIMARY KEY (community_id, account_id, seq),
  CONSTRAINT entry_minutes CHECK (minutes <> 0)
);

CREATE TABLE ledger.hold (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  account_id   uuid NOT NULL,
  minutes      bigint NOT NULL,
  exchange_id  uuid NOT NULL,
  state        text NOT NULL,
  placed_at    timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  closed_at    timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT hold_minutes CHECK (minutes > 0),
  CONSTRAINT hold_state CHECK (state IN ('OPEN', 'POSTED', 'RELEASED', 'EXPIRED')),
  CONSTRAINT hold_closed CHECK ((state = 'OPEN') = (closed_at IS NULL))
);
CREATE INDEX hold_open_idx ON ledger.hold (community_id, account_id) WHERE state = 'OPEN';
CREATE INDEX hold_expiry_idx ON ledger.hold (community_id, expires_at) WHERE state = 'OPEN';

CREATE TABLE ledger.limit_change (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  account_id   uuid NOT NULL,
  floor        bigint,
  soft_floor   bigint,
  ceiling      bigint,
  allowance    bigint, -- NULL: the limits were set; else this much was allowed once
  reason       text NOT NULL,
  actor_id     uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id)
);
CREATE INDEX limit_change_account_idx ON ledger.limit_change (community_id, account_id, at);

-- What people said of a transfer: a gift's message, a reversal's reason. Free
-- text stays out of the ledger and the journal, so that it can be erased.
CREATE TABLE ledger.note (
  community_id uuid NOT NULL,
  transfer_id  uuid NOT NULL,
  person_id    uuid NOT NULL,
  body         text NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, transfer_id, person_id),
  CONSTRAINT note_transfer_fkey FOREIGN KEY (community_id, transfer_id) REFERENCES ledger.transfer
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['account', 'posting', 'transfer', 'entry', 'hold', 'limit_change', 'note'] LOOP
    EXECUTE format('ALTER TABLE ledger.%I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE ledger.%I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON ledger.%I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
    EXECUTE format('GRANT SELECT ON ledger.%I TO hora_server', t);
  END LOOP;
END
$$;
-- +goose StatementEnd

GRANT INSERT, UPDATE ON ledger.note TO hora_server;

-- +goose StatementBegin
-- refuse_beyond_floor raises LD402 with the minutes available and required.
CREATE FUNCTION ledger.refuse_beyond_floor(p_account uuid, p_available bigint, p_required bigint) RETURNS void
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION 'insufficient hours' USING ERRCODE = 'LD402',
    DETAIL = json_build_object('account', p_account, 'available', p_available, 'required', p_required)::text;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- open_account opens an account. A member has one, the community has one, and
-- one pool for each purpose.
CREATE FUNCTION ledger.open_account(
  p_community uuid, p_id uuid, p_kind text, p_owner uuid, p_purpose text,
  p_floor bigint, p_soft_floor bigint, p_ceiling bigint, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO ledger.account (community_id, id, kind, owner_id, purpose, floor, soft_floor, ceiling, opened_at)
  VALUES (p_community, p_id, p_kind, p_owner, p_purpose, p_floor, p_soft_floor, p_ceiling, p_at);
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- close_account closes an empty account with nothing held.
CREATE FUNCTION ledger.close_account(p_community uuid, p_id uuid, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  UPDATE ledger.account a SET closed_at = p_at
   WHERE a.community_id = p_community AND a.id = p_id AND a.balance = 0 AND a.held = 0 AND a.closed_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'account not empty' USING ERRCODE = 'LD409';
  END IF;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- set_limits changes limits under the head and keeps who, when and why.
CREATE FUNCTION ledger.set_limits(
  p_community uuid, p_id uuid, p_account uuid, p_floor bigint, p_soft_floor bigint, p_ceiling bigint,
  p_reason text, p_actor uuid, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  UPDATE ledger.account a SET floor = p_floor, soft_floor = p_soft_floor, ceiling = p_ceiling
   WHERE a.community_id = p_community AND a.id = p_account;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no account' USING ERRCODE = 'LD404';
  END IF;
  INSERT INTO ledger.limit_change (community_id, id, account_id, floor, soft_floor, ceiling, reason, actor_id, at)
  VALUES (p_community, p_id, p_account, p_floor, p_soft_floor, p_ceiling, p_reason, p_actor, p_at);
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- allow lets an account go further below its floor, once, and keeps who, when and why.
CREATE FUNCTION ledger.allow(
  p_community uuid, p_id uuid, p_account uuid, p_minutes bigint, p_reason text, p_actor uuid, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  UPDATE ledger.account a SET allowance = p_minutes
   WHERE a.community_id = p_community AND a.id = p_account AND a.closed_at IS NULL;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no open account' USING ERRCODE = 'LD404';
  END IF;
  INSERT INTO ledger.limit_change (community_id, id, account_id, floor, soft_floor, ceiling, allowance, reason, actor_id, at)
  SELECT a.community_id, p_id, a.id, a.floor, a.soft_floor, a.ceiling, p_minutes, p_reason, p_actor, p_at
    FROM ledger.account a
   WHERE a.community_id = p_community AND a.id = p_account;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- place_hold promises minutes of an account to an exchange, or changes what an
-- open hold promises. More is refused beyond the floor; less never is.
CREATE FUNCTION ledger.place_hold(
  p_community uuid, p_id uuid, p_account uuid, p_minutes bigint, p_exchange uuid,
  p_expires timestamptz, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_account ledger.account;
  v_before  bigint := 0;
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  SELECT * INTO v_account FROM ledger.account a WHERE a.community_id = p_community AND a.id = p_account;
  IF NOT FOUND OR v_account.closed_at IS NOT NULL THEN
    RAISE EXCEPTION 'no open account' USING ERRCODE = 'LD404';
  END IF;
  SELECT h.minutes INTO v_before FROM ledger.hold h
   WHERE h.community_id = p_community AND h.id = p_id AND h.account_id = p_account AND h.state = 'OPEN';
  v_before := coalesce(v_before, 0);
  IF p_minutes > v_before AND v_account.floor IS NOT NULL
     AND v_account.balance - v_account.held - (p_minutes - v_before) < v_account.floor - v_account.allowance THEN
    PERFORM ledger.refuse_beyond_floor(p_account,
      v_account.balance - v_account.held + v_before - v_account.floor + v_account.allowance, p_minutes);
  END IF;
  INSERT INTO ledger.hold AS h (community_id, id, account_id, minutes, exchange_id, state, placed_at, expires_at)
  VALUES (p_community, p_id, p_account, p_minutes, p_exchange, 'OPEN', p_at, p_expires)
  ON CONFLICT (community_id, id) DO UPDATE
     SET minutes = EXCLUDED.minutes, expires_at = EXCLUDED.expires_at
   WHERE h.state = 'OPEN' AND h.account_id = EXCLUDED.account_id;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'hold is closed' USING ERRCODE = 'LD409';
  END IF;
  UPDATE ledger.account a SET held = a.held + p_minutes - v_before
   WHERE a.community_id = p_community AND a.id = p_account;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- close_holds ends open holds and gives their minutes back; already closed ones are left.
CREATE FUNCTION ledger.close_holds(p_community uuid, p_ids uuid[], p_state text, p_at timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_hold ledger.hold;
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  FOR v_hold IN
    UPDATE ledger.hold h SET state = p_state, closed_at = p_at
     WHERE h.community_id = p_community AND h.id = ANY (p_ids) AND h.state = 'OPEN'
    RETURNING h.*
  LOOP
    UPDATE ledger.account a SET held = a.held - v_hold.minutes
     WHERE a.community_id = p_community AND a.id = v_hold.account_id;
  END LOOP;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- post writes one posting: it takes the head, answers a repeated key with the
-- first posting, closes the holds this posting fulfils, moves each leg with its
-- two entries and running balances, and appends the events. The legs stand or
-- fall together. A leg is refused (LD402) if it takes an account further below
-- its floor, unless it was allowed to once, or p_force says that a mistake is
-- being undone. It answers which accounts now stand below their soft floor, or
-- above their ceiling, because of it.
CREATE FUNCTION ledger.post(
  p_community uuid, p_posting uuid, p_key text, p_fingerprint bytea, p_force boolean, p_at timestamptz,
  p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[],
  p_exchanges uuid[], p_reverses uuid[], p_holds uuid[],
  p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[],
  OUT posting_id uuid, OUT replayed boolean, OUT crossed boolean, OUT low uuid[], OUT high uuid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_pos         bigint;
  v_hash        bytea;
  v_fingerprint bytea;
  v_balance     bigint; -- of the debited account, then
  v_held        bigint;
  v_floor       bigint;
  v_soft        bigint;
  v_allowance   bigint;
  v_seq         bigint;
  v_balance_to  bigint; -- of the credited one
  v_ceiling     bigint;
  v_seq_to      bigint;
BEGIN
  SELECT h.pos, h.hash INTO v_pos, v_hash FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no journal' USING ERRCODE = 'LD404';
  END IF;
  crossed := false;
  SELECT p.id, p.fingerprint INTO posting_id, v_fingerprint
    FROM ledger.posting p WHERE p.community_id = p_community AND p.key = p_key;
  replayed := FOUND;
  IF replayed THEN
    IF v_fingerprint <> p_fingerprint THEN
      RAISE EXCEPTION 'key reused' USING ERRCODE = 'LD422';
    END IF;
    RETURN;
  END IF;
  posting_id := p_posting;

  IF cardinality(p_holds) > 0 THEN
    PERFORM ledger.close_holds(p_community, p_holds, 'POSTED', p_at);
  END IF;
  INSERT INTO ledger.posting (community_id, id, key, fingerprint, pos, at)
  VALUES (p_community, p_posting, p_key, p_fingerprint, v_pos + cardinality(p_events), p_at);

  FOR i IN 1 .. cardinality(p_transfers) LOOP
    UPDATE ledger.account a SET balance = a.balance - p_minutes[i], seq = a.seq + 1
     WHERE a.community_id = p_community AND a.id = p_debits[i] AND a.closed_at IS NULL
    RETURNING a.balance, a.held, a.floor, a.soft_floor, a.allowance, a.seq
         INTO v_balance, v_held, v_floor, v_soft, v_allowance, v_seq;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no open account' USING ERRCODE = 'LD404', DETAIL = p_debits[i]::text;
    END IF;
    IF v_balance - v_held < v_floor THEN
      IF v_balance - v_held < v_floor - v_allowance AND NOT p_force THEN
        PERFORM ledger.refuse_beyond_floor(p_debits[i], v_balance + p_minutes[i] - v_held - v_floor + v_allowance, p_minutes[i]);
      END IF;
      IF v_allowance > 0 THEN
        -- It ends here, but for what is still promised below the floor.
        UPDATE ledger.account a
           SET allowance = CASE WHEN v_held > 0 THEN least(v_allowance, v_floor - v_balance + v_held) ELSE 0 END
         WHERE a.community_id = p_community AND a.id = p_debits[i];
      END IF;
      crossed := true;
    END IF;
    IF v_balance < v_soft OR v_balance - v_held < v_floor THEN
      low := low || p_debits[i];
    END IF;
    UPDATE ledger.account a SET balance = a.balance + p_minutes[i], seq = a.seq + 1
     WHERE a.community_id = p_community AND a.id = p_credits[i] AND a.closed_at IS NULL
    RETURNING a.balance, a.ceiling, a.seq INTO v_balance_to, v_ceiling, v_seq_to;
    IF NOT FOUND THEN
      RAISE EXCEPTION 'no open account' USING ERRCODE = 'LD404', DETAIL = p_credits[i]::text;
    END IF;
    IF v_balance_to > v_ceiling THEN
      high := high || p_credits[i];
    END IF;
    INSERT INTO ledger.transfer (community_id, id, posting_id, kind, minutes, debit_id, credit_id, exchange_id, reverses_id, at)
    VALUES (p_community, p_transfers[i], p_posting, p_kinds[i], p_minutes[i], p_debits[i], p_credits[i],
            p_exchanges[i], p_reverses[i], p_at);
    INSERT INTO ledger.entry (community_id, account_id, seq, transfer_id, minutes, balance_after, at)
    VALUES (p_community, p_debits[i], v_seq, p_transfers[i], -p_minutes[i], v_balance, p_at),
           (p_community, p_credits[i], v_seq_to, p_transfers[i], p_minutes[i], v_balance_to, p_at);
  END LOOP;

  PERFORM journal.write(p_community, v_pos, v_hash, p_at, p_events, p_event_kinds, p_actors, p_subjects, p_bodies);
END
$$;
-- +goose StatementEnd

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  ledger.open_account, ledger.close_account, ledger.set_limits, ledger.allow, ledger.place_hold, ledger.close_holds, ledger.post
TO hora_server;

-- +goose Down
DROP SCHEMA ledger CASCADE;
