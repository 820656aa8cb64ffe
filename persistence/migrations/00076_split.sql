-- Agreements to divide at its source what several give: each wording with its
-- signatures, and each time that hours were divided. Hours move in the ledger.

-- +goose Up
CREATE TABLE split_agreement (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  title        text NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id)
);
CREATE INDEX split_agreement_list_idx ON split_agreement (community_id, created_at DESC, id DESC);

CREATE TABLE split_version (
  community_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  number       integer NOT NULL,
  parts        jsonb NOT NULL,
  signers      uuid[] NOT NULL,
  signed_by    uuid[] NOT NULL,
  state        text NOT NULL,
  reason       text NOT NULL,
  proposed_by  uuid NOT NULL,
  proposed_at  timestamptz NOT NULL,
  in_force_at  timestamptz,
  PRIMARY KEY (community_id, agreement_id, number),
  CONSTRAINT split_version_agreement_fkey FOREIGN KEY (community_id, agreement_id) REFERENCES split_agreement,
  CONSTRAINT split_version_state CHECK (state IN ('PROPOSED', 'IN_FORCE', 'REFUSED', 'REPLACED')),
  CONSTRAINT split_version_signed CHECK (state NOT IN ('IN_FORCE', 'REPLACED') OR signed_by @> signers AND in_force_at IS NOT NULL)
);
-- One wording waits, one is in force.
CREATE UNIQUE INDEX split_version_one_key ON split_version (community_id, agreement_id, state) WHERE state IN ('PROPOSED', 'IN_FORCE');

CREATE TABLE split_settlement (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  agreement_id uuid NOT NULL,
  version      integer NOT NULL,
  receiver_id  uuid NOT NULL,
  minutes      bigint NOT NULL,
  description  text NOT NULL,
  parts        jsonb NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT split_settlement_version_fkey FOREIGN KEY (community_id, agreement_id, version) REFERENCES split_version,
  CONSTRAINT split_settlement_minutes CHECK (minutes > 0)
);
CREATE INDEX split_settlement_list_idx ON split_settlement (community_id, agreement_id, at DESC, id DESC);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['split_agreement', 'split_version', 'split_settlement'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (community_id = NULLIF(current_setting(''hora.community'', true), '''')::uuid)', t);
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON split_agreement, split_version TO hora_server;
GRANT SELECT, INSERT ON split_settlement TO hora_server; -- what was divided stays

-- +goose Down
DROP TABLE split_settlement, split_version, split_agreement;
