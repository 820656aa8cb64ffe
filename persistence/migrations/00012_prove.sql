-- A mirror moves with a crossing or not at all, and what was posted beside an
-- exchange's transfer is found by the exchange.

-- +goose Up
-- The owner's functions are bound by policies too: a posting or a batch that names
-- a mirror is refused unless it comes through post_crossing. For other accounts
-- this looks at a column that is at hand.
CREATE POLICY crossing ON ledger.account AS RESTRICTIVE FOR UPDATE
  USING (true)
  WITH CHECK (kind <> 'MIRROR' OR current_setting('hora.crossing', true) = 'on');

-- Levies, corrections; an exchange's own transfer has transfer_exchange_key.
CREATE INDEX transfer_beside_exchange_idx ON ledger.transfer (community_id, exchange_id)
  WHERE exchange_id IS NOT NULL AND kind <> 'EXCHANGE';

-- +goose StatementBegin
-- post_crossing is post for half of a pair, or for its undoing.
CREATE FUNCTION ledger.post_crossing(
  p_community uuid, p_posting uuid, p_key text, p_fingerprint bytea, p_force boolean, p_at timestamptz,
  p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[],
  p_exchanges uuid[], p_reverses uuid[], p_holds uuid[],
  p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[],
  OUT posting_id uuid, OUT replayed boolean, OUT crossed boolean, OUT low uuid[], OUT high uuid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM set_config('hora.crossing', 'on', true); -- an error takes it back with everything else
  SELECT p.posting_id, p.replayed, p.crossed, p.low, p.high INTO posting_id, replayed, crossed, low, high
    FROM ledger.post(p_community, p_posting, p_key, p_fingerprint, p_force, p_at,
                     p_transfers, p_kinds, p_minutes, p_debits, p_credits, p_exchanges, p_reverses, p_holds,
                     p_events, p_event_kinds, p_actors, p_subjects, p_bodies) p;
  PERFORM set_config('hora.crossing', '', true);
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- limit_mirror, which changes a mirror's row and not its balance.
CREATE OR REPLACE FUNCTION ledger.limit_mirror(
  p_community uuid, p_id uuid, p_partner uuid, p_floor bigint, p_cap bigint, p_reason text, p_actor uuid, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_mirror uuid;
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  PERFORM set_config('hora.crossing', 'on', true);
  UPDATE ledger.account a SET floor = p_floor, cap = p_cap
   WHERE a.community_id = p_community AND a.partner_id = p_partner
  RETURNING a.id INTO v_mirror;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no mirror' USING ERRCODE = 'LD404';
  END IF;
  PERFORM set_config('hora.crossing', '', true);
  INSERT INTO ledger.limit_change (community_id, id, account_id, floor, cap, reason, actor_id, at)
  VALUES (p_community, p_id, v_mirror, p_floor, p_cap, p_reason, p_actor, p_at);
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION ledger.post_crossing FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.post_crossing TO hora_server;

-- +goose Down
DROP FUNCTION ledger.post_crossing;
DROP INDEX ledger.transfer_beside_exchange_idx;
DROP POLICY crossing ON ledger.account; -- limit_mirror does no harm without it
