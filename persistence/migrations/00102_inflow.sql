-- The reserve comes first: the calendar gives it its part of each month's inflows, by
-- a plan that the charter makes, one in a community. And who brought hours into a pool
-- from outside, with no account and no vote: a town, a foundation.

-- +goose Up
ALTER TABLE plan
  DROP CONSTRAINT plan_kind, DROP CONSTRAINT plan_to,
  ADD CONSTRAINT plan_kind CHECK (kind IN ('CYCLE', 'INFLOW', 'SPLIT', 'RESERVE')),
  ADD CONSTRAINT plan_to CHECK ((to_id IS NOT NULL) = (kind IN ('INFLOW', 'RESERVE')));
CREATE UNIQUE INDEX plan_reserve_key ON plan (community_id) WHERE kind = 'RESERVE';

CREATE TABLE sponsored (
  community_id uuid NOT NULL REFERENCES community,
  transfer_id  uuid NOT NULL, -- in the ledger: no foreign key points there
  sponsor      text NOT NULL,
  PRIMARY KEY (community_id, transfer_id),
  CONSTRAINT sponsored_name CHECK (sponsor <> '' AND length(sponsor) <= 120)
);
ALTER TABLE sponsored ENABLE ROW LEVEL SECURITY;
ALTER TABLE sponsored FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sponsored USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT ON sponsored TO hora_server;

-- +goose Down
DROP TABLE sponsored;
DROP INDEX plan_reserve_key;
DELETE FROM plan WHERE kind = 'RESERVE';
ALTER TABLE plan
  DROP CONSTRAINT plan_kind, DROP CONSTRAINT plan_to,
  ADD CONSTRAINT plan_kind CHECK (kind IN ('CYCLE', 'INFLOW', 'SPLIT')),
  ADD CONSTRAINT plan_to CHECK ((to_id IS NOT NULL) = (kind = 'INFLOW'));
