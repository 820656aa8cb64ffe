-- Members under age: the day on which each comes of age, and a guardian's consent as
-- somebody saw it. No date of birth, no document, and nothing once they are of age.

-- +goose Up
CREATE TABLE minor (
  community_id     uuid NOT NULL REFERENCES community,
  member_id        uuid NOT NULL,
  comes_of_age_on  date NOT NULL,
  of_age_at        timestamptz NOT NULL, -- when that day begins there
  noted_at         timestamptz NOT NULL,
  -- The last consent; all of it is NULL or empty before there was one.
  guardian_id      uuid,                 -- the member who consented
  guardian_name    text NOT NULL DEFAULT '', -- of who is no member
  covers           text NOT NULL DEFAULT '',
  seen_by          uuid,
  seen_on          date,
  consented_at     timestamptz,
  withdrawn_at     timestamptz,
  withdrawn_by     uuid,
  withdraw_reason  text NOT NULL DEFAULT '',
  PRIMARY KEY (community_id, member_id),
  CONSTRAINT minor_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT minor_guardian_fkey FOREIGN KEY (community_id, guardian_id) REFERENCES member,
  CONSTRAINT minor_seen_by_fkey FOREIGN KEY (community_id, seen_by) REFERENCES member,
  CONSTRAINT minor_somebody_else CHECK (guardian_id <> member_id AND seen_by <> member_id AND seen_by <> guardian_id AND withdrawn_by <> member_id),
  CONSTRAINT minor_consent_whole CHECK (
    CASE WHEN consented_at IS NULL
         THEN guardian_id IS NULL AND guardian_name = '' AND covers = '' AND seen_by IS NULL AND seen_on IS NULL
         ELSE (guardian_id IS NULL) = (guardian_name <> '') AND covers <> '' AND seen_by IS NOT NULL AND seen_on IS NOT NULL END),
  CONSTRAINT minor_withdrawn_for_a_reason CHECK (
    (withdrawn_at IS NULL) = (withdrawn_by IS NULL) AND (withdrawn_at IS NULL) = (withdraw_reason = '')
    AND (withdrawn_at IS NULL OR consented_at IS NOT NULL))
);
CREATE INDEX minor_guardian_idx ON minor (community_id, guardian_id) WHERE withdrawn_at IS NULL AND guardian_id IS NOT NULL;
CREATE INDEX minor_due_idx ON minor (community_id, of_age_at);

ALTER TABLE minor ENABLE ROW LEVEL SECURITY;
ALTER TABLE minor FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON minor USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT, DELETE,
      UPDATE (comes_of_age_on, of_age_at, noted_at, guardian_id, guardian_name, covers, seen_by, seen_on, consented_at, withdrawn_at, withdrawn_by, withdraw_reason)
   ON minor TO hora_server;

-- What staff note of minors is in the audit log, whose index names each kind.
DROP INDEX journal.event_staff_idx;
CREATE INDEX event_staff_idx ON journal.event (community_id, pos, actor_id, subject_id, at) WHERE kind IN (
  'MEASURE_TAKEN', 'MEASURE_UNDONE', 'APPEAL_DECIDED', 'COMPLAINT_ASKED', 'COMPLAINT_GLASS_BROKEN', 'COMPLAINT_CLOSED', 'COMPLAINT_REOPENED',
  'MEMBER_ADMITTED', 'MEMBER_DECLINED', 'ROLE_GRANTED', 'ROLE_REVOKED', 'HOUSEHOLD_NOTED', 'VETTING_RECORDED', 'VETTING_WITHDRAWN', 'MEMBER_SUSPENDED', 'MEMBER_REINSTATED',
  'MINOR_RECORDED', 'MINOR_REMOVED', 'GUARDIAN_CONSENT_RECORDED', 'GUARDIAN_CONSENT_WITHDRAWN',
  'LISTING_APPROVED', 'LISTING_SENT_BACK', 'LISTING_REMOVED', 'LISTING_RESTORED', 'EXCHANGE_RESOLVED', 'TRANSFER_REVERSED', 'TRANSFER_CORRECTED',
  'ACCOUNT_LIMITS_SET', 'ACCOUNT_EARMARKED', 'ACCOUNT_ALLOWED_ONCE', 'ACTIVITY_APPROVED', 'ACTIVITY_DECLINED', 'TIME_CHEQUES_UNDONE',
  'BADGE_DEFINED', 'BADGE_REVISED', 'BADGE_ISSUED', 'BADGE_REVOKED');

-- +goose Down
DROP INDEX journal.event_staff_idx;
CREATE INDEX event_staff_idx ON journal.event (community_id, pos, actor_id, subject_id, at) WHERE kind IN (
  'MEASURE_TAKEN', 'MEASURE_UNDONE', 'APPEAL_DECIDED', 'COMPLAINT_ASKED', 'COMPLAINT_GLASS_BROKEN', 'COMPLAINT_CLOSED', 'COMPLAINT_REOPENED',
  'MEMBER_ADMITTED', 'MEMBER_DECLINED', 'ROLE_GRANTED', 'ROLE_REVOKED', 'HOUSEHOLD_NOTED', 'VETTING_RECORDED', 'VETTING_WITHDRAWN', 'MEMBER_SUSPENDED', 'MEMBER_REINSTATED',
  'LISTING_APPROVED', 'LISTING_SENT_BACK', 'LISTING_REMOVED', 'LISTING_RESTORED', 'EXCHANGE_RESOLVED', 'TRANSFER_REVERSED', 'TRANSFER_CORRECTED',
  'ACCOUNT_LIMITS_SET', 'ACCOUNT_EARMARKED', 'ACCOUNT_ALLOWED_ONCE', 'ACTIVITY_APPROVED', 'ACTIVITY_DECLINED', 'TIME_CHEQUES_UNDONE',
  'BADGE_DEFINED', 'BADGE_REVISED', 'BADGE_ISSUED', 'BADGE_REVOKED');
DROP TABLE minor;
