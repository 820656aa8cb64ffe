-- What a posting pays for beside the posting. PostgreSQL reads every CHECK of a
-- table from its text again for each statement that writes there, also those
-- about columns that the statement leaves alone: a third of a posting's time went
-- into that. What one column may hold is now a domain's rule, looked at when that
-- column is written. What kind of account needs which columns is looked at where
-- accounts are made, since nothing changes those columns afterwards.

-- +goose Up
CREATE DOMAIN ledger.account_kind AS text
  CONSTRAINT account_kind CHECK (VALUE IN ('MEMBER', 'COMMUNITY', 'SERVICE_POINT', 'POOL', 'PROJECT', 'MIRROR', 'ISSUANCE'));
CREATE DOMAIN ledger.transfer_kind AS text
  CONSTRAINT transfer_kind CHECK (VALUE IN ('OPENING', 'EXCHANGE', 'GROUP_SHARE', 'ASSOCIATIVE', 'GIFT', 'DUES',
    'LEVY', 'GRANT', 'INTERCOMMUNITY', 'CORRECTION', 'REVERSAL', 'CLOSING'));
-- The functions refuse far earlier; this is the wall behind them.
CREATE DOMAIN ledger.balance AS bigint CONSTRAINT balance_sane CHECK (abs(VALUE) < 1000000000000);
CREATE DOMAIN ledger.promised AS bigint CONSTRAINT promised_is_never_negative CHECK (VALUE >= 0);

ALTER TABLE ledger.account
  DROP CONSTRAINT account_kind, DROP CONSTRAINT account_held, DROP CONSTRAINT account_allowance, DROP CONSTRAINT account_balance_sane,
  DROP CONSTRAINT account_member_has_owner, DROP CONSTRAINT account_pool_has_purpose,
  DROP CONSTRAINT account_mirror_has_partner, DROP CONSTRAINT account_cap_is_of_mirrors,
  ALTER COLUMN kind TYPE ledger.account_kind, ALTER COLUMN balance TYPE ledger.balance,
  ALTER COLUMN held TYPE ledger.promised, ALTER COLUMN allowance TYPE ledger.promised;
ALTER TABLE ledger.transfer
  DROP CONSTRAINT transfer_kind,
  ALTER COLUMN kind TYPE ledger.transfer_kind;

-- +goose StatementBegin
-- open_account opens an account. A member has one, the community has one, and
-- one pool for each purpose; mirrors have a function of their own.
CREATE OR REPLACE FUNCTION ledger.open_account(
  p_community uuid, p_id uuid, p_kind text, p_owner uuid, p_purpose text,
  p_floor bigint, p_soft_floor bigint, p_ceiling bigint, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (p_kind = 'MEMBER' AND p_owner IS NULL) OR (p_kind = 'POOL') <> (p_purpose IS NOT NULL) OR p_kind = 'MIRROR' THEN
    RAISE EXCEPTION 'no account of kind % has these columns', p_kind USING ERRCODE = 'check_violation', CONSTRAINT = 'account_shape';
  END IF;
  INSERT INTO ledger.account (community_id, id, kind, owner_id, purpose, floor, soft_floor, ceiling, opened_at)
  VALUES (p_community, p_id, p_kind, p_owner, p_purpose, p_floor, p_soft_floor, p_ceiling, p_at);
END
$$;
-- +goose StatementEnd

-- A few communities' heads lie on one page, which PostgreSQL would rather read
-- whole, with every version of every head that is not cleared away yet: each
-- posting then took longer than the one before. Whatever works under the head
-- finds its rows by their keys.
ALTER FUNCTION ledger.post        SET enable_seqscan = off;
ALTER FUNCTION ledger.post_batch  SET enable_seqscan = off;
ALTER FUNCTION ledger.place_hold  SET enable_seqscan = off;
ALTER FUNCTION ledger.close_holds SET enable_seqscan = off;
ALTER FUNCTION journal.append     SET enable_seqscan = off;

-- +goose Down
ALTER FUNCTION ledger.post        RESET enable_seqscan;
ALTER FUNCTION ledger.post_batch  RESET enable_seqscan;
ALTER FUNCTION ledger.place_hold  RESET enable_seqscan;
ALTER FUNCTION ledger.close_holds RESET enable_seqscan;
ALTER FUNCTION journal.append     RESET enable_seqscan;
ALTER TABLE ledger.transfer
  ALTER COLUMN kind TYPE text,
  ADD CONSTRAINT transfer_kind CHECK (kind IN ('OPENING', 'EXCHANGE', 'GROUP_SHARE', 'ASSOCIATIVE', 'GIFT', 'DUES',
    'LEVY', 'GRANT', 'INTERCOMMUNITY', 'CORRECTION', 'REVERSAL', 'CLOSING'));
ALTER TABLE ledger.account
  ALTER COLUMN kind TYPE text, ALTER COLUMN balance TYPE bigint, ALTER COLUMN held TYPE bigint, ALTER COLUMN allowance TYPE bigint,
  ADD CONSTRAINT account_kind CHECK (kind IN ('MEMBER', 'COMMUNITY', 'SERVICE_POINT', 'POOL', 'PROJECT', 'MIRROR', 'ISSUANCE')),
  ADD CONSTRAINT account_member_has_owner CHECK (kind <> 'MEMBER' OR owner_id IS NOT NULL),
  ADD CONSTRAINT account_pool_has_purpose CHECK ((kind = 'POOL') = (purpose IS NOT NULL)),
  ADD CONSTRAINT account_mirror_has_partner CHECK ((kind = 'MIRROR') = (partner_id IS NOT NULL)),
  ADD CONSTRAINT account_cap_is_of_mirrors CHECK (cap IS NULL OR kind = 'MIRROR'),
  ADD CONSTRAINT account_held CHECK (held >= 0),
  ADD CONSTRAINT account_allowance CHECK (allowance >= 0),
  ADD CONSTRAINT account_balance_sane CHECK (abs(balance) < 1000000000000);
DROP DOMAIN ledger.account_kind, ledger.transfer_kind, ledger.balance, ledger.promised;
