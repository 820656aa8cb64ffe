-- One thing done with many members: what became of each, kept as long as the key under
-- which it was sent, so that the same sent again goes on and says the same.

-- +goose Up
CREATE TABLE bulk_outcome (
  community_id uuid NOT NULL REFERENCES community,
  run_id       uuid NOT NULL,              -- the key's result
  member_id    uuid NOT NULL,
  code         text NOT NULL DEFAULT '',   -- why it was not done; empty: it was
  state        text NOT NULL DEFAULT '',   -- of the membership, where that is why
  noted_at     timestamptz NOT NULL,
  PRIMARY KEY (community_id, run_id, member_id),
  CONSTRAINT bulk_outcome_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT bulk_outcome_state_of_a_refusal CHECK (code <> '' OR state = '')
);
CREATE INDEX bulk_outcome_age_idx ON bulk_outcome (community_id, noted_at);

ALTER TABLE bulk_outcome ENABLE ROW LEVEL SECURITY;
ALTER TABLE bulk_outcome FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bulk_outcome USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON bulk_outcome TO hora_server;

-- +goose Down
DROP TABLE bulk_outcome;
