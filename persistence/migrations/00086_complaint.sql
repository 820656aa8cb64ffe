-- Confidential complaints: kept and never changed, opened by two people together,
-- or by one alone before everybody's eyes.

-- +goose Up
CREATE TABLE complaint (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  by_id        uuid NOT NULL,
  about_id     uuid,             -- a member, where it is about one
  details      text NOT NULL,
  may_name     boolean NOT NULL, -- who opens it may know who complained
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT complaint_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES member,
  CONSTRAINT complaint_about_fkey FOREIGN KEY (community_id, about_id) REFERENCES member,
  CONSTRAINT complaint_about_another CHECK (about_id <> by_id)
);
CREATE INDEX complaint_idx ON complaint (community_id, created_at DESC, id DESC);

CREATE TABLE complaint_opening (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  complaint_id uuid NOT NULL,
  officer_id   uuid NOT NULL,
  reason       text NOT NULL,
  alone        boolean NOT NULL, -- without waiting for a second person
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT complaint_opening_complaint_fkey FOREIGN KEY (community_id, complaint_id) REFERENCES complaint,
  CONSTRAINT complaint_opening_officer_fkey FOREIGN KEY (community_id, officer_id) REFERENCES member,
  CONSTRAINT complaint_opening_for_a_reason CHECK (reason <> '')
);
CREATE INDEX complaint_opening_idx ON complaint_opening (community_id, complaint_id, created_at);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['complaint', 'complaint_opening'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON complaint, complaint_opening TO hora_server;

-- +goose Down
DROP TABLE complaint_opening, complaint;
