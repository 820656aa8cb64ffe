-- Solidarity draws: what somebody asks is for them and for those who run cycles, and
-- the hours set aside for it move out of sight.

-- +goose Up
ALTER TABLE project ADD COLUMN confidential boolean NOT NULL DEFAULT false; -- a request to a draw
-- What somebody drew before.
CREATE INDEX project_draw_idx ON project (community_id, owner_id) WHERE confidential;

-- +goose StatementBegin
-- open_account opens an account. A member has one, the community has one, and
-- one pool for each purpose; mirrors have a function of their own. What is set aside
-- for people who ask is a PROJECT for SOLIDARITY.
CREATE OR REPLACE FUNCTION ledger.open_account(
  p_community uuid, p_id uuid, p_kind text, p_owner uuid, p_purpose text,
  p_floor bigint, p_soft_floor bigint, p_ceiling bigint, p_at timestamptz
) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (p_kind = 'MEMBER' AND p_owner IS NULL) OR p_kind = 'MIRROR'
     OR (p_kind = 'POOL' AND p_purpose IS NULL)
     OR (p_kind <> 'POOL' AND p_purpose IS NOT NULL AND (p_kind <> 'PROJECT' OR p_purpose <> 'SOLIDARITY')) THEN
    RAISE EXCEPTION 'no account of kind % has these columns', p_kind USING ERRCODE = 'check_violation', CONSTRAINT = 'account_shape';
  END IF;
  INSERT INTO ledger.account (community_id, id, kind, owner_id, purpose, floor, soft_floor, ceiling, opened_at)
  VALUES (p_community, p_id, p_kind, p_owner, p_purpose, p_floor, p_soft_floor, p_ceiling, p_at);
END
$$;
-- +goose StatementEnd

-- +goose Down
-- +goose StatementBegin
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
DROP INDEX project_draw_idx;
ALTER TABLE project DROP COLUMN confidential;
