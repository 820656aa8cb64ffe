-- Who acted in a member's name: a ballot that a named helper cast, a claim that was
-- filed for its owner, and is not approved by whoever filed it.

-- +goose Up
ALTER TABLE budget_ballot
  ADD COLUMN helper_id uuid, -- NULL: cast by the voter
  ADD CONSTRAINT budget_ballot_helper_fkey FOREIGN KEY (community_id, helper_id) REFERENCES member;
ALTER TABLE claim
  ADD COLUMN filed_by uuid, -- NULL: by whoever is credited, or of before this was kept
  ADD CONSTRAINT claim_filed_by_fkey FOREIGN KEY (community_id, filed_by) REFERENCES member;

-- +goose Down
ALTER TABLE claim DROP COLUMN filed_by;
ALTER TABLE budget_ballot DROP COLUMN helper_id;
