-- Reinvestment: cycles, their projects, ballots, counts and claims. Hours move in
-- the ledger only; what is kept here says why.

-- +goose Up
CREATE TABLE cycle (
  community_id        uuid NOT NULL REFERENCES community,
  id                  uuid NOT NULL,
  title               text NOT NULL,
  pool_id             uuid NOT NULL,  -- ledger accounts: no foreign key points there
  account_id          uuid NOT NULL,
  envelope            bigint NOT NULL,
  method              text NOT NULL,
  rule                jsonb NOT NULL, -- the policy of the count
  two_approvers_above bigint NOT NULL,
  calendar            jsonb NOT NULL,
  state               text NOT NULL,
  next_at             timestamptz,    -- when the calendar moves it on; NULL at the end of its way
  seed                text NOT NULL,  -- shown once counted; commitment before
  commitment          text NOT NULL,
  roll                bigint NOT NULL DEFAULT 0,
  opened_by           uuid NOT NULL,
  created_at          timestamptz NOT NULL,
  version             integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT cycle_envelope CHECK (envelope > 0),
  CONSTRAINT cycle_state CHECK (state IN ('DRAFT', 'OPEN_CALL', 'FEASIBILITY', 'VOTING', 'TALLIED', 'CHALLENGE', 'PAYING', 'REPORTING', 'CLOSED', 'CANCELLED')),
  CONSTRAINT cycle_end CHECK ((next_at IS NULL) = (state IN ('CLOSED', 'CANCELLED')))
);
-- The list, newest first, and what is due.
CREATE INDEX cycle_list_idx ON cycle (community_id, created_at DESC, id DESC);
CREATE INDEX cycle_due_idx ON cycle (community_id, next_at) WHERE next_at IS NOT NULL;

CREATE TABLE cycle_step (
  community_id uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  step         integer NOT NULL,
  state        text NOT NULL,
  person_id    uuid,          -- NULL: the program
  note         text NOT NULL,
  due          timestamptz NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, cycle_id, step),
  CONSTRAINT cycle_step_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle
);

CREATE TABLE project (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  number       integer NOT NULL,
  owner_id     uuid NOT NULL,
  title        text NOT NULL,
  body         text NOT NULL,
  minimum      bigint NOT NULL,
  maximum      bigint NOT NULL,
  milestones   jsonb NOT NULL,
  stage        text NOT NULL,
  reason       text NOT NULL,
  granted      bigint NOT NULL DEFAULT 0,
  paid         bigint NOT NULL DEFAULT 0,
  created_at   timestamptz NOT NULL,
  version      integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT project_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle,
  CONSTRAINT project_owner_fkey FOREIGN KEY (community_id, owner_id) REFERENCES member,
  CONSTRAINT project_number_key UNIQUE (community_id, cycle_id, number),
  CONSTRAINT project_asks CHECK (minimum BETWEEN 1 AND maximum),
  CONSTRAINT project_paid CHECK (paid BETWEEN 0 AND granted),
  CONSTRAINT project_stage CHECK (stage IN ('SUBMITTED', 'ELIGIBLE', 'REFUSED', 'WITHDRAWN', 'FUNDED', 'UNFUNDED'))
);

CREATE TABLE budget_ballot (
  community_id uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  receipt      text NOT NULL, -- the only name under which it is published
  choices      jsonb NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, cycle_id, member_id),
  CONSTRAINT budget_ballot_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle,
  CONSTRAINT budget_ballot_receipt_key UNIQUE (community_id, cycle_id, receipt)
);

CREATE TABLE allocation_run (
  community_id uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  run          integer NOT NULL,
  record       jsonb NOT NULL, -- instance, result and commitment, as exported
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, cycle_id, run),
  CONSTRAINT allocation_run_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle
);

CREATE TABLE allocation_contest (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  reason       text NOT NULL,
  same         boolean NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT allocation_contest_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle
);
CREATE INDEX allocation_contest_cycle_idx ON allocation_contest (community_id, cycle_id, at);

CREATE TABLE claim (
  community_id uuid NOT NULL,
  id           uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  project_id   uuid NOT NULL,
  member_id    uuid NOT NULL,
  milestone    integer NOT NULL,
  minutes      bigint NOT NULL,
  proof        text NOT NULL,
  stage        text NOT NULL,
  reason       text NOT NULL,
  approvers    uuid[] NOT NULL,
  transfer_id  uuid,
  created_at   timestamptz NOT NULL,
  version      integer NOT NULL DEFAULT 1,
  PRIMARY KEY (community_id, id),
  CONSTRAINT claim_project_fkey FOREIGN KEY (community_id, project_id) REFERENCES project,
  CONSTRAINT claim_minutes CHECK (minutes > 0),
  CONSTRAINT claim_stage CHECK (stage IN ('CLAIMED', 'PAID', 'DECLINED')),
  CONSTRAINT claim_paid CHECK ((stage = 'PAID') = (transfer_id IS NOT NULL))
);
CREATE INDEX claim_project_idx ON claim (community_id, project_id, created_at);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['cycle', 'cycle_step', 'project', 'budget_ballot', 'allocation_run', 'allocation_contest', 'claim'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY tenant ON %I USING (community_id = NULLIF(current_setting(''hora.community'', true), '''')::uuid)', t);
  END LOOP;
END $$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE ON cycle, project, budget_ballot, claim TO hora_server;
GRANT SELECT, INSERT ON cycle_step, allocation_run, allocation_contest TO hora_server; -- what was counted stays

-- +goose Down
DROP TABLE claim, allocation_contest, allocation_run, budget_ballot, project, cycle_step, cycle;
