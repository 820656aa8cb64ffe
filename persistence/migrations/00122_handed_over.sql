-- A statement of reasons that a member without an account is given on paper; what was
-- reported, in its words, and messages that a measure hides.

-- +goose Up
ALTER TABLE measure
  ADD COLUMN handed_over_at timestamptz, -- NULL while nobody noted it
  ADD COLUMN handed_over_by uuid,
  ADD CONSTRAINT measure_handed_over CHECK ((handed_over_at IS NULL) = (handed_over_by IS NULL) AND handed_over_by IS DISTINCT FROM member_id);
GRANT UPDATE (handed_over_at, handed_over_by) ON measure TO hora_server;
ALTER TABLE report ADD COLUMN quote text NOT NULL DEFAULT ''; -- what was reported said then; empty where it can be looked at
CREATE INDEX measure_message_idx ON measure (community_id, subject_id) WHERE subject_kind = 'MESSAGE' AND action IN ('HIDE', 'REMOVE') AND ended_at IS NULL;

-- +goose Down
DROP INDEX measure_message_idx;
ALTER TABLE report DROP COLUMN quote;
ALTER TABLE measure DROP COLUMN handed_over_at, DROP COLUMN handed_over_by;
