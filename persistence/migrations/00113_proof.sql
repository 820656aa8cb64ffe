-- A picture proves a claim, or a listing shows it, or nothing does.

-- +goose Up
ALTER TABLE photo
  ADD COLUMN claim_id uuid,
  ADD CONSTRAINT photo_claim_fkey FOREIGN KEY (community_id, claim_id) REFERENCES claim,
  DROP CONSTRAINT photo_shown_is_described, DROP CONSTRAINT photo_shown_or_unused,
  ADD CONSTRAINT photo_shown_is_described CHECK ((listing_id IS NULL AND claim_id IS NULL) OR (state = 'READY' AND alt <> '' AND address IS NOT NULL)),
  ADD CONSTRAINT photo_shown_or_unused CHECK (num_nonnulls(listing_id, claim_id, unused_since) = 1 AND (unused_since IS NULL) = (place IS NOT NULL));
CREATE INDEX photo_claim_idx ON photo (community_id, claim_id, place) WHERE claim_id IS NOT NULL;

-- +goose Down
DROP INDEX photo_claim_idx;
ALTER TABLE photo NO FORCE ROW LEVEL SECURITY;
DELETE FROM photo WHERE claim_id IS NOT NULL;
ALTER TABLE photo FORCE ROW LEVEL SECURITY;
ALTER TABLE photo
  DROP CONSTRAINT photo_claim_fkey, DROP CONSTRAINT photo_shown_is_described, DROP CONSTRAINT photo_shown_or_unused,
  DROP COLUMN claim_id,
  ADD CONSTRAINT photo_shown_is_described CHECK (listing_id IS NULL OR (state = 'READY' AND alt <> '' AND address IS NOT NULL)),
  ADD CONSTRAINT photo_shown_or_unused CHECK ((listing_id IS NULL) = (unused_since IS NOT NULL) AND (listing_id IS NULL) = (place IS NULL));
