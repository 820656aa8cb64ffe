-- Pictures that members hand in. The files lie elsewhere, under an address that
-- nobody can guess; here is whose they are, what they show, and where.

-- +goose Up
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL', 'UPLOAD'));

CREATE TABLE photo (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL, -- whose it is
  person_id    uuid NOT NULL, -- who hands it in
  state        text NOT NULL,
  type         text NOT NULL, -- as announced
  bytes        integer NOT NULL,
  address      text,          -- of its files; NULL while there are none
  alt          text NOT NULL DEFAULT '',
  width        integer NOT NULL DEFAULT 0,
  height       integer NOT NULL DEFAULT 0,
  placeholder  text NOT NULL DEFAULT '',
  listing_id   uuid,
  place        integer,       -- among the listing's pictures, from 1
  expires_at   timestamptz NOT NULL,
  unused_since timestamptz,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT photo_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT photo_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES listing,
  CONSTRAINT photo_state CHECK (state IN ('REQUESTED', 'CLAIMED', 'STORED', 'READY', 'ERASING')),
  CONSTRAINT photo_shown_is_described CHECK (listing_id IS NULL OR (state = 'READY' AND alt <> '' AND address IS NOT NULL)),
  CONSTRAINT photo_shown_or_unused CHECK ((listing_id IS NULL) = (unused_since IS NOT NULL) AND (listing_id IS NULL) = (place IS NULL))
);
CREATE INDEX photo_listing_idx ON photo (community_id, listing_id, place) WHERE listing_id IS NOT NULL;
CREATE INDEX photo_unused_idx ON photo (community_id, unused_since) WHERE unused_since IS NOT NULL;

ALTER TABLE photo ENABLE ROW LEVEL SECURITY;
ALTER TABLE photo FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON photo
  USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, UPDATE, DELETE ON photo TO hora_server;

-- +goose Down
DROP TABLE photo;
DELETE FROM signing_key WHERE purpose = 'UPLOAD';
ALTER TABLE signing_key DROP CONSTRAINT signing_key_purpose;
ALTER TABLE signing_key ADD CONSTRAINT signing_key_purpose CHECK (purpose IN ('ACCESS', 'REFRESH', 'SEAL'));
