-- Reports, and the measures that answer them: neither is deleted, and no measure
-- stands without its statement and its rule.

-- +goose Up
CREATE TABLE report (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  reporter_id  uuid NOT NULL,
  subject_kind text NOT NULL,
  subject_id   uuid NOT NULL,
  accused_id   uuid NOT NULL,        -- the member whom it concerns
  reason       text NOT NULL,
  details      text NOT NULL,        -- may be empty: nobody has to tell the story
  created_at   timestamptz NOT NULL,
  answer_by    timestamptz NOT NULL, -- when it should be answered at the latest
  overdue_at   timestamptz,          -- when moderators were told that it is late
  answered_at  timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT report_reporter_fkey FOREIGN KEY (community_id, reporter_id) REFERENCES member,
  CONSTRAINT report_accused_fkey FOREIGN KEY (community_id, accused_id) REFERENCES member
);
CREATE UNIQUE INDEX report_open_once ON report (community_id, reporter_id, subject_id) WHERE answered_at IS NULL;
CREATE INDEX report_queue_idx ON report (community_id, answer_by, id) WHERE answered_at IS NULL;
CREATE INDEX report_accused_idx ON report (community_id, accused_id);

CREATE TABLE measure (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  report_id    uuid NOT NULL,
  member_id    uuid NOT NULL,        -- whom it is taken against
  subject_kind text NOT NULL,
  subject_id   uuid NOT NULL,
  action       text NOT NULL,
  rule         text NOT NULL,        -- what was broken: the report's reason, or the moderator's own words
  statement    text NOT NULL,        -- why, as its member reads it
  decided_by   uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  until_at     timestamptz,          -- it ends by itself
  before_state text NOT NULL,        -- what undoing brings back; empty for none
  ended_at     timestamptz,
  ended_by     uuid,                 -- NULL when time ended it
  end_reason   text NOT NULL DEFAULT '',
  PRIMARY KEY (community_id, id),
  CONSTRAINT measure_report_once UNIQUE (community_id, report_id),
  CONSTRAINT measure_report_fkey FOREIGN KEY (community_id, report_id) REFERENCES report,
  CONSTRAINT measure_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT measure_stated CHECK (statement <> '' AND rule <> ''),
  CONSTRAINT measure_somebody_else CHECK (decided_by <> member_id),
  CONSTRAINT measure_undone_for_a_reason CHECK ((ended_by IS NULL) = (end_reason = '') AND (ended_by IS NULL OR ended_at IS NOT NULL))
);
CREATE INDEX measure_member_idx ON measure (community_id, member_id, created_at DESC, id DESC);
CREATE INDEX measure_until_idx ON measure (community_id, until_at) WHERE ended_at IS NULL AND until_at IS NOT NULL;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['report', 'measure'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE (overdue_at, answered_at) ON report TO hora_server;
GRANT SELECT, INSERT, UPDATE (ended_at, ended_by, end_reason) ON measure TO hora_server;

-- +goose Down
DROP TABLE measure, report;
