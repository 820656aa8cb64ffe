-- Why, by whom and by which decision the charter changed.

-- +goose Up
ALTER TABLE charter
  ADD COLUMN id          uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN reason      text NOT NULL DEFAULT '',
  ADD COLUMN decision_id uuid,                       -- NULL: a person's own act
  ADD COLUMN carries     integer NOT NULL DEFAULT 0, -- the version to come whose place this one takes; 0: none
  ALTER COLUMN created_by DROP NOT NULL,             -- NULL: a decision
  ADD CONSTRAINT charter_id_key UNIQUE (community_id, id),
  ADD CONSTRAINT charter_by_somebody CHECK (created_by IS NOT NULL OR decision_id IS NOT NULL),
  ADD CONSTRAINT charter_carries_earlier CHECK (carries < version);

-- +goose Down
ALTER TABLE charter
  DROP COLUMN id, DROP COLUMN reason, DROP COLUMN decision_id, DROP COLUMN carries;
