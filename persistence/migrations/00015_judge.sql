-- A repeated key is answered as the first time, also that a floor was crossed; and
-- who is told of a low or high balance is judged once for a whole posting.

-- +goose Up
ALTER TABLE ledger.posting ADD COLUMN crossed boolean NOT NULL DEFAULT false; -- a leg went below a floor, forced or allowed

-- +goose StatementBegin
-- post writes one posting: it takes the head, answers a repeated key with the
-- first posting, closes the holds this posting fulfils, moves each leg with its
-- two entries and running balances, and appends the events. The legs stand or
-- fall together. A leg is refused (LD402) if it takes an account further below
-- its floor, unless it was allowed to once, or p_force says that a mistake is
-- being undone. It answers which accounts now stand below their soft floor, or
-- above their ceiling, because of it: judged once all legs are written.
CREATE OR REPLACE FUNCTION ledger.post(
  p_community uuid, p_posting uuid, p_key text, p_fingerprint bytea, p_force boolean, p_at timestamptz,
  p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[],
  p_exchanges uuid[], p_reverses uuid[], p_holds uuid[],
  p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[],
  OUT posting_id uuid, OUT replayed boolean, OUT crossed boolean, OUT low uuid[], OUT high uuid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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
  SELECT p.id, p.fingerprint, p.crossed INTO posting_id, v_fingerprint, crossed
    FROM ledger.posting p WHERE p.community_id = p_community AND p.key = p_key;
  replayed := FOUND;
  IF replayed THEN
    IF v_fingerprint <> p_fingerprint THEN
      RAISE EXCEPTION 'key reused' USING ERRCODE = 'LD422';
    END IF;
    RETURN;
  END IF;
  posting_id := p_posting;
  crossed := false;

  IF cardinality(p_holds) > 0 THEN
    PERFORM ledger.close_holds(p_community, p_holds, 'POSTED', p_at);
  END IF;

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
  INSERT INTO ledger.posting (community_id, id, key, fingerprint, pos, at, crossed)
  VALUES (p_community, p_posting, p_key, p_fingerprint, v_pos + cardinality(p_events), p_at, crossed);

  -- What a leg took, another may have given back: an account is told of as the
  -- posting leaves it, once, and only if it went that way.
  IF cardinality(p_transfers) > 1 AND (low IS NOT NULL OR high IS NOT NULL) THEN
    SELECT array_agg(a.id ORDER BY a.id) FILTER (WHERE m.minutes < 0 AND (a.balance < a.soft_floor OR a.balance - a.held < a.floor)),
           array_agg(a.id ORDER BY a.id) FILTER (WHERE m.minutes > 0 AND a.balance > a.ceiling)
      INTO low, high
      FROM ledger.account a
      JOIN (SELECT e.account, sum(e.minutes) AS minutes
              FROM (SELECT u.debit, -u.minutes FROM unnest(p_debits, p_minutes) AS u (debit, minutes)
                    UNION ALL
                    SELECT u.credit, u.minutes FROM unnest(p_credits, p_minutes) AS u (credit, minutes)) AS e (account, minutes)
             GROUP BY e.account) m ON m.account = a.id
     WHERE a.community_id = p_community AND a.id = ANY (low || high);
  END IF;

  PERFORM journal.write(p_community, v_pos, v_hash, p_at, p_events, p_event_kinds, p_actors, p_subjects, p_bodies);
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
-- post writes one posting: it takes the head, answers a repeated key with the
-- first posting, closes the holds this posting fulfils, moves each leg with its
-- two entries and running balances, and appends the events. The legs stand or
-- fall together. A leg is refused (LD402) if it takes an account further below
-- its floor, unless it was allowed to once, or p_force says that a mistake is
-- being undone. It answers which accounts now stand below their soft floor, or
-- above their ceiling, because of it.
CREATE OR REPLACE FUNCTION ledger.post(
  p_community uuid, p_posting uuid, p_key text, p_fingerprint bytea, p_force boolean, p_at timestamptz,
  p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[],
  p_exchanges uuid[], p_reverses uuid[], p_holds uuid[],
  p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[],
  OUT posting_id uuid, OUT replayed boolean, OUT crossed boolean, OUT low uuid[], OUT high uuid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET enable_seqscan = off AS $$
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
ALTER TABLE ledger.posting DROP COLUMN crossed;
