-- What coordinators found missing: listings that are sent back with what to change,
-- complaints that are closed, and lists of measures and of the audit log by what
-- people look for.

-- +goose Up
CREATE TABLE listing_review (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  listing_id   uuid NOT NULL,
  step         text NOT NULL,
  by_id        uuid NOT NULL,
  reason       text NOT NULL, -- what to change; empty but where it was sent back
  title        text NOT NULL, -- what the listing said then, as the next
  description  text NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT listing_review_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES listing,
  CONSTRAINT listing_review_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES member,
  CONSTRAINT listing_review_step CHECK (step IN ('SENT_BACK', 'FILED_AGAIN', 'APPROVED')),
  CONSTRAINT listing_review_with_a_reason CHECK ((step = 'SENT_BACK') = (reason <> ''))
);
CREATE INDEX listing_review_idx ON listing_review (community_id, listing_id, created_at, id);

CREATE TABLE complaint_closing (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  complaint_id uuid NOT NULL,
  turn         integer NOT NULL, -- odd ones close, even ones reopen
  officer_id   uuid NOT NULL,
  outcome      text,             -- NULL for a reopening
  statement    text NOT NULL,    -- what who complained is told
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT complaint_closing_turn UNIQUE (community_id, complaint_id, turn),
  CONSTRAINT complaint_closing_complaint_fkey FOREIGN KEY (community_id, complaint_id) REFERENCES complaint,
  CONSTRAINT complaint_closing_officer_fkey FOREIGN KEY (community_id, officer_id) REFERENCES member,
  CONSTRAINT complaint_closing_outcome CHECK (outcome IN ('FOUNDED', 'UNFOUNDED', 'SETTLED', 'WITHDRAWN')),
  CONSTRAINT complaint_closing_in_turn CHECK (turn > 0 AND (turn % 2 = 1) = (outcome IS NOT NULL)),
  CONSTRAINT complaint_closing_said CHECK (statement <> '')
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['listing_review', 'complaint_closing'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON listing_review, complaint_closing TO hora_server;

-- A community's measures, newest first, all of them and those of each state; of those
-- that were appealed against, appeal_waiting_idx knows the few that wait.
CREATE INDEX measure_newest_idx ON measure (community_id, created_at DESC, id DESC);
CREATE INDEX measure_standing_idx ON measure (community_id, created_at DESC, id DESC) WHERE ended_at IS NULL;
CREATE INDEX measure_undone_idx ON measure (community_id, created_at DESC, id DESC) WHERE ended_by IS NOT NULL;
CREATE INDEX measure_lapsed_idx ON measure (community_id, created_at DESC, id DESC) WHERE ended_at IS NOT NULL AND ended_by IS NULL;

-- The audit log: of all that happens, the little that staff did, in order. One index
-- that also knows who, about what and when, since each further one would be weighed at
-- every event written.
CREATE INDEX event_staff_idx ON journal.event (community_id, pos, actor_id, subject_id, at) WHERE kind IN (
  'MEASURE_TAKEN', 'MEASURE_UNDONE', 'APPEAL_DECIDED', 'COMPLAINT_ASKED', 'COMPLAINT_GLASS_BROKEN', 'COMPLAINT_CLOSED', 'COMPLAINT_REOPENED',
  'MEMBER_ADMITTED', 'MEMBER_DECLINED', 'ROLE_GRANTED', 'ROLE_REVOKED', 'HOUSEHOLD_NOTED', 'VETTING_RECORDED', 'VETTING_WITHDRAWN', 'MEMBER_SUSPENDED', 'MEMBER_REINSTATED',
  'LISTING_APPROVED', 'LISTING_SENT_BACK', 'LISTING_REMOVED', 'LISTING_RESTORED', 'EXCHANGE_RESOLVED', 'TRANSFER_REVERSED', 'TRANSFER_CORRECTED',
  'ACCOUNT_LIMITS_SET', 'ACCOUNT_EARMARKED', 'ACCOUNT_ALLOWED_ONCE', 'ACTIVITY_APPROVED', 'ACTIVITY_DECLINED', 'TIME_CHEQUES_UNDONE',
  'BADGE_DEFINED', 'BADGE_REVISED', 'BADGE_ISSUED', 'BADGE_REVOKED');

-- +goose Down
DROP INDEX journal.event_staff_idx;
DROP INDEX measure_lapsed_idx, measure_undone_idx, measure_standing_idx, measure_newest_idx;
DROP TABLE complaint_closing, listing_review;
