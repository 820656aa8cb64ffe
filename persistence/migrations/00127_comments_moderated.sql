-- What was said of a question can be hidden and removed as a message can: both are shown by
-- what holds against them, which this index knows.

-- +goose Up
DROP INDEX measure_message_idx;
CREATE INDEX measure_said_idx ON measure (community_id, subject_id)
  WHERE subject_kind IN ('MESSAGE', 'COMMENT') AND action IN ('HIDE', 'REMOVE') AND ended_at IS NULL;

-- +goose Down
DROP INDEX measure_said_idx;
CREATE INDEX measure_message_idx ON measure (community_id, subject_id) WHERE subject_kind = 'MESSAGE' AND action IN ('HIDE', 'REMOVE') AND ended_at IS NULL;
