-- How many people must agree to a claim, as the rules stood for its cycle.

-- +goose Up
ALTER TABLE claim
  ADD COLUMN approvals integer NOT NULL DEFAULT 0, -- 0: of before this was kept, its cycle says it
  ADD CONSTRAINT claim_approvals CHECK (approvals BETWEEN 0 AND 7);

-- +goose Down
ALTER TABLE claim DROP CONSTRAINT claim_approvals, DROP COLUMN approvals;
