-- Blocks between members: who wants to have nothing to do with whom. A row is its
-- member's alone, and goes when they undo it.

-- +goose Up
CREATE TABLE member_block (
  community_id uuid NOT NULL REFERENCES community,
  member_id    uuid NOT NULL,        -- who blocked
  blocked_id   uuid NOT NULL,
  since        timestamptz NOT NULL,
  PRIMARY KEY (community_id, member_id, blocked_id),
  CONSTRAINT member_block_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT member_block_blocked_fkey FOREIGN KEY (community_id, blocked_id) REFERENCES member,
  CONSTRAINT member_block_another CHECK (member_id <> blocked_id)
);
CREATE INDEX member_block_blocked_idx ON member_block (community_id, blocked_id, member_id);

ALTER TABLE member_block ENABLE ROW LEVEL SECURITY;
ALTER TABLE member_block FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON member_block USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, DELETE ON member_block TO hora_server;

-- +goose Down
DROP TABLE member_block;
