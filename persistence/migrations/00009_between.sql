-- Hours between communities. Each ledger keeps the other as one account, its
-- mirror, and each crossing as two postings, one in either ledger, tied by a pair
-- record with a half on each side. No transaction spans two communities: the
-- provider's half, written once, decides, and the receiver's half follows.

-- +goose Up
ALTER TABLE ledger.account ADD COLUMN partner_id uuid; -- the community that a MIRROR stands for
ALTER TABLE ledger.account ADD COLUMN cap bigint;      -- how far a MIRROR may rise; NULL: no limit
ALTER TABLE ledger.account ADD CONSTRAINT account_mirror_has_partner CHECK ((kind = 'MIRROR') = (partner_id IS NOT NULL));
ALTER TABLE ledger.account ADD CONSTRAINT account_cap_is_of_mirrors CHECK (cap IS NULL OR kind = 'MIRROR');
CREATE UNIQUE INDEX account_partner_key ON ledger.account (community_id, partner_id) WHERE partner_id IS NOT NULL;

ALTER TABLE ledger.limit_change ADD COLUMN cap bigint;

CREATE TABLE ledger.pair (
  community_id       uuid NOT NULL,
  id                 uuid NOT NULL, -- the same in both ledgers
  partner_id         uuid NOT NULL,
  side               text NOT NULL, -- where this community stands
  state              text NOT NULL,
  account_id         uuid NOT NULL,
  partner_account_id uuid NOT NULL,
  minutes            bigint NOT NULL,
  transfer_id        uuid,          -- NULL: this side refused
  undo_id            uuid,          -- the transfer that gave the hours back
  reason             text,
  actor_id           uuid NOT NULL,
  opened_at          timestamptz NOT NULL,
  closed_at          timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT pair_partner_is_another CHECK (partner_id <> community_id),
  CONSTRAINT pair_side CHECK (side IN ('RECEIVER', 'PROVIDER')),
  CONSTRAINT pair_state CHECK (state IN ('OPEN', 'COMPLETED', 'UNDONE')),
  CONSTRAINT pair_minutes CHECK (minutes > 0),
  CONSTRAINT pair_provider_decides CHECK (side = 'RECEIVER' OR state <> 'OPEN'),
  CONSTRAINT pair_transfer CHECK ((transfer_id IS NULL) = (side = 'PROVIDER' AND state = 'UNDONE')),
  CONSTRAINT pair_undo CHECK ((undo_id IS NOT NULL) = (side = 'RECEIVER' AND state = 'UNDONE')),
  CONSTRAINT pair_reason CHECK ((reason IS NOT NULL) = (state = 'UNDONE')),
  CONSTRAINT pair_closed CHECK ((closed_at IS NULL) = (state = 'OPEN'))
);
-- What is still on its way, oldest first; and one partner's pairs in their order.
CREATE INDEX pair_open_idx ON ledger.pair (community_id, opened_at, id) WHERE state = 'OPEN';
CREATE INDEX pair_partner_idx ON ledger.pair (community_id, partner_id, id);

ALTER TABLE ledger.pair ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.pair FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.pair
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT ON ledger.pair TO hora_server;

-- +goose StatementBegin
-- open_mirror opens the account that stands for a partner; a second call answers
-- the first one's and changes nothing.
CREATE FUNCTION ledger.open_mirror(
  p_community uuid, p_id uuid, p_partner uuid, p_floor bigint, p_cap bigint, p_at timestamptz
) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_known uuid;
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  IF NOT FOUND OR p_partner = p_community OR NOT EXISTS (SELECT FROM public.community c WHERE c.id = p_partner) THEN
    RAISE EXCEPTION 'no such partner' USING ERRCODE = 'LD404';
  END IF;
  SELECT a.id INTO v_known FROM ledger.account a WHERE a.community_id = p_community AND a.partner_id = p_partner;
  IF FOUND THEN
    RETURN v_known;
  END IF;
  INSERT INTO ledger.account (community_id, id, kind, partner_id, floor, cap, opened_at)
  VALUES (p_community, p_id, 'MIRROR', p_partner, p_floor, p_cap, p_at);
  RETURN p_id;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- limit_mirror changes how far a mirror may go either way, and keeps who, when and why.
CREATE FUNCTION ledger.limit_mirror(
  p_community uuid, p_id uuid, p_partner uuid, p_floor bigint, p_cap bigint, p_reason text, p_actor uuid, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_mirror uuid;
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  UPDATE ledger.account a SET floor = p_floor, cap = p_cap
   WHERE a.community_id = p_community AND a.partner_id = p_partner
  RETURNING a.id INTO v_mirror;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no mirror' USING ERRCODE = 'LD404';
  END IF;
  INSERT INTO ledger.limit_change (community_id, id, account_id, floor, cap, reason, actor_id, at)
  VALUES (p_community, p_id, v_mirror, p_floor, p_cap, p_reason, p_actor, p_at);
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- keep_pair keeps a community's half of a pair, after the transfer that it names
-- or as the refusal that it says. It answers false when the half was there before,
-- unless a transfer came with the call: two answers to one pair never stand, so
-- that transfer must go (LD422). A transfer that takes the mirror above its cap
-- is refused (LD402); below its floor, ledger.post refused it already.
CREATE FUNCTION ledger.keep_pair(
  p_community uuid, p_id uuid, p_partner uuid, p_side text, p_state text, p_account uuid, p_partner_account uuid,
  p_minutes bigint, p_transfer uuid, p_reason text, p_actor uuid, p_at timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_mirror ledger.account;
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  PERFORM 1 FROM ledger.pair p WHERE p.community_id = p_community AND p.id = p_id;
  IF FOUND THEN
    IF p_transfer IS NOT NULL THEN
      RAISE EXCEPTION 'pair answered' USING ERRCODE = 'LD422';
    END IF;
    RETURN false;
  END IF;
  IF p_transfer IS NOT NULL THEN
    SELECT * INTO v_mirror FROM ledger.account a WHERE a.community_id = p_community AND a.partner_id = p_partner;
    PERFORM 1
       FROM ledger.transfer t
       JOIN ledger.posting g ON g.community_id = t.community_id AND g.id = t.posting_id
      WHERE t.community_id = p_community AND t.id = p_transfer AND t.kind = 'INTERCOMMUNITY' AND t.minutes = p_minutes
        AND t.debit_id  = CASE p_side WHEN 'RECEIVER' THEN p_account ELSE v_mirror.id END
        AND t.credit_id = CASE p_side WHEN 'RECEIVER' THEN v_mirror.id ELSE p_account END
        AND g.community_id = p_community AND g.key = 'pair/' || p_id || '/' || lower(p_side)
        AND NOT EXISTS (SELECT FROM ledger.account a
                         WHERE a.community_id = p_community AND a.id = p_account AND a.partner_id IS NOT NULL);
    IF NOT FOUND THEN
      RAISE EXCEPTION 'pair %: transfer % is not its half', p_id, p_transfer;
    END IF;
    IF p_side = 'RECEIVER' AND v_mirror.balance > v_mirror.cap THEN
      PERFORM ledger.refuse_beyond_floor(v_mirror.id, v_mirror.cap - v_mirror.balance + p_minutes, p_minutes);
    END IF;
  END IF;
  INSERT INTO ledger.pair (community_id, id, partner_id, side, state, account_id, partner_account_id, minutes, transfer_id, reason,
                           actor_id, opened_at, closed_at)
  VALUES (p_community, p_id, p_partner, p_side, p_state, p_account, p_partner_account, p_minutes, p_transfer, p_reason,
          p_actor, p_at, CASE WHEN p_state <> 'OPEN' THEN p_at END);
  RETURN true;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- close_pair ends the receiver's half as the provider's decided. UNDONE names the
-- transfer that took the hours back off the mirror. It answers false when the
-- half was closed before; then no second undoing may stand (LD422).
CREATE FUNCTION ledger.close_pair(
  p_community uuid, p_id uuid, p_state text, p_undo uuid, p_reason text, p_at timestamptz
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  IF p_undo IS NOT NULL THEN
    PERFORM 1
       FROM ledger.pair p
       JOIN ledger.account m ON m.community_id = p.community_id AND m.partner_id = p.partner_id
       JOIN ledger.transfer t ON t.community_id = p.community_id AND t.debit_id = m.id AND t.minutes = p.minutes
       JOIN ledger.posting g ON g.community_id = t.community_id AND g.id = t.posting_id
      WHERE p.community_id = p_community AND p.id = p_id AND t.community_id = p_community AND t.id = p_undo
        AND (t.reverses_id = p.transfer_id OR t.kind = 'CORRECTION')
        AND g.community_id = p_community AND g.key = 'pair/' || p_id || '/undone';
    IF NOT FOUND THEN
      RAISE EXCEPTION 'pair %: transfer % does not undo it', p_id, p_undo;
    END IF;
  END IF;
  UPDATE ledger.pair p SET state = p_state, undo_id = p_undo, reason = p_reason, closed_at = p_at
   WHERE p.community_id = p_community AND p.id = p_id AND p.side = 'RECEIVER' AND p.state = 'OPEN';
  IF NOT FOUND AND p_undo IS NOT NULL THEN
    RAISE EXCEPTION 'pair closed' USING ERRCODE = 'LD422';
  END IF;
  RETURN FOUND;
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION ledger.open_mirror, ledger.limit_mirror, ledger.keep_pair, ledger.close_pair FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.open_mirror, ledger.limit_mirror, ledger.keep_pair, ledger.close_pair TO hora_server;

-- +goose Down
DROP FUNCTION ledger.open_mirror, ledger.limit_mirror, ledger.keep_pair, ledger.close_pair;
DROP TABLE ledger.pair;
ALTER TABLE ledger.limit_change DROP COLUMN cap;
DROP INDEX ledger.account_partner_key;
ALTER TABLE ledger.account
  DROP CONSTRAINT account_mirror_has_partner, DROP CONSTRAINT account_cap_is_of_mirrors,
  DROP COLUMN cap, DROP COLUMN partner_id;
