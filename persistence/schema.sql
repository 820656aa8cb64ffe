-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What the migrations make of an empty database, to read and review; it is never
-- run. What functions do stands in their migrations, the job runner's own schema
-- is River's. Made by: go test ./persistence -run TestSchemaDump -update

CREATE SCHEMA journal AUTHORIZATION hora_owner;
GRANT USAGE ON SCHEMA journal TO hora_server;

CREATE SCHEMA ledger AUTHORIZATION hora_owner;
GRANT USAGE ON SCHEMA ledger TO hora_server;

CREATE TABLE journal.cursor (
  community_id uuid NOT NULL,
  reader text NOT NULL,
  pos bigint NOT NULL,
  CONSTRAINT cursor_pkey PRIMARY KEY (community_id, reader)
);
ALTER TABLE journal.cursor ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.cursor FORCE ROW LEVEL SECURITY;
CREATE POLICY positions ON journal.cursor FOR SELECT TO PUBLIC USING (true);
CREATE POLICY tenant ON journal.cursor TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON journal.cursor TO hora_server;

CREATE TABLE journal.event (
  community_id uuid NOT NULL,
  pos bigint NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  actor_id uuid NOT NULL,
  subject_id uuid NOT NULL,
  at timestamp with time zone NOT NULL,
  body bytea NOT NULL,
  digest bytea NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT event_pkey PRIMARY KEY (community_id, pos)
);
ALTER TABLE journal.event ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.event FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON journal.event TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX event_staff_idx ON journal.event USING btree (community_id, pos, kind, actor_id, subject_id, at) WHERE (kind = ANY (ARRAY['MEASURE_TAKEN'::text, 'MEASURE_UNDONE'::text, 'MEASURE_HANDED_OVER'::text, 'APPEAL_DECIDED'::text, 'COMPLAINT_ASKED'::text, 'COMPLAINT_GLASS_BROKEN'::text, 'COMPLAINT_CLOSED'::text, 'COMPLAINT_REOPENED'::text, 'MEMBER_ADMITTED'::text, 'MEMBER_DECLINED'::text, 'ROLE_GRANTED'::text, 'ROLE_REVOKED'::text, 'HOUSEHOLD_NOTED'::text, 'VETTING_RECORDED'::text, 'VETTING_WITHDRAWN'::text, 'ORIENTATION_NOTED'::text, 'ADMISSION_SETTLED'::text, 'CARD_GIVEN'::text, 'CARD_TAKEN'::text, 'MEMBER_SUSPENDED'::text, 'MEMBER_REINSTATED'::text, 'MINOR_RECORDED'::text, 'MINOR_REMOVED'::text, 'GUARDIAN_CONSENT_RECORDED'::text, 'GUARDIAN_CONSENT_WITHDRAWN'::text, 'LISTING_APPROVED'::text, 'LISTING_SENT_BACK'::text, 'LISTING_REMOVED'::text, 'LISTING_RESTORED'::text, 'EXCHANGE_RESOLVED'::text, 'TRANSFER_REVERSED'::text, 'TRANSFER_CORRECTED'::text, 'ACCOUNT_LIMITS_SET'::text, 'ACCOUNT_EARMARKED'::text, 'ACCOUNT_ALLOWED_ONCE'::text, 'ACTIVITY_APPROVED'::text, 'ACTIVITY_DECLINED'::text, 'TIME_CHEQUES_UNDONE'::text, 'DUTY_TEMPLATE_MADE'::text, 'DUTY_TEMPLATE_ENDED'::text, 'DUTY_SHIFT_CANCELLED'::text, 'DUTY_DAY_CLOSED'::text, 'DUTY_NOTED'::text, 'DUTY_CORRECTED'::text, 'DUTY_EXTENDED'::text, 'DUTY_LEAVE_DECIDED'::text, 'DUTY_POINTS_GRANTED'::text, 'BADGE_DEFINED'::text, 'BADGE_REVISED'::text, 'BADGE_ISSUED'::text, 'BADGE_REVOKED'::text, 'HOURS_SPONSORED'::text, 'CHARTER_CHANGED'::text, 'ANNOUNCEMENT_MADE'::text, 'SESSION_CANCELLED'::text, 'WEBHOOK_CREATED'::text, 'WEBHOOK_ROTATED'::text, 'WEBHOOK_ENABLED'::text, 'WEBHOOK_REMOVED'::text, 'SUGGESTION_REMOVED'::text]));
GRANT SELECT ON journal.event TO hora_server;

CREATE TABLE journal.head (
  community_id uuid NOT NULL,
  pos bigint NOT NULL DEFAULT 0,
  hash bytea NOT NULL DEFAULT '\x'::bytea,
  CONSTRAINT head_pkey PRIMARY KEY (community_id),
  CONSTRAINT head_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
) WITH (fillfactor=50);
ALTER TABLE journal.head ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.head FORCE ROW LEVEL SECURITY;
CREATE POLICY positions ON journal.head FOR SELECT TO PUBLIC USING (true);
CREATE POLICY tenant ON journal.head TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT SELECT ON journal.head TO hora_server;

CREATE TABLE journal.seal (
  community_id uuid NOT NULL,
  size bigint NOT NULL,
  root bytea NOT NULL,
  note text NOT NULL,
  sealed_at timestamp with time zone NOT NULL,
  CONSTRAINT seal_pkey PRIMARY KEY (community_id, size),
  CONSTRAINT seal_root CHECK ((length(root) = 32)),
  CONSTRAINT seal_size CHECK ((size > 0))
);
ALTER TABLE journal.seal ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.seal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON journal.seal TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT SELECT ON journal.seal TO hora_server;

CREATE TABLE journal.tile (
  community_id uuid NOT NULL,
  level smallint NOT NULL,
  idx bigint NOT NULL,
  hashes bytea NOT NULL,
  CONSTRAINT tile_pkey PRIMARY KEY (community_id, level, idx),
  CONSTRAINT tile_full CHECK ((length(hashes) = 512)),
  CONSTRAINT tile_level CHECK ((((level)::integer % 4) = 0))
);
ALTER TABLE journal.tile ENABLE ROW LEVEL SECURITY;
ALTER TABLE journal.tile FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON journal.tile TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT SELECT ON journal.tile TO hora_server;

CREATE TABLE ledger.account (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  kind ledger.account_kind NOT NULL,
  owner_id uuid,
  purpose text,
  balance ledger.balance NOT NULL DEFAULT 0,
  held ledger.promised NOT NULL DEFAULT 0,
  floor bigint,
  soft_floor bigint,
  ceiling bigint,
  allowance ledger.promised NOT NULL DEFAULT 0,
  seq bigint NOT NULL DEFAULT 0,
  opened_at timestamp with time zone NOT NULL,
  closed_at timestamp with time zone,
  partner_id uuid,
  cap bigint,
  CONSTRAINT account_pkey PRIMARY KEY (community_id, id)
) WITH (fillfactor=70);
ALTER TABLE ledger.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.account FORCE ROW LEVEL SECURITY;
CREATE POLICY crossing ON ledger.account FOR UPDATE TO PUBLIC USING (true) WITH CHECK ((((kind)::text <> 'MIRROR'::text) OR (current_setting('hora.crossing'::text, true) = 'on'::text)));
CREATE POLICY tenant ON ledger.account TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE UNIQUE INDEX account_community_key ON ledger.account USING btree (community_id) WHERE ((kind)::text = 'COMMUNITY'::text);
CREATE UNIQUE INDEX account_owner_key ON ledger.account USING btree (community_id, owner_id) WHERE (owner_id IS NOT NULL);
CREATE UNIQUE INDEX account_partner_key ON ledger.account USING btree (community_id, partner_id) WHERE (partner_id IS NOT NULL);
CREATE UNIQUE INDEX account_pool_key ON ledger.account USING btree (community_id, purpose) WHERE ((kind)::text = 'POOL'::text);
GRANT SELECT ON ledger.account TO hora_server;

CREATE TABLE ledger.entry (
  community_id uuid NOT NULL,
  account_id uuid NOT NULL,
  seq bigint NOT NULL,
  transfer_id uuid NOT NULL,
  minutes bigint NOT NULL,
  balance_after bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT entry_pkey PRIMARY KEY (community_id, account_id, seq),
  CONSTRAINT entry_minutes CHECK ((minutes <> 0))
);
ALTER TABLE ledger.entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.entry TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT SELECT ON ledger.entry TO hora_server;

CREATE TABLE ledger.hold (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  account_id uuid NOT NULL,
  minutes bigint NOT NULL,
  exchange_id uuid NOT NULL,
  state text NOT NULL,
  placed_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  closed_at timestamp with time zone,
  CONSTRAINT hold_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT hold_closed CHECK (((state = 'OPEN'::text) = (closed_at IS NULL))),
  CONSTRAINT hold_minutes CHECK ((minutes > 0)),
  CONSTRAINT hold_state CHECK ((state = ANY (ARRAY['OPEN'::text, 'POSTED'::text, 'RELEASED'::text, 'EXPIRED'::text])))
);
ALTER TABLE ledger.hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.hold FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.hold TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX hold_expiry_idx ON ledger.hold USING btree (community_id, expires_at) WHERE (state = 'OPEN'::text);
CREATE INDEX hold_open_idx ON ledger.hold USING btree (community_id, account_id) WHERE (state = 'OPEN'::text);
GRANT SELECT ON ledger.hold TO hora_server;

CREATE TABLE ledger.limit_change (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  account_id uuid NOT NULL,
  floor bigint,
  soft_floor bigint,
  ceiling bigint,
  allowance bigint,
  reason text NOT NULL,
  actor_id uuid NOT NULL,
  at timestamp with time zone NOT NULL,
  cap bigint,
  CONSTRAINT limit_change_pkey PRIMARY KEY (community_id, id)
);
ALTER TABLE ledger.limit_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.limit_change FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.limit_change TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX limit_change_account_idx ON ledger.limit_change USING btree (community_id, account_id, at);
GRANT SELECT ON ledger.limit_change TO hora_server;

CREATE TABLE ledger.note (
  community_id uuid NOT NULL,
  transfer_id uuid NOT NULL,
  person_id uuid NOT NULL,
  body text NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT note_pkey PRIMARY KEY (community_id, transfer_id, person_id),
  CONSTRAINT note_transfer_fkey FOREIGN KEY (community_id, transfer_id) REFERENCES ledger.transfer(community_id, id)
);
ALTER TABLE ledger.note ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.note FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.note TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON ledger.note TO hora_server;

CREATE TABLE ledger.pair (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  partner_id uuid NOT NULL,
  side text NOT NULL,
  state text NOT NULL,
  account_id uuid NOT NULL,
  partner_account_id uuid NOT NULL,
  minutes bigint NOT NULL,
  transfer_id uuid,
  undo_id uuid,
  reason text,
  actor_id uuid NOT NULL,
  opened_at timestamp with time zone NOT NULL,
  closed_at timestamp with time zone,
  CONSTRAINT pair_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT pair_closed CHECK (((closed_at IS NULL) = (state = 'OPEN'::text))),
  CONSTRAINT pair_minutes CHECK ((minutes > 0)),
  CONSTRAINT pair_partner_is_another CHECK ((partner_id <> community_id)),
  CONSTRAINT pair_provider_decides CHECK (((side = 'RECEIVER'::text) OR (state <> 'OPEN'::text))),
  CONSTRAINT pair_reason CHECK (((reason IS NOT NULL) = (state = 'UNDONE'::text))),
  CONSTRAINT pair_side CHECK ((side = ANY (ARRAY['RECEIVER'::text, 'PROVIDER'::text]))),
  CONSTRAINT pair_state CHECK ((state = ANY (ARRAY['OPEN'::text, 'COMPLETED'::text, 'UNDONE'::text]))),
  CONSTRAINT pair_transfer CHECK (((transfer_id IS NULL) = ((side = 'PROVIDER'::text) AND (state = 'UNDONE'::text)))),
  CONSTRAINT pair_undo CHECK (((undo_id IS NOT NULL) = ((side = 'RECEIVER'::text) AND (state = 'UNDONE'::text))))
);
ALTER TABLE ledger.pair ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.pair FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.pair TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX pair_open_idx ON ledger.pair USING btree (community_id, opened_at, id) WHERE (state = 'OPEN'::text);
CREATE INDEX pair_partner_idx ON ledger.pair USING btree (community_id, partner_id, id);
GRANT SELECT ON ledger.pair TO hora_server;

CREATE TABLE ledger.posting (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  pos bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  crossed boolean NOT NULL DEFAULT false,
  CONSTRAINT posting_pkey PRIMARY KEY (community_id, key)
);
ALTER TABLE ledger.posting ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.posting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.posting TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX posting_at_idx ON ledger.posting USING brin (at) WITH (pages_per_range='16', autosummarize='on');
GRANT SELECT ON ledger.posting TO hora_server;

CREATE TABLE ledger.transfer (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  posting_id uuid NOT NULL,
  kind ledger.transfer_kind NOT NULL,
  minutes bigint NOT NULL,
  debit_id uuid NOT NULL,
  credit_id uuid NOT NULL,
  exchange_id uuid,
  reverses_id uuid,
  at timestamp with time zone NOT NULL,
  CONSTRAINT transfer_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT transfer_minutes CHECK ((minutes > 0)),
  CONSTRAINT transfer_reversal_names_what CHECK ((((kind)::text = 'REVERSAL'::text) = (reverses_id IS NOT NULL))),
  CONSTRAINT transfer_two_accounts CHECK ((debit_id <> credit_id)),
  CONSTRAINT transfer_reverses_fkey FOREIGN KEY (community_id, reverses_id) REFERENCES ledger.transfer(community_id, id)
);
ALTER TABLE ledger.transfer ENABLE ROW LEVEL SECURITY;
ALTER TABLE ledger.transfer FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ledger.transfer TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX transfer_beside_exchange_idx ON ledger.transfer USING btree (community_id, exchange_id) WHERE ((exchange_id IS NOT NULL) AND ((kind)::text <> 'EXCHANGE'::text));
CREATE UNIQUE INDEX transfer_exchange_key ON ledger.transfer USING btree (community_id, exchange_id) WHERE ((kind)::text = 'EXCHANGE'::text);
CREATE UNIQUE INDEX transfer_reverses_key ON ledger.transfer USING btree (community_id, reverses_id) WHERE (reverses_id IS NOT NULL);
GRANT SELECT ON ledger.transfer TO hora_server;

CREATE TABLE public.activity (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  state text NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL,
  charter_version integer NOT NULL,
  compensation text NOT NULL,
  rule text NOT NULL,
  level text NOT NULL,
  minutes bigint NOT NULL,
  credited bigint,
  description text NOT NULL,
  costs text NOT NULL,
  day date NOT NULL,
  logged_by uuid NOT NULL,
  decided_by uuid,
  decided_at timestamp with time zone,
  reason text,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT activity_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT activity_credit CHECK (((credited IS NULL) OR ((state = 'APPROVED'::text) AND (compensation = 'HOURS'::text)))),
  CONSTRAINT activity_decided CHECK (((state = 'LOGGED'::text) = (decided_at IS NULL))),
  CONSTRAINT activity_not_ones_own CHECK ((decided_by <> member_id)),
  CONSTRAINT activity_state CHECK ((state = ANY (ARRAY['LOGGED'::text, 'APPROVED'::text, 'DECLINED'::text]))),
  CONSTRAINT activity_charter_fkey FOREIGN KEY (community_id, charter_version) REFERENCES public.charter(community_id, version),
  CONSTRAINT activity_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT activity_decided_by_fkey FOREIGN KEY (community_id, decided_by) REFERENCES public.member(community_id, id),
  CONSTRAINT activity_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.activity ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.activity FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.activity TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX activity_feed_idx ON public.activity USING btree (community_id, created_at DESC, id DESC);
CREATE INDEX activity_member_idx ON public.activity USING btree (community_id, member_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.activity TO hora_server;

CREATE TABLE public.admission (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  state text NOT NULL,
  statutes integer NOT NULL,
  applied_at timestamp with time zone NOT NULL,
  tacit_at timestamp with time zone NOT NULL,
  decided_at timestamp with time zone,
  decided_by uuid,
  reasons text,
  CONSTRAINT admission_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT admission_decided CHECK (((state = ANY (ARRAY['ADMITTED'::text, 'REFUSED'::text])) = (decided_at IS NOT NULL))),
  CONSTRAINT admission_not_ones_own CHECK ((decided_by <> member_id)),
  CONSTRAINT admission_state CHECK ((state = ANY (ARRAY['LISTED'::text, 'OBJECTED'::text, 'ADMITTED'::text, 'REFUSED'::text]))),
  CONSTRAINT admission_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT admission_decided_by_fkey FOREIGN KEY (community_id, decided_by) REFERENCES public.member(community_id, id),
  CONSTRAINT admission_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.admission ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.admission FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.admission TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX admission_member_idx ON public.admission USING btree (community_id, member_id, applied_at DESC);
CREATE UNIQUE INDEX admission_open_key ON public.admission USING btree (community_id, member_id) WHERE (state = ANY (ARRAY['LISTED'::text, 'OBJECTED'::text]));
GRANT INSERT, SELECT ON public.admission TO hora_server;

CREATE TABLE public.admission_objection (
  community_id uuid NOT NULL,
  admission_id uuid NOT NULL,
  member_id uuid NOT NULL,
  reason text NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT admission_objection_pkey PRIMARY KEY (community_id, admission_id, member_id),
  CONSTRAINT admission_objection_admission_fkey FOREIGN KEY (community_id, admission_id) REFERENCES public.admission(community_id, id),
  CONSTRAINT admission_objection_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.admission_objection ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.admission_objection FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.admission_objection TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.admission_objection TO hora_server;

CREATE TABLE public.allocation_contest (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  member_id uuid NOT NULL,
  reason text NOT NULL,
  same boolean NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT allocation_contest_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT allocation_contest_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id)
);
ALTER TABLE public.allocation_contest ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.allocation_contest FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.allocation_contest TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX allocation_contest_cycle_idx ON public.allocation_contest USING btree (community_id, cycle_id, at);
GRANT INSERT, SELECT ON public.allocation_contest TO hora_server;

CREATE TABLE public.allocation_run (
  community_id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  run integer NOT NULL,
  record jsonb NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT allocation_run_pkey PRIMARY KEY (community_id, cycle_id, run),
  CONSTRAINT allocation_run_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id)
);
ALTER TABLE public.allocation_run ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.allocation_run FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.allocation_run TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.allocation_run TO hora_server;

CREATE TABLE public.announcement (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  audience text NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  member_id uuid NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT announcement_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT announcement_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT announcement_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.announcement ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.announcement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.announcement TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX announcement_idx ON public.announcement USING btree (community_id, at DESC, id DESC);
GRANT INSERT, SELECT ON public.announcement TO hora_server;

CREATE TABLE public.appeal (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  measure_id uuid NOT NULL,
  member_id uuid NOT NULL,
  against_id uuid NOT NULL,
  reason text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  answer_by timestamp with time zone NOT NULL,
  place bigint NOT NULL,
  overdue_at timestamp with time zone,
  outcome text,
  statement text NOT NULL DEFAULT ''::text,
  decided_by uuid,
  decided_at timestamp with time zone,
  CONSTRAINT appeal_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT appeal_once UNIQUE (community_id, measure_id),
  CONSTRAINT appeal_decided_with_reasons CHECK ((((outcome IS NULL) = (decided_by IS NULL)) AND ((outcome IS NULL) = (decided_at IS NULL)) AND ((outcome IS NULL) = (statement = ''::text)))),
  CONSTRAINT appeal_outcome CHECK ((outcome = ANY (ARRAY['UPHELD'::text, 'OVERTURNED'::text]))),
  CONSTRAINT appeal_reasoned CHECK ((reason <> ''::text)),
  CONSTRAINT appeal_somebody_else CHECK (((decided_by <> member_id) AND ((outcome <> 'UPHELD'::text) OR (decided_by <> against_id)))),
  CONSTRAINT appeal_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT appeal_measure_fkey FOREIGN KEY (community_id, measure_id) REFERENCES public.measure(community_id, id),
  CONSTRAINT appeal_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.appeal ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.appeal FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.appeal TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX appeal_place_idx ON public.appeal USING btree (community_id, place, id);
CREATE INDEX appeal_waiting_idx ON public.appeal USING btree (community_id, answer_by, id) WHERE (outcome IS NULL);
GRANT INSERT, SELECT ON public.appeal TO hora_server;

CREATE TABLE public.badge (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  name text NOT NULL,
  description text NOT NULL,
  version integer NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT badge_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT badge_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.badge ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.badge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.badge TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.badge TO hora_server;

CREATE TABLE public.badge_criteria (
  community_id uuid NOT NULL,
  badge_id uuid NOT NULL,
  version integer NOT NULL,
  criteria text NOT NULL,
  valid_days integer NOT NULL,
  written_by uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT badge_criteria_pkey PRIMARY KEY (community_id, badge_id, version),
  CONSTRAINT badge_criteria_badge_fkey FOREIGN KEY (community_id, badge_id) REFERENCES public.badge(community_id, id),
  CONSTRAINT badge_criteria_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.badge_criteria ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.badge_criteria FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.badge_criteria TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.badge_criteria TO hora_server;

CREATE TABLE public.budget_ballot (
  community_id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  member_id uuid NOT NULL,
  receipt text NOT NULL,
  choices jsonb NOT NULL,
  at timestamp with time zone NOT NULL,
  helper_id uuid,
  CONSTRAINT budget_ballot_pkey PRIMARY KEY (community_id, cycle_id, member_id),
  CONSTRAINT budget_ballot_receipt_key UNIQUE (community_id, cycle_id, receipt),
  CONSTRAINT budget_ballot_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id),
  CONSTRAINT budget_ballot_helper_fkey FOREIGN KEY (community_id, helper_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.budget_ballot ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.budget_ballot FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.budget_ballot TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON public.budget_ballot TO hora_server;

CREATE TABLE public.bulk_outcome (
  community_id uuid NOT NULL,
  run_id uuid NOT NULL,
  member_id uuid NOT NULL,
  code text NOT NULL DEFAULT ''::text,
  state text NOT NULL DEFAULT ''::text,
  noted_at timestamp with time zone NOT NULL,
  CONSTRAINT bulk_outcome_pkey PRIMARY KEY (community_id, run_id, member_id),
  CONSTRAINT bulk_outcome_state_of_a_refusal CHECK (((code <> ''::text) OR (state = ''::text))),
  CONSTRAINT bulk_outcome_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT bulk_outcome_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.bulk_outcome ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.bulk_outcome FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.bulk_outcome TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX bulk_outcome_age_idx ON public.bulk_outcome USING btree (community_id, noted_at);
GRANT DELETE, INSERT, SELECT ON public.bulk_outcome TO hora_server;

CREATE TABLE public.card (
  person_id uuid NOT NULL,
  handle text NOT NULL,
  pin_hash text NOT NULL,
  secret_hash bytea NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  given_at timestamp with time zone NOT NULL,
  CONSTRAINT card_pkey PRIMARY KEY (person_id),
  CONSTRAINT card_handle_key UNIQUE (handle),
  CONSTRAINT card_secret_key UNIQUE (secret_hash),
  CONSTRAINT card_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.card TO hora_server;

CREATE TABLE public.ceremony (
  id uuid NOT NULL,
  person_id uuid,
  name text NOT NULL,
  state bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT ceremony_pkey PRIMARY KEY (id),
  CONSTRAINT ceremony_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
CREATE INDEX ceremony_age_idx ON public.ceremony USING btree (created_at);
GRANT DELETE, INSERT, SELECT ON public.ceremony TO hora_server;

CREATE TABLE public.charter (
  community_id uuid NOT NULL,
  version integer NOT NULL,
  body jsonb NOT NULL,
  effective_from timestamp with time zone NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by uuid,
  id uuid NOT NULL DEFAULT gen_random_uuid(),
  reason text NOT NULL DEFAULT ''::text,
  decision_id uuid,
  carries integer NOT NULL DEFAULT 0,
  CONSTRAINT charter_pkey PRIMARY KEY (community_id, version),
  CONSTRAINT charter_id_key UNIQUE (community_id, id),
  CONSTRAINT charter_by_somebody CHECK (((created_by IS NOT NULL) OR (decision_id IS NOT NULL))),
  CONSTRAINT charter_carries_earlier CHECK ((carries < version)),
  CONSTRAINT charter_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.charter ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.charter FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.charter TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.charter TO hora_server;

CREATE TABLE public.cheque_batch (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  cheques integer NOT NULL,
  minutes bigint NOT NULL,
  entered_by uuid NOT NULL,
  entered_at timestamp with time zone NOT NULL,
  undone_by uuid,
  undone_at timestamp with time zone,
  undo_reason text,
  CONSTRAINT cheque_batch_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT cheque_batch_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT cheque_batch_entered_by_fkey FOREIGN KEY (community_id, entered_by) REFERENCES public.member(community_id, id),
  CONSTRAINT cheque_batch_undone_by_fkey FOREIGN KEY (community_id, undone_by) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.cheque_batch ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cheque_batch FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.cheque_batch TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX cheque_batch_feed_idx ON public.cheque_batch USING btree (community_id, entered_at DESC, id DESC);
GRANT INSERT, SELECT ON public.cheque_batch TO hora_server;

CREATE TABLE public.claim (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  project_id uuid NOT NULL,
  member_id uuid NOT NULL,
  milestone integer NOT NULL,
  minutes bigint NOT NULL,
  proof text NOT NULL,
  stage text NOT NULL,
  reason text NOT NULL,
  approvers uuid[] NOT NULL,
  transfer_id uuid,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  approvals integer NOT NULL DEFAULT 0,
  filed_by uuid,
  CONSTRAINT claim_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT claim_approvals CHECK (((approvals >= 0) AND (approvals <= 7))),
  CONSTRAINT claim_minutes CHECK ((minutes > 0)),
  CONSTRAINT claim_paid CHECK (((stage = 'PAID'::text) = (transfer_id IS NOT NULL))),
  CONSTRAINT claim_stage CHECK ((stage = ANY (ARRAY['CLAIMED'::text, 'PAID'::text, 'DECLINED'::text]))),
  CONSTRAINT claim_filed_by_fkey FOREIGN KEY (community_id, filed_by) REFERENCES public.member(community_id, id),
  CONSTRAINT claim_project_fkey FOREIGN KEY (community_id, project_id) REFERENCES public.project(community_id, id)
);
ALTER TABLE public.claim ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.claim FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.claim TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX claim_project_idx ON public.claim USING btree (community_id, project_id, created_at);
GRANT INSERT, SELECT, UPDATE ON public.claim TO hora_server;

CREATE TABLE public.community (
  id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  preset text NOT NULL,
  locale text NOT NULL,
  time_zone text NOT NULL,
  latitude double precision,
  longitude double precision,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT community_pkey PRIMARY KEY (id),
  CONSTRAINT community_slug_key UNIQUE (slug),
  CONSTRAINT community_place_whole CHECK (((latitude IS NULL) = (longitude IS NULL)))
);
GRANT INSERT, SELECT, UPDATE ON public.community TO hora_server;

CREATE TABLE public.complaint (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  by_id uuid NOT NULL,
  about_id uuid,
  details text NOT NULL,
  may_name boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT complaint_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT complaint_about_another CHECK ((about_id <> by_id)),
  CONSTRAINT complaint_about_fkey FOREIGN KEY (community_id, about_id) REFERENCES public.member(community_id, id),
  CONSTRAINT complaint_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES public.member(community_id, id),
  CONSTRAINT complaint_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.complaint ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.complaint FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.complaint TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX complaint_idx ON public.complaint USING btree (community_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.complaint TO hora_server;

CREATE TABLE public.complaint_closing (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  complaint_id uuid NOT NULL,
  turn integer NOT NULL,
  officer_id uuid NOT NULL,
  outcome text,
  statement text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT complaint_closing_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT complaint_closing_turn UNIQUE (community_id, complaint_id, turn),
  CONSTRAINT complaint_closing_in_turn CHECK (((turn > 0) AND (((turn % 2) = 1) = (outcome IS NOT NULL)))),
  CONSTRAINT complaint_closing_outcome CHECK ((outcome = ANY (ARRAY['FOUNDED'::text, 'UNFOUNDED'::text, 'SETTLED'::text, 'WITHDRAWN'::text]))),
  CONSTRAINT complaint_closing_said CHECK ((statement <> ''::text)),
  CONSTRAINT complaint_closing_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT complaint_closing_complaint_fkey FOREIGN KEY (community_id, complaint_id) REFERENCES public.complaint(community_id, id),
  CONSTRAINT complaint_closing_officer_fkey FOREIGN KEY (community_id, officer_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.complaint_closing ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.complaint_closing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.complaint_closing TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.complaint_closing TO hora_server;

CREATE TABLE public.complaint_opening (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  complaint_id uuid NOT NULL,
  officer_id uuid NOT NULL,
  reason text NOT NULL,
  alone boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT complaint_opening_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT complaint_opening_for_a_reason CHECK ((reason <> ''::text)),
  CONSTRAINT complaint_opening_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT complaint_opening_complaint_fkey FOREIGN KEY (community_id, complaint_id) REFERENCES public.complaint(community_id, id),
  CONSTRAINT complaint_opening_officer_fkey FOREIGN KEY (community_id, officer_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.complaint_opening ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.complaint_opening FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.complaint_opening TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX complaint_opening_idx ON public.complaint_opening USING btree (community_id, complaint_id, created_at);
GRANT INSERT, SELECT ON public.complaint_opening TO hora_server;

CREATE TABLE public.contribution (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  partner_id uuid,
  kind text NOT NULL,
  minutes bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  noted_at timestamp with time zone NOT NULL,
  pos bigint NOT NULL,
  source_id uuid NOT NULL,
  undoes uuid,
  CONSTRAINT contribution_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT contribution_kind CHECK ((kind = ANY (ARRAY['EXCHANGE'::text, 'SESSION'::text, 'ACTIVITY'::text, 'DUTY'::text, 'ENDORSEMENT'::text, 'ORIENTATION'::text, 'MANDATE'::text]))),
  CONSTRAINT contribution_minutes CHECK ((minutes >= 0)),
  CONSTRAINT contribution_two_members CHECK ((partner_id <> member_id)),
  CONSTRAINT contribution_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT contribution_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT contribution_partner_fkey FOREIGN KEY (community_id, partner_id) REFERENCES public.member(community_id, id),
  CONSTRAINT contribution_undoes_fkey FOREIGN KEY (community_id, undoes) REFERENCES public.contribution(community_id, id)
);
ALTER TABLE public.contribution ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.contribution FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.contribution TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX contribution_member_idx ON public.contribution USING btree (community_id, member_id, at DESC, id DESC);
CREATE UNIQUE INDEX contribution_undone_once ON public.contribution USING btree (community_id, undoes) WHERE (undoes IS NOT NULL);
CREATE INDEX contribution_window_idx ON public.contribution USING btree (community_id, at);
GRANT INSERT, SELECT ON public.contribution TO hora_server;

CREATE TABLE public.counter (
  community_id uuid NOT NULL,
  name text NOT NULL,
  value integer NOT NULL,
  CONSTRAINT counter_pkey PRIMARY KEY (community_id, name),
  CONSTRAINT counter_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.counter ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.counter FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.counter TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON public.counter TO hora_server;

CREATE TABLE public.cycle (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  title text NOT NULL,
  pool_id uuid NOT NULL,
  account_id uuid NOT NULL,
  envelope bigint NOT NULL,
  method text NOT NULL,
  rule jsonb NOT NULL,
  two_approvers_above bigint NOT NULL,
  calendar jsonb NOT NULL,
  state text NOT NULL,
  next_at timestamp with time zone,
  seed text NOT NULL,
  commitment text NOT NULL,
  roll bigint NOT NULL DEFAULT 0,
  opened_by uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  reminded text NOT NULL DEFAULT ''::text,
  CONSTRAINT cycle_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT cycle_end CHECK (((next_at IS NULL) = (state = ANY (ARRAY['CLOSED'::text, 'CANCELLED'::text])))),
  CONSTRAINT cycle_envelope CHECK ((envelope > 0)),
  CONSTRAINT cycle_state CHECK ((state = ANY (ARRAY['DRAFT'::text, 'OPEN_CALL'::text, 'FEASIBILITY'::text, 'VOTING'::text, 'TALLIED'::text, 'CHALLENGE'::text, 'PAYING'::text, 'REPORTING'::text, 'CLOSED'::text, 'CANCELLED'::text]))),
  CONSTRAINT cycle_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.cycle ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cycle FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.cycle TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX cycle_due_idx ON public.cycle USING btree (community_id, next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX cycle_list_idx ON public.cycle USING btree (community_id, created_at DESC, id DESC);
GRANT INSERT, SELECT, UPDATE ON public.cycle TO hora_server;

CREATE TABLE public.cycle_seat (
  community_id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  member_id uuid NOT NULL,
  CONSTRAINT cycle_seat_pkey PRIMARY KEY (community_id, cycle_id, member_id),
  CONSTRAINT cycle_seat_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id),
  CONSTRAINT cycle_seat_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.cycle_seat ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cycle_seat FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.cycle_seat TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.cycle_seat TO hora_server;

CREATE TABLE public.cycle_step (
  community_id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  step integer NOT NULL,
  state text NOT NULL,
  person_id uuid,
  note text NOT NULL,
  due timestamp with time zone NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT cycle_step_pkey PRIMARY KEY (community_id, cycle_id, step),
  CONSTRAINT cycle_step_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id)
);
ALTER TABLE public.cycle_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.cycle_step FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.cycle_step TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.cycle_step TO hora_server;

CREATE TABLE public.decision (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  type text NOT NULL,
  question text NOT NULL,
  body text NOT NULL,
  options jsonb NOT NULL,
  effect jsonb,
  rules jsonb NOT NULL,
  state text NOT NULL,
  opens_at timestamp with time zone,
  closes_at timestamp with time zone,
  opened_at timestamp with time zone,
  reminded integer NOT NULL DEFAULT 0,
  next_at timestamp with time zone,
  seed text NOT NULL,
  commitment text NOT NULL,
  roll bigint NOT NULL DEFAULT 0,
  by_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  closed_at timestamp with time zone,
  result jsonb,
  failure text NOT NULL DEFAULT ''::text,
  attempts integer NOT NULL DEFAULT 0,
  retry_at timestamp with time zone,
  reason text NOT NULL DEFAULT ''::text,
  outcome text NOT NULL DEFAULT ''::text,
  owner_id uuid,
  review_at timestamp with time zone,
  reviews uuid,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT decision_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT decision_failed CHECK (((state = 'FAILED'::text) = (failure <> ''::text))),
  CONSTRAINT decision_state CHECK ((state = ANY (ARRAY['DRAFT'::text, 'OPEN'::text, 'SECOND_CALL'::text, 'CLOSED'::text, 'EXECUTED'::text, 'FAILED'::text, 'WITHDRAWN'::text]))),
  CONSTRAINT decision_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES public.member(community_id, id),
  CONSTRAINT decision_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT decision_owner_fkey FOREIGN KEY (community_id, owner_id) REFERENCES public.member(community_id, id),
  CONSTRAINT decision_reviews_fkey FOREIGN KEY (community_id, reviews) REFERENCES public.decision(community_id, id)
);
ALTER TABLE public.decision ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.decision TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX decision_due_idx ON public.decision USING btree (community_id, next_at) WHERE (next_at IS NOT NULL);
CREATE INDEX decision_list_idx ON public.decision USING btree (community_id, created_at DESC, id DESC);
GRANT INSERT, SELECT, UPDATE ON public.decision TO hora_server;

CREATE TABLE public.decision_ballot (
  community_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  slot bytea NOT NULL,
  receipt text NOT NULL,
  college text NOT NULL,
  paper jsonb NOT NULL,
  reason text NOT NULL,
  member_id uuid,
  carried boolean NOT NULL DEFAULT false,
  CONSTRAINT decision_ballot_pkey PRIMARY KEY (community_id, decision_id, slot),
  CONSTRAINT decision_ballot_receipt_key UNIQUE (community_id, decision_id, receipt),
  CONSTRAINT decision_ballot_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES public.decision(community_id, id)
);
ALTER TABLE public.decision_ballot ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision_ballot FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.decision_ballot TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT DELETE, INSERT, SELECT ON public.decision_ballot TO hora_server;

CREATE TABLE public.decision_comment (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  decision_id uuid NOT NULL,
  member_id uuid NOT NULL,
  body text NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT decision_comment_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT decision_comment_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES public.decision(community_id, id)
);
ALTER TABLE public.decision_comment ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision_comment FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.decision_comment TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX decision_comment_decision_idx ON public.decision_comment USING btree (community_id, decision_id, at);
GRANT INSERT, SELECT ON public.decision_comment TO hora_server;

CREATE TABLE public.decision_key (
  community_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  key bytea NOT NULL,
  CONSTRAINT decision_key_pkey PRIMARY KEY (community_id, decision_id),
  CONSTRAINT decision_key_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES public.decision(community_id, id)
);
ALTER TABLE public.decision_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.decision_key TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT DELETE, INSERT, SELECT ON public.decision_key TO hora_server;

CREATE TABLE public.decision_receipt (
  community_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  receipt text NOT NULL,
  college text NOT NULL,
  paper jsonb NOT NULL,
  reason text NOT NULL,
  member_id uuid,
  CONSTRAINT decision_receipt_pkey PRIMARY KEY (community_id, decision_id, receipt),
  CONSTRAINT decision_receipt_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES public.decision(community_id, id)
);
ALTER TABLE public.decision_receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision_receipt FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.decision_receipt TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.decision_receipt TO hora_server;

CREATE TABLE public.decision_seat (
  community_id uuid NOT NULL,
  decision_id uuid NOT NULL,
  member_id uuid NOT NULL,
  college text NOT NULL DEFAULT ''::text,
  voted boolean NOT NULL DEFAULT false,
  conflict text NOT NULL DEFAULT ''::text,
  delegation_id uuid,
  CONSTRAINT decision_seat_pkey PRIMARY KEY (community_id, decision_id, member_id),
  CONSTRAINT decision_seat_carried CHECK ((voted OR (delegation_id IS NULL))),
  CONSTRAINT decision_seat_conflict CHECK (((NOT voted) OR (conflict = ''::text))),
  CONSTRAINT decision_seat_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES public.decision(community_id, id),
  CONSTRAINT decision_seat_delegation_fkey FOREIGN KEY (community_id, delegation_id) REFERENCES public.delegation(community_id, id)
);
ALTER TABLE public.decision_seat ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.decision_seat FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.decision_seat TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX decision_seat_delegation_idx ON public.decision_seat USING btree (community_id, delegation_id) WHERE (delegation_id IS NOT NULL);
CREATE INDEX decision_seat_member_idx ON public.decision_seat USING btree (community_id, member_id, decision_id) WHERE ((NOT voted) AND (conflict = ''::text));
GRANT INSERT, SELECT ON public.decision_seat TO hora_server;

CREATE TABLE public.delegation (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  from_id uuid NOT NULL,
  to_id uuid NOT NULL,
  decision_id uuid,
  type text NOT NULL DEFAULT ''::text,
  given_at timestamp with time zone NOT NULL,
  until_at timestamp with time zone,
  ended_at timestamp with time zone,
  CONSTRAINT delegation_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT delegation_parties CHECK ((from_id <> to_id)),
  CONSTRAINT delegation_scope CHECK (((decision_id IS NULL) = (type <> ''::text))),
  CONSTRAINT delegation_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT delegation_decision_fkey FOREIGN KEY (community_id, decision_id) REFERENCES public.decision(community_id, id),
  CONSTRAINT delegation_from_fkey FOREIGN KEY (community_id, from_id) REFERENCES public.member(community_id, id),
  CONSTRAINT delegation_to_fkey FOREIGN KEY (community_id, to_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.delegation ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.delegation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.delegation TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE UNIQUE INDEX delegation_decision_key ON public.delegation USING btree (community_id, from_id, decision_id) WHERE ((ended_at IS NULL) AND (decision_id IS NOT NULL));
CREATE INDEX delegation_from_idx ON public.delegation USING btree (community_id, from_id) WHERE (ended_at IS NULL);
CREATE INDEX delegation_in_decision_idx ON public.delegation USING btree (community_id, decision_id) WHERE (decision_id IS NOT NULL);
CREATE INDEX delegation_in_type_idx ON public.delegation USING btree (community_id, type) WHERE (type <> ''::text);
CREATE INDEX delegation_to_idx ON public.delegation USING btree (community_id, to_id) WHERE (ended_at IS NULL);
GRANT INSERT, SELECT ON public.delegation TO hora_server;

CREATE TABLE public.device_key (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  person_id uuid NOT NULL,
  name text NOT NULL,
  public_key bytea NOT NULL,
  registered_at timestamp with time zone NOT NULL,
  revoked_at timestamp with time zone,
  revoked_by uuid,
  CONSTRAINT device_key_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT device_key_public_key UNIQUE (community_id, public_key),
  CONSTRAINT device_key_size CHECK ((octet_length(public_key) = 32)),
  CONSTRAINT device_key_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT device_key_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.device_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.device_key FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.device_key TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX device_key_member_idx ON public.device_key USING btree (community_id, member_id, registered_at DESC);
GRANT INSERT, SELECT ON public.device_key TO hora_server;

CREATE TABLE public.dormant (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  quiet_since timestamp with time zone NOT NULL,
  state text NOT NULL,
  contacts integer NOT NULL,
  minutes bigint NOT NULL DEFAULT 0,
  next_at timestamp with time zone,
  ended_at timestamp with time zone,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT dormant_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT dormant_contacts CHECK ((contacts >= 1)),
  CONSTRAINT dormant_minutes CHECK (((minutes >= 0) AND ((minutes > 0) = (state = ANY (ARRAY['HELD'::text, 'RETURNED'::text, 'LAPSED'::text]))))),
  CONSTRAINT dormant_open CHECK ((((next_at IS NOT NULL) = (state = ANY (ARRAY['CONTACTED'::text, 'HELD'::text]))) AND ((ended_at IS NULL) = (next_at IS NOT NULL)))),
  CONSTRAINT dormant_state CHECK ((state = ANY (ARRAY['CONTACTED'::text, 'KEPT'::text, 'HELD'::text, 'RETURNED'::text, 'LAPSED'::text]))),
  CONSTRAINT dormant_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT dormant_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.dormant ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.dormant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.dormant TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX dormant_member_idx ON public.dormant USING btree (community_id, member_id, ended_at);
CREATE UNIQUE INDEX dormant_open_key ON public.dormant USING btree (community_id, member_id) WHERE (next_at IS NOT NULL);
GRANT INSERT, SELECT, UPDATE ON public.dormant TO hora_server;

CREATE TABLE public.duty_booking (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  shift_id uuid NOT NULL,
  member_id uuid NOT NULL,
  state text NOT NULL,
  owed boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  noted_by uuid,
  CONSTRAINT duty_booking_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_booking_ended CHECK (((state = 'BOOKED'::text) = (ended_at IS NULL))),
  CONSTRAINT duty_booking_somebody_else CHECK ((noted_by <> member_id)),
  CONSTRAINT duty_booking_state CHECK ((state = ANY (ARRAY['BOOKED'::text, 'ATTENDED'::text, 'EXCUSED'::text, 'MISSED'::text, 'CALLED_OFF'::text, 'SWAPPED'::text]))),
  CONSTRAINT duty_booking_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_booking_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_booking_noted_by_fkey FOREIGN KEY (community_id, noted_by) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_booking_shift_fkey FOREIGN KEY (community_id, shift_id) REFERENCES public.duty_shift(community_id, id)
);
ALTER TABLE public.duty_booking ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_booking FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_booking TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX duty_booking_member_idx ON public.duty_booking USING btree (community_id, member_id) WHERE (state = 'BOOKED'::text);
CREATE UNIQUE INDEX duty_booking_once ON public.duty_booking USING btree (community_id, shift_id, member_id) WHERE (state = ANY (ARRAY['BOOKED'::text, 'ATTENDED'::text]));
CREATE INDEX duty_booking_shift_idx ON public.duty_booking USING btree (community_id, shift_id, created_at, id);
GRANT INSERT, SELECT ON public.duty_booking TO hora_server;

CREATE TABLE public.duty_closure (
  community_id uuid NOT NULL,
  day date NOT NULL,
  reason text NOT NULL,
  by_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT duty_closure_pkey PRIMARY KEY (community_id, day),
  CONSTRAINT duty_closure_reason CHECK ((reason <> ''::text)),
  CONSTRAINT duty_closure_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_closure_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.duty_closure ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_closure FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_closure TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.duty_closure TO hora_server;

CREATE TABLE public.duty_common (
  community_id uuid NOT NULL,
  points integer NOT NULL,
  CONSTRAINT duty_common_pkey PRIMARY KEY (community_id),
  CONSTRAINT duty_common_never_below CHECK ((points >= 0)),
  CONSTRAINT duty_common_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.duty_common ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_common FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_common TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.duty_common TO hora_server;

CREATE TABLE public.duty_entry (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  position integer NOT NULL,
  kind text NOT NULL,
  outcome text,
  points integer NOT NULL,
  balance integer NOT NULL,
  booking_id uuid,
  source_id uuid,
  corrects uuid,
  by_id uuid,
  reason text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT duty_entry_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_entry_corrects_once UNIQUE (community_id, corrects),
  CONSTRAINT duty_entry_position UNIQUE (community_id, member_id, "position"),
  CONSTRAINT duty_entry_source UNIQUE (community_id, member_id, kind, source_id),
  CONSTRAINT duty_entry_correction CHECK ((((kind = 'CORRECTION'::text) = (corrects IS NOT NULL)) AND ((corrects IS NULL) OR (reason <> ''::text)))),
  CONSTRAINT duty_entry_kind CHECK ((kind = ANY (ARRAY['SHIFT'::text, 'CYCLE'::text, 'ACTIVITY'::text, 'CORRECTION'::text, 'GIVEN'::text, 'GRANTED'::text]))),
  CONSTRAINT duty_entry_booking_fkey FOREIGN KEY (community_id, booking_id) REFERENCES public.duty_booking(community_id, id),
  CONSTRAINT duty_entry_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_entry_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_entry_corrects_fkey FOREIGN KEY (community_id, corrects) REFERENCES public.duty_entry(community_id, id),
  CONSTRAINT duty_entry_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.duty_entry ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_entry FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_entry TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.duty_entry TO hora_server;

CREATE TABLE public.duty_extension (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  until_at timestamp with time zone NOT NULL,
  reason text NOT NULL,
  by_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT duty_extension_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_extension_reason CHECK ((reason <> ''::text)),
  CONSTRAINT duty_extension_somebody_else CHECK ((by_id <> member_id)),
  CONSTRAINT duty_extension_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_extension_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_extension_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.duty_extension ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_extension FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_extension TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX duty_extension_member_idx ON public.duty_extension USING btree (community_id, member_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.duty_extension TO hora_server;

CREATE TABLE public.duty_leave (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  from_day date NOT NULL,
  until_day date NOT NULL,
  starts_at timestamp with time zone NOT NULL,
  ends_at timestamp with time zone NOT NULL,
  reason text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  decided_by uuid,
  decided_at timestamp with time zone,
  statement text NOT NULL DEFAULT ''::text,
  CONSTRAINT duty_leave_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_leave_days CHECK (((from_day <= until_day) AND (starts_at <= ends_at))),
  CONSTRAINT duty_leave_declined_for_a_reason CHECK ((((decided_by IS NULL) = (decided_at IS NULL)) AND ((state <> 'DECLINED'::text) OR (statement <> ''::text)))),
  CONSTRAINT duty_leave_kind CHECK ((kind = ANY (ARRAY['ILLNESS'::text, 'PARENTAL'::text, 'CARE'::text, 'AWAY'::text]))),
  CONSTRAINT duty_leave_somebody_else CHECK ((decided_by <> member_id)),
  CONSTRAINT duty_leave_state CHECK ((state = ANY (ARRAY['REQUESTED'::text, 'GRANTED'::text, 'DECLINED'::text, 'ENDED'::text]))),
  CONSTRAINT duty_leave_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_leave_decided_by_fkey FOREIGN KEY (community_id, decided_by) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_leave_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.duty_leave ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_leave FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_leave TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX duty_leave_member_idx ON public.duty_leave USING btree (community_id, member_id, starts_at DESC, id DESC);
CREATE INDEX duty_leave_waiting_idx ON public.duty_leave USING btree (community_id, created_at, id) WHERE (state = 'REQUESTED'::text);
GRANT INSERT, SELECT ON public.duty_leave TO hora_server;

CREATE TABLE public.duty_member (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  template_id uuid,
  standing_from date,
  owes_from date NOT NULL,
  balance integer NOT NULL DEFAULT 0,
  entries integer NOT NULL DEFAULT 0,
  alert_at timestamp with time zone,
  due_at timestamp with time zone,
  told_at timestamp with time zone,
  CONSTRAINT duty_member_pkey PRIMARY KEY (community_id, member_id),
  CONSTRAINT duty_member_behind CHECK ((((alert_at IS NULL) = (due_at IS NULL)) AND ((told_at IS NULL) OR (due_at IS NOT NULL)))),
  CONSTRAINT duty_member_standing CHECK (((template_id IS NULL) = (standing_from IS NULL))),
  CONSTRAINT duty_member_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_member_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_member_template_fkey FOREIGN KEY (community_id, template_id) REFERENCES public.duty_template(community_id, id)
);
ALTER TABLE public.duty_member ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_member FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_member TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX duty_member_due_idx ON public.duty_member USING btree (community_id, due_at) WHERE (due_at IS NOT NULL);
CREATE INDEX duty_member_owes_idx ON public.duty_member USING btree (community_id, owes_from);
CREATE INDEX duty_member_standing_idx ON public.duty_member USING btree (community_id, template_id) WHERE (template_id IS NOT NULL);
GRANT INSERT, SELECT ON public.duty_member TO hora_server;

CREATE TABLE public.duty_shift (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  template_id uuid NOT NULL,
  day date NOT NULL,
  starts_at timestamp with time zone NOT NULL,
  ends_at timestamp with time zone NOT NULL,
  title text NOT NULL,
  place text NOT NULL,
  service_type text NOT NULL,
  places integer NOT NULL,
  lead_id uuid,
  cancelled_at timestamp with time zone,
  reason text NOT NULL DEFAULT ''::text,
  reminded_at timestamp with time zone,
  CONSTRAINT duty_shift_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_shift_once UNIQUE (community_id, template_id, day),
  CONSTRAINT duty_shift_cancelled_for_a_reason CHECK (((cancelled_at IS NULL) = (reason = ''::text))),
  CONSTRAINT duty_shift_ends CHECK (((ends_at > starts_at) AND (places >= 1))),
  CONSTRAINT duty_shift_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_shift_lead_fkey FOREIGN KEY (community_id, lead_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_shift_template_fkey FOREIGN KEY (community_id, template_id) REFERENCES public.duty_template(community_id, id)
);
ALTER TABLE public.duty_shift ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_shift FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_shift TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX duty_shift_day_idx ON public.duty_shift USING btree (community_id, day);
CREATE INDEX duty_shift_end_idx ON public.duty_shift USING btree (community_id, ends_at, id);
GRANT INSERT, SELECT ON public.duty_shift TO hora_server;

CREATE TABLE public.duty_swap (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  booking_id uuid NOT NULL,
  to_id uuid,
  state text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  taken_by uuid,
  for_id uuid,
  done_at timestamp with time zone,
  CONSTRAINT duty_swap_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_swap_somebody_else CHECK (((to_id <> member_id) AND (taken_by <> member_id))),
  CONSTRAINT duty_swap_state CHECK (((state = ANY (ARRAY['OPEN'::text, 'DONE'::text, 'WITHDRAWN'::text])) AND ((state = 'DONE'::text) = (taken_by IS NOT NULL)) AND ((state = 'DONE'::text) = (done_at IS NOT NULL)))),
  CONSTRAINT duty_swap_booking_fkey FOREIGN KEY (community_id, booking_id) REFERENCES public.duty_booking(community_id, id),
  CONSTRAINT duty_swap_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_swap_for_fkey FOREIGN KEY (community_id, for_id) REFERENCES public.duty_booking(community_id, id),
  CONSTRAINT duty_swap_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_swap_taken_by_fkey FOREIGN KEY (community_id, taken_by) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_swap_to_fkey FOREIGN KEY (community_id, to_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.duty_swap ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_swap FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_swap TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE UNIQUE INDEX duty_swap_open_once ON public.duty_swap USING btree (community_id, booking_id) WHERE (state = 'OPEN'::text);
GRANT INSERT, SELECT ON public.duty_swap TO hora_server;

CREATE TABLE public.duty_template (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  title text NOT NULL,
  place text NOT NULL,
  week integer NOT NULL,
  weekday integer NOT NULL,
  hour integer NOT NULL,
  minute integer NOT NULL,
  length bigint NOT NULL,
  places integer NOT NULL,
  service_type text NOT NULL,
  lead_id uuid,
  made_by uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  CONSTRAINT duty_template_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT duty_template_size CHECK (((length >= 1) AND (places >= 1))),
  CONSTRAINT duty_template_turn CHECK (((week >= 1) AND ((weekday >= 1) AND (weekday <= 7)) AND ((hour >= 0) AND (hour <= 23)) AND ((minute >= 0) AND (minute <= 59)))),
  CONSTRAINT duty_template_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT duty_template_lead_fkey FOREIGN KEY (community_id, lead_id) REFERENCES public.member(community_id, id),
  CONSTRAINT duty_template_made_by_fkey FOREIGN KEY (community_id, made_by) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.duty_template ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.duty_template FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.duty_template TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.duty_template TO hora_server;

CREATE TABLE public.endorsement (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  giver_id uuid NOT NULL,
  member_id uuid NOT NULL,
  service_type text NOT NULL,
  exchange_id uuid NOT NULL,
  hidden boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  withdrawn_at timestamp with time zone,
  CONSTRAINT endorsement_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT endorsement_two_members CHECK ((giver_id <> member_id)),
  CONSTRAINT endorsement_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT endorsement_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES public.exchange(community_id, id),
  CONSTRAINT endorsement_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES public.member(community_id, id),
  CONSTRAINT endorsement_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.endorsement ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.endorsement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.endorsement TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX endorsement_member_idx ON public.endorsement USING btree (community_id, member_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX endorsement_once ON public.endorsement USING btree (community_id, giver_id, member_id, service_type) WHERE (withdrawn_at IS NULL);
GRANT INSERT, SELECT ON public.endorsement TO hora_server;

CREATE TABLE public.evaluation (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  day date NOT NULL,
  policy_version integer NOT NULL,
  was text NOT NULL,
  became text NOT NULL,
  exchanges integer NOT NULL,
  partners integer NOT NULL,
  months integer NOT NULL,
  given bigint NOT NULL,
  associative bigint NOT NULL,
  endorsements integer NOT NULL,
  evaluated_at timestamp with time zone NOT NULL,
  CONSTRAINT evaluation_pkey PRIMARY KEY (community_id, member_id, day),
  CONSTRAINT evaluation_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT evaluation_policy_fkey FOREIGN KEY (community_id, policy_version) REFERENCES public.charter(community_id, version)
);
ALTER TABLE public.evaluation ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.evaluation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.evaluation TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.evaluation TO hora_server;

CREATE TABLE public.exchange (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer NOT NULL,
  state text NOT NULL,
  provider_id uuid NOT NULL,
  receiver_id uuid NOT NULL,
  listing_id uuid,
  service_type text NOT NULL,
  level text NOT NULL,
  terms_version integer NOT NULL,
  terms_by uuid NOT NULL,
  estimated bigint NOT NULL,
  travel bigint NOT NULL,
  preparation bigint NOT NULL,
  scheduled_at timestamp with time zone,
  place text NOT NULL,
  costs text NOT NULL,
  message text NOT NULL,
  typed bigint,
  actual bigint,
  done_by uuid,
  done_at timestamp with time zone,
  answered bigint,
  settled bigint,
  hold_id uuid,
  expires_at timestamp with time zone,
  confirm_at timestamp with time zone,
  reminded integer NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT exchange_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT exchange_number_key UNIQUE (community_id, number),
  CONSTRAINT exchange_confirmed_is_settled CHECK (((state = 'CONFIRMED'::text) = (settled IS NOT NULL))),
  CONSTRAINT exchange_state CHECK ((state = ANY (ARRAY['PROPOSED'::text, 'ACCEPTED'::text, 'DONE'::text, 'CONFIRMED'::text, 'DECLINED'::text, 'CANCELLED'::text, 'EXPIRED'::text, 'DISPUTED'::text]))),
  CONSTRAINT exchange_two_sides CHECK ((provider_id <> receiver_id)),
  CONSTRAINT exchange_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT exchange_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES public.listing(community_id, id),
  CONSTRAINT exchange_provider_fkey FOREIGN KEY (community_id, provider_id) REFERENCES public.member(community_id, id),
  CONSTRAINT exchange_receiver_fkey FOREIGN KEY (community_id, receiver_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.exchange ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.exchange FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.exchange TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX exchange_confirm_idx ON public.exchange USING btree (community_id, confirm_at) WHERE (state = 'DONE'::text);
CREATE INDEX exchange_expiry_idx ON public.exchange USING btree (community_id, expires_at) WHERE (state = 'PROPOSED'::text);
CREATE INDEX exchange_feed_idx ON public.exchange USING btree (community_id, created_at DESC, id DESC);
CREATE INDEX exchange_provider_idx ON public.exchange USING btree (community_id, provider_id, created_at DESC, id DESC);
CREATE INDEX exchange_receiver_idx ON public.exchange USING btree (community_id, receiver_id, created_at DESC, id DESC);
GRANT INSERT, SELECT, UPDATE ON public.exchange TO hora_server;

CREATE TABLE public.exchange_step (
  community_id uuid NOT NULL,
  exchange_id uuid NOT NULL,
  step integer NOT NULL,
  state text NOT NULL,
  action text NOT NULL,
  member_id uuid,
  person_id uuid,
  minutes bigint,
  note text NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT exchange_step_pkey PRIMARY KEY (community_id, exchange_id, step),
  CONSTRAINT exchange_step_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES public.exchange(community_id, id)
);
ALTER TABLE public.exchange_step ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.exchange_step FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.exchange_step TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.exchange_step TO hora_server;

CREATE TABLE public.field_usage (
  field text NOT NULL,
  day date NOT NULL,
  client text NOT NULL,
  release text NOT NULL,
  uses bigint NOT NULL,
  CONSTRAINT field_usage_pkey PRIMARY KEY (field, day, client, release)
);
CREATE INDEX field_usage_day_idx ON public.field_usage USING btree (day);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.field_usage TO hora_server;

CREATE TABLE public.governance_act (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  was text NOT NULL,
  became text NOT NULL,
  basis text NOT NULL,
  reference uuid NOT NULL,
  person_id uuid,
  at timestamp with time zone NOT NULL,
  CONSTRAINT governance_act_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT governance_act_asked CHECK (((basis <> 'OWN_REQUEST'::text) OR (person_id IS NOT NULL))),
  CONSTRAINT governance_act_basis CHECK ((basis = ANY (ARRAY['OWN_REQUEST'::text, 'TACIT'::text, 'DECISION'::text, 'REDEEMED'::text]))),
  CONSTRAINT governance_act_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.governance_act ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.governance_act FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.governance_act TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT SELECT ON public.governance_act TO hora_server;

CREATE TABLE public.group_session (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  state text NOT NULL,
  host_id uuid NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  service_type text NOT NULL,
  starts_at timestamp with time zone NOT NULL,
  place text NOT NULL,
  capacity integer NOT NULL,
  bearer text NOT NULL,
  preparation bigint NOT NULL,
  animation bigint NOT NULL,
  moved bigint,
  reason text,
  created_at timestamp with time zone NOT NULL,
  settled_at timestamp with time zone,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT group_session_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT group_session_bearer CHECK ((bearer = ANY (ARRAY['PARTICIPANTS'::text, 'COMMUNITY'::text]))),
  CONSTRAINT group_session_capacity CHECK (((capacity >= 1) AND (capacity <= 200))),
  CONSTRAINT group_session_settled CHECK (((state = 'SETTLED'::text) = ((moved IS NOT NULL) AND (settled_at IS NOT NULL)))),
  CONSTRAINT group_session_state CHECK ((state = ANY (ARRAY['SCHEDULED'::text, 'SETTLED'::text, 'CANCELLED'::text]))),
  CONSTRAINT group_session_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT group_session_host_fkey FOREIGN KEY (community_id, host_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.group_session ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.group_session FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.group_session TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX group_session_calendar_idx ON public.group_session USING btree (community_id, starts_at DESC, id DESC);
GRANT INSERT, SELECT, UPDATE ON public.group_session TO hora_server;

CREATE TABLE public.helper (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  helper_id uuid NOT NULL,
  consent text NOT NULL,
  given_by uuid NOT NULL,
  from_at timestamp with time zone NOT NULL,
  until_at timestamp with time zone NOT NULL,
  withdrawn_at timestamp with time zone,
  CONSTRAINT helper_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT helper_another CHECK ((helper_id <> member_id)),
  CONSTRAINT helper_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT helper_helper_fkey FOREIGN KEY (community_id, helper_id) REFERENCES public.member(community_id, id),
  CONSTRAINT helper_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.helper ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.helper FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.helper TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX helper_helper_idx ON public.helper USING btree (community_id, helper_id) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX helper_standing_key ON public.helper USING btree (community_id, member_id, helper_id) WHERE (withdrawn_at IS NULL);
GRANT INSERT, SELECT ON public.helper TO hora_server;

CREATE TABLE public.household (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  household_id uuid NOT NULL,
  since timestamp with time zone NOT NULL,
  CONSTRAINT household_pkey PRIMARY KEY (community_id, member_id),
  CONSTRAINT household_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT household_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.household ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.household FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.household TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX household_idx ON public.household USING btree (community_id, household_id);
GRANT INSERT, SELECT, UPDATE ON public.household TO hora_server;

CREATE TABLE public.idempotency (
  community_id uuid NOT NULL,
  person_id uuid NOT NULL,
  key text NOT NULL,
  fingerprint bytea NOT NULL,
  result_id uuid,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT idempotency_pkey PRIMARY KEY (community_id, person_id, key)
);
ALTER TABLE public.idempotency ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.idempotency FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.idempotency TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX idempotency_age_idx ON public.idempotency USING btree (community_id, created_at);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.idempotency TO hora_server;

CREATE TABLE public.issued_badge (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  badge_id uuid NOT NULL,
  version integer NOT NULL,
  giver_id uuid NOT NULL,
  member_id uuid NOT NULL,
  evidence text NOT NULL,
  status_index integer NOT NULL,
  hidden boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  revoked_by uuid,
  revoke_reason text NOT NULL DEFAULT ''::text,
  CONSTRAINT issued_badge_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT issued_badge_status_key UNIQUE (community_id, status_index),
  CONSTRAINT issued_badge_evidence CHECK ((evidence <> ''::text)),
  CONSTRAINT issued_badge_revoked_for_a_reason CHECK ((((revoked_at IS NULL) = (revoke_reason = ''::text)) AND ((revoked_at IS NULL) = (revoked_by IS NULL)))),
  CONSTRAINT issued_badge_two_members CHECK ((giver_id <> member_id)),
  CONSTRAINT issued_badge_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT issued_badge_criteria_fkey FOREIGN KEY (community_id, badge_id, version) REFERENCES public.badge_criteria(community_id, badge_id, version),
  CONSTRAINT issued_badge_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES public.member(community_id, id),
  CONSTRAINT issued_badge_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.issued_badge ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.issued_badge FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.issued_badge TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX issued_badge_member_idx ON public.issued_badge USING btree (community_id, member_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.issued_badge TO hora_server;

CREATE TABLE public.job_period (
  community_id uuid NOT NULL,
  job text NOT NULL,
  period text NOT NULL,
  done_at timestamp with time zone NOT NULL,
  result jsonb NOT NULL,
  CONSTRAINT job_period_pkey PRIMARY KEY (community_id, job, period),
  CONSTRAINT job_period_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.job_period ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.job_period FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.job_period TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON public.job_period TO hora_server;

CREATE TABLE public.listing (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  service_type text NOT NULL,
  level text NOT NULL,
  language text NOT NULL,
  latitude double precision,
  longitude double precision,
  radius_km integer,
  remote boolean NOT NULL,
  availability text[] NOT NULL,
  visibility text NOT NULL,
  state text NOT NULL,
  published_at timestamp with time zone,
  expires_at timestamp with time zone,
  met_at timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  words text NOT NULL,
  version integer NOT NULL DEFAULT 1,
  search tsvector GENERATED ALWAYS AS (to_tsvector(public.search_config(language), words)) STORED,
  CONSTRAINT listing_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT listing_kind CHECK ((kind = ANY (ARRAY['OFFER'::text, 'REQUEST'::text]))),
  CONSTRAINT listing_level CHECK ((level = ANY (ARRAY['INDIVIDUAL'::text, 'COLLECTIVE'::text, 'ASSOCIATIVE'::text]))),
  CONSTRAINT listing_place_whole CHECK (((latitude IS NULL) = (longitude IS NULL))),
  CONSTRAINT listing_state CHECK ((state = ANY (ARRAY['DRAFT'::text, 'PENDING_REVIEW'::text, 'PUBLISHED'::text, 'PAUSED'::text, 'MET'::text, 'EXPIRED'::text, 'ARCHIVED'::text, 'REMOVED'::text]))),
  CONSTRAINT listing_visibility CHECK ((visibility = ANY (ARRAY['COMMUNITY'::text, 'PARTNERS'::text, 'PUBLIC'::text]))),
  CONSTRAINT listing_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT listing_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.listing ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.listing FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.listing TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX listing_expiry_idx ON public.listing USING btree (community_id, expires_at) WHERE (state = 'PUBLISHED'::text);
CREATE INDEX listing_feed_idx ON public.listing USING btree (community_id, state, published_at DESC, id DESC);
CREATE INDEX listing_member_idx ON public.listing USING btree (community_id, member_id, created_at DESC, id DESC);
CREATE INDEX listing_place_idx ON public.listing USING btree (community_id, latitude, longitude) WHERE (state = 'PUBLISHED'::text);
CREATE INDEX listing_type_idx ON public.listing USING btree (community_id, service_type text_pattern_ops) WHERE (state = 'PUBLISHED'::text);
GRANT INSERT, SELECT, UPDATE ON public.listing TO hora_server;

CREATE TABLE public.listing_review (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  listing_id uuid NOT NULL,
  step text NOT NULL,
  by_id uuid NOT NULL,
  reason text NOT NULL,
  title text NOT NULL,
  description text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT listing_review_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT listing_review_step CHECK ((step = ANY (ARRAY['SENT_BACK'::text, 'FILED_AGAIN'::text, 'APPROVED'::text]))),
  CONSTRAINT listing_review_with_a_reason CHECK (((step = 'SENT_BACK'::text) = (reason <> ''::text))),
  CONSTRAINT listing_review_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES public.member(community_id, id),
  CONSTRAINT listing_review_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT listing_review_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES public.listing(community_id, id)
);
ALTER TABLE public.listing_review ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.listing_review FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.listing_review TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX listing_review_idx ON public.listing_review USING btree (community_id, listing_id, created_at, id);
GRANT INSERT, SELECT ON public.listing_review TO hora_server;

CREATE TABLE public.measure (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  report_id uuid NOT NULL,
  member_id uuid NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  action text NOT NULL,
  rule text NOT NULL,
  statement text NOT NULL,
  decided_by uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  until_at timestamp with time zone,
  before_state text NOT NULL,
  ended_at timestamp with time zone,
  ended_by uuid,
  end_reason text NOT NULL DEFAULT ''::text,
  limits text[] NOT NULL DEFAULT '{}'::text[],
  handed_over_at timestamp with time zone,
  handed_over_by uuid,
  CONSTRAINT measure_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT measure_report_once UNIQUE (community_id, report_id),
  CONSTRAINT measure_handed_over CHECK ((((handed_over_at IS NULL) = (handed_over_by IS NULL)) AND (handed_over_by IS DISTINCT FROM member_id))),
  CONSTRAINT measure_limits CHECK ((((action = 'LIMIT'::text) = (limits <> '{}'::text[])) AND ((action <> 'LIMIT'::text) OR (until_at IS NOT NULL)))),
  CONSTRAINT measure_somebody_else CHECK ((decided_by <> member_id)),
  CONSTRAINT measure_stated CHECK (((statement <> ''::text) AND (rule <> ''::text))),
  CONSTRAINT measure_undone_for_a_reason CHECK ((((ended_by IS NULL) = (end_reason = ''::text)) AND ((ended_by IS NULL) OR (ended_at IS NOT NULL)))),
  CONSTRAINT measure_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT measure_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT measure_report_fkey FOREIGN KEY (community_id, report_id) REFERENCES public.report(community_id, id)
);
ALTER TABLE public.measure ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.measure FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.measure TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX measure_lapsed_idx ON public.measure USING btree (community_id, created_at DESC, id DESC) WHERE ((ended_at IS NOT NULL) AND (ended_by IS NULL));
CREATE INDEX measure_member_idx ON public.measure USING btree (community_id, member_id, created_at DESC, id DESC);
CREATE INDEX measure_newest_idx ON public.measure USING btree (community_id, created_at DESC, id DESC);
CREATE INDEX measure_said_idx ON public.measure USING btree (community_id, subject_id) WHERE ((subject_kind = ANY (ARRAY['MESSAGE'::text, 'COMMENT'::text])) AND (action = ANY (ARRAY['HIDE'::text, 'REMOVE'::text])) AND (ended_at IS NULL));
CREATE INDEX measure_standing_idx ON public.measure USING btree (community_id, created_at DESC, id DESC) WHERE (ended_at IS NULL);
CREATE INDEX measure_undone_idx ON public.measure USING btree (community_id, created_at DESC, id DESC) WHERE (ended_by IS NOT NULL);
CREATE INDEX measure_until_idx ON public.measure USING btree (community_id, until_at) WHERE ((ended_at IS NULL) AND (until_at IS NOT NULL));
GRANT INSERT, SELECT ON public.measure TO hora_server;

CREATE TABLE public.member (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer,
  kind text NOT NULL,
  person_id uuid,
  display_name text NOT NULL,
  email text,
  participation text NOT NULL,
  capital text NOT NULL DEFAULT 'NONE'::text,
  governance text NOT NULL DEFAULT 'GUEST'::text,
  message text NOT NULL DEFAULT ''::text,
  orientation boolean NOT NULL DEFAULT false,
  applied_at timestamp with time zone NOT NULL,
  admitted_at timestamp with time zone,
  resumes_as text,
  left_at timestamp with time zone,
  decline_reason text,
  version integer NOT NULL DEFAULT 1,
  grace_until timestamp with time zone,
  limits jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT member_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT member_number_key UNIQUE (community_id, number),
  CONSTRAINT member_admitted_has_number CHECK (((admitted_at IS NULL) = (number IS NULL))),
  CONSTRAINT member_capital CHECK ((capital = ANY (ARRAY['NONE'::text, 'PENDING'::text, 'INVESTOR'::text, 'FULL'::text, 'REDEEMING'::text, 'REDEEMED'::text]))),
  CONSTRAINT member_governance CHECK ((governance = ANY (ARRAY['GUEST'::text, 'VOICE'::text, 'CANDIDATE'::text, 'VOTER'::text, 'MANDATED'::text, 'LEAVING'::text, 'FORMER'::text, 'EXCLUDED'::text]))),
  CONSTRAINT member_kind CHECK ((kind = ANY (ARRAY['PERSON'::text, 'HOUSEHOLD'::text, 'ORGANISATION'::text]))),
  CONSTRAINT member_participation CHECK ((participation = ANY (ARRAY['APPLICANT'::text, 'NEWCOMER'::text, 'ACTIVE'::text, 'ENGAGED'::text, 'AT_RISK'::text, 'DORMANT'::text, 'PAUSED'::text, 'SUSPENDED'::text, 'LEFT'::text, 'DECLINED'::text]))),
  CONSTRAINT member_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT member_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
ALTER TABLE public.member ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.member FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.member TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX member_admitted_idx ON public.member USING btree (community_id, admitted_at);
CREATE INDEX member_list_idx ON public.member USING btree (community_id, participation, id);
CREATE UNIQUE INDEX member_person_key ON public.member USING btree (community_id, person_id) WHERE (participation <> ALL (ARRAY['LEFT'::text, 'DECLINED'::text]));
GRANT INSERT, SELECT ON public.member TO hora_server;

CREATE TABLE public.member_block (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  blocked_id uuid NOT NULL,
  since timestamp with time zone NOT NULL,
  CONSTRAINT member_block_pkey PRIMARY KEY (community_id, member_id, blocked_id),
  CONSTRAINT member_block_another CHECK ((member_id <> blocked_id)),
  CONSTRAINT member_block_blocked_fkey FOREIGN KEY (community_id, blocked_id) REFERENCES public.member(community_id, id),
  CONSTRAINT member_block_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT member_block_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.member_block ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.member_block FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.member_block TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX member_block_blocked_idx ON public.member_block USING btree (community_id, blocked_id, member_id);
GRANT DELETE, INSERT, SELECT ON public.member_block TO hora_server;

CREATE TABLE public.message (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  thread_id uuid NOT NULL,
  number integer NOT NULL,
  sender_id uuid NOT NULL,
  typist_id uuid NOT NULL,
  body text NOT NULL,
  sent_at timestamp with time zone NOT NULL,
  CONSTRAINT message_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT message_number_key UNIQUE (community_id, thread_id, number),
  CONSTRAINT message_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT message_sender_fkey FOREIGN KEY (community_id, sender_id) REFERENCES public.member(community_id, id),
  CONSTRAINT message_thread_fkey FOREIGN KEY (community_id, thread_id) REFERENCES public.thread(community_id, id),
  CONSTRAINT message_typist_id_fkey FOREIGN KEY (typist_id) REFERENCES public.person(id)
);
ALTER TABLE public.message ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.message FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.message TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.message TO hora_server;

CREATE TABLE public.milestone (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  reached text NOT NULL,
  hidden boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT milestone_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT milestone_once UNIQUE (community_id, member_id, reached),
  CONSTRAINT milestone_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT milestone_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.milestone ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.milestone FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.milestone TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.milestone TO hora_server;

CREATE TABLE public.minor (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  comes_of_age_on date NOT NULL,
  of_age_at timestamp with time zone NOT NULL,
  noted_at timestamp with time zone NOT NULL,
  guardian_id uuid,
  guardian_name text NOT NULL DEFAULT ''::text,
  covers text NOT NULL DEFAULT ''::text,
  seen_by uuid,
  seen_on date,
  consented_at timestamp with time zone,
  withdrawn_at timestamp with time zone,
  withdrawn_by uuid,
  withdraw_reason text NOT NULL DEFAULT ''::text,
  CONSTRAINT minor_pkey PRIMARY KEY (community_id, member_id),
  CONSTRAINT minor_consent_whole CHECK (
CASE
    WHEN (consented_at IS NULL) THEN ((guardian_id IS NULL) AND (guardian_name = ''::text) AND (covers = ''::text) AND (seen_by IS NULL) AND (seen_on IS NULL))
    ELSE (((guardian_id IS NULL) = (guardian_name <> ''::text)) AND (covers <> ''::text) AND (seen_by IS NOT NULL) AND (seen_on IS NOT NULL))
END),
  CONSTRAINT minor_somebody_else CHECK (((guardian_id <> member_id) AND (seen_by <> member_id) AND (seen_by <> guardian_id) AND (withdrawn_by <> member_id))),
  CONSTRAINT minor_withdrawn_for_a_reason CHECK ((((withdrawn_at IS NULL) = (withdrawn_by IS NULL)) AND ((withdrawn_at IS NULL) = (withdraw_reason = ''::text)) AND ((withdrawn_at IS NULL) OR (consented_at IS NOT NULL)))),
  CONSTRAINT minor_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT minor_guardian_fkey FOREIGN KEY (community_id, guardian_id) REFERENCES public.member(community_id, id),
  CONSTRAINT minor_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT minor_seen_by_fkey FOREIGN KEY (community_id, seen_by) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.minor ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.minor FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.minor TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX minor_due_idx ON public.minor USING btree (community_id, of_age_at);
CREATE INDEX minor_guardian_idx ON public.minor USING btree (community_id, guardian_id) WHERE ((withdrawn_at IS NULL) AND (guardian_id IS NOT NULL));
GRANT DELETE, INSERT, SELECT ON public.minor TO hora_server;

CREATE TABLE public.notice (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  was text NOT NULL,
  becomes text NOT NULL,
  policy_version integer NOT NULL,
  given_at timestamp with time zone NOT NULL,
  due_at timestamp with time zone NOT NULL,
  state text NOT NULL,
  ended_at timestamp with time zone,
  CONSTRAINT notice_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT notice_ahead CHECK ((due_at > given_at)),
  CONSTRAINT notice_ended CHECK (((state = 'PENDING'::text) = (ended_at IS NULL))),
  CONSTRAINT notice_state CHECK ((state = ANY (ARRAY['PENDING'::text, 'EFFECTIVE'::text, 'LIFTED'::text]))),
  CONSTRAINT notice_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT notice_policy_fkey FOREIGN KEY (community_id, policy_version) REFERENCES public.charter(community_id, version)
);
ALTER TABLE public.notice ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notice FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.notice TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX notice_member_idx ON public.notice USING btree (community_id, member_id, given_at DESC);
CREATE UNIQUE INDEX notice_pending_key ON public.notice USING btree (community_id, member_id) WHERE (state = 'PENDING'::text);
GRANT INSERT, SELECT ON public.notice TO hora_server;

CREATE TABLE public.notification (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  kind text NOT NULL,
  exchange_id uuid,
  member_id uuid,
  minutes bigint,
  pos bigint NOT NULL,
  created_at timestamp with time zone NOT NULL,
  read_at timestamp with time zone,
  due_at timestamp with time zone,
  about_id uuid,
  CONSTRAINT notification_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT notification_once UNIQUE (community_id, pos, person_id, kind),
  CONSTRAINT notification_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT notification_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
ALTER TABLE public.notification ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.notification FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.notification TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX notification_person_idx ON public.notification USING btree (community_id, person_id, created_at DESC, id DESC);
GRANT INSERT, SELECT, UPDATE ON public.notification TO hora_server;

CREATE TABLE public.passkey (
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  credential bytea NOT NULL,
  record bytea NOT NULL,
  name text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone,
  CONSTRAINT passkey_pkey PRIMARY KEY (id),
  CONSTRAINT passkey_credential_key UNIQUE (credential),
  CONSTRAINT passkey_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
CREATE INDEX passkey_person_idx ON public.passkey USING btree (person_id, created_at);
GRANT DELETE, INSERT, SELECT ON public.passkey TO hora_server;

CREATE TABLE public.person (
  id uuid NOT NULL,
  email text,
  display_name text NOT NULL,
  locale text NOT NULL,
  password_hash text,
  platform boolean NOT NULL DEFAULT false,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT person_pkey PRIMARY KEY (id),
  CONSTRAINT person_email_lower CHECK ((email = lower(email)))
);
CREATE UNIQUE INDEX person_email_key ON public.person USING btree (email);
GRANT INSERT, SELECT, UPDATE ON public.person TO hora_server;

CREATE TABLE public.person_community (
  person_id uuid NOT NULL,
  community_id uuid NOT NULL,
  member_id uuid,
  CONSTRAINT person_community_pkey PRIMARY KEY (person_id, community_id),
  CONSTRAINT person_community_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT person_community_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
GRANT INSERT, SELECT, UPDATE ON public.person_community TO hora_server;

CREATE TABLE public.photo (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  person_id uuid NOT NULL,
  state text NOT NULL,
  type text NOT NULL,
  bytes integer NOT NULL,
  address text,
  alt text NOT NULL DEFAULT ''::text,
  width integer NOT NULL DEFAULT 0,
  height integer NOT NULL DEFAULT 0,
  placeholder text NOT NULL DEFAULT ''::text,
  listing_id uuid,
  place integer,
  expires_at timestamp with time zone NOT NULL,
  unused_since timestamp with time zone,
  created_at timestamp with time zone NOT NULL,
  claim_id uuid,
  CONSTRAINT photo_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT photo_shown_is_described CHECK ((((listing_id IS NULL) AND (claim_id IS NULL)) OR ((state = 'READY'::text) AND (alt <> ''::text) AND (address IS NOT NULL)))),
  CONSTRAINT photo_shown_or_unused CHECK (((num_nonnulls(listing_id, claim_id, unused_since) = 1) AND ((unused_since IS NULL) = (place IS NOT NULL)))),
  CONSTRAINT photo_state CHECK ((state = ANY (ARRAY['REQUESTED'::text, 'CLAIMED'::text, 'STORED'::text, 'READY'::text, 'ERASING'::text]))),
  CONSTRAINT photo_claim_fkey FOREIGN KEY (community_id, claim_id) REFERENCES public.claim(community_id, id),
  CONSTRAINT photo_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT photo_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES public.listing(community_id, id),
  CONSTRAINT photo_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.photo ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.photo FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.photo TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX photo_claim_idx ON public.photo USING btree (community_id, claim_id, place) WHERE (claim_id IS NOT NULL);
CREATE INDEX photo_listing_idx ON public.photo USING btree (community_id, listing_id, place) WHERE (listing_id IS NOT NULL);
CREATE INDEX photo_unused_idx ON public.photo USING btree (community_id, unused_since) WHERE (unused_since IS NOT NULL);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.photo TO hora_server;

CREATE TABLE public.plan (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  title text NOT NULL,
  from_id uuid NOT NULL,
  to_id uuid,
  minutes bigint NOT NULL,
  kept bigint NOT NULL,
  terms jsonb NOT NULL,
  first_on date NOT NULL,
  rhythm text NOT NULL,
  hour integer NOT NULL,
  turn integer NOT NULL DEFAULT 0,
  next_at timestamp with time zone,
  reason text NOT NULL DEFAULT ''::text,
  made_by uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT plan_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT plan_end CHECK (((next_at IS NULL) = (reason <> ''::text))),
  CONSTRAINT plan_kind CHECK ((kind = ANY (ARRAY['CYCLE'::text, 'INFLOW'::text, 'SPLIT'::text, 'RESERVE'::text]))),
  CONSTRAINT plan_minutes CHECK (((minutes >= 0) AND (kept >= 0))),
  CONSTRAINT plan_to CHECK (((to_id IS NOT NULL) = (kind = ANY (ARRAY['INFLOW'::text, 'RESERVE'::text])))),
  CONSTRAINT plan_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.plan ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.plan FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.plan TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX plan_due_idx ON public.plan USING btree (community_id, next_at) WHERE (next_at IS NOT NULL);
CREATE UNIQUE INDEX plan_reserve_key ON public.plan USING btree (community_id) WHERE (kind = 'RESERVE'::text);
GRANT INSERT, SELECT, UPDATE ON public.plan TO hora_server;

CREATE TABLE public.project (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  number integer NOT NULL,
  owner_id uuid NOT NULL,
  title text NOT NULL,
  body text NOT NULL,
  minimum bigint NOT NULL,
  maximum bigint NOT NULL,
  milestones jsonb NOT NULL,
  stage text NOT NULL,
  reason text NOT NULL,
  granted bigint NOT NULL DEFAULT 0,
  paid bigint NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL,
  version integer NOT NULL DEFAULT 1,
  confidential boolean NOT NULL DEFAULT false,
  CONSTRAINT project_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT project_number_key UNIQUE (community_id, cycle_id, number),
  CONSTRAINT project_asks CHECK (((minimum >= 1) AND (minimum <= maximum))),
  CONSTRAINT project_paid CHECK (((paid >= 0) AND (paid <= granted))),
  CONSTRAINT project_stage CHECK ((stage = ANY (ARRAY['SUBMITTED'::text, 'ELIGIBLE'::text, 'REFUSED'::text, 'WITHDRAWN'::text, 'FUNDED'::text, 'UNFUNDED'::text]))),
  CONSTRAINT project_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id),
  CONSTRAINT project_owner_fkey FOREIGN KEY (community_id, owner_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.project ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.project FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.project TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX project_draw_idx ON public.project USING btree (community_id, owner_id) WHERE confidential;
GRANT INSERT, SELECT, UPDATE ON public.project TO hora_server;

CREATE TABLE public.refresh_token (
  hash bytea NOT NULL,
  session_id uuid NOT NULL,
  issued_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone,
  CONSTRAINT refresh_token_pkey PRIMARY KEY (hash),
  CONSTRAINT refresh_token_session_id_fkey FOREIGN KEY (session_id) REFERENCES public.session(id) ON DELETE CASCADE
);
CREATE INDEX refresh_token_session_idx ON public.refresh_token USING btree (session_id);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.refresh_token TO hora_server;

CREATE TABLE public.report (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  reporter_id uuid NOT NULL,
  subject_kind text NOT NULL,
  subject_id uuid NOT NULL,
  accused_id uuid NOT NULL,
  reason text NOT NULL,
  details text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  answer_by timestamp with time zone NOT NULL,
  overdue_at timestamp with time zone,
  answered_at timestamp with time zone,
  quote text NOT NULL DEFAULT ''::text,
  CONSTRAINT report_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT report_accused_fkey FOREIGN KEY (community_id, accused_id) REFERENCES public.member(community_id, id),
  CONSTRAINT report_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT report_reporter_fkey FOREIGN KEY (community_id, reporter_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.report ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.report FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.report TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX report_accused_idx ON public.report USING btree (community_id, accused_id);
CREATE UNIQUE INDEX report_open_once ON public.report USING btree (community_id, reporter_id, subject_id) WHERE (answered_at IS NULL);
CREATE INDEX report_queue_idx ON public.report USING btree (community_id, answer_by, id) WHERE (answered_at IS NULL);
GRANT INSERT, SELECT ON public.report TO hora_server;

CREATE TABLE public.role_grant (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  role text NOT NULL,
  from_at timestamp with time zone NOT NULL,
  until_at timestamp with time zone,
  granted_by uuid NOT NULL,
  revoked_at timestamp with time zone,
  CONSTRAINT role_grant_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT role_grant_term CHECK (((until_at IS NULL) OR (until_at > from_at))),
  CONSTRAINT role_grant_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.role_grant ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.role_grant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.role_grant TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE UNIQUE INDEX role_grant_live_key ON public.role_grant USING btree (community_id, member_id, role) WHERE (revoked_at IS NULL);
GRANT INSERT, SELECT, UPDATE ON public.role_grant TO hora_server;

CREATE TABLE public.session (
  id uuid NOT NULL,
  person_id uuid NOT NULL,
  device_name text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  last_used_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  ended_why text,
  opened_by text NOT NULL DEFAULT 'PASSWORD'::text,
  CONSTRAINT session_pkey PRIMARY KEY (id),
  CONSTRAINT session_ended_says_why CHECK (((ended_at IS NULL) = (ended_why IS NULL))),
  CONSTRAINT session_opened_by CHECK ((opened_by = ANY (ARRAY['PASSWORD'::text, 'CARD'::text, 'LINK'::text, 'PASSKEY'::text]))),
  CONSTRAINT session_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
CREATE INDEX session_person_idx ON public.session USING btree (person_id, created_at);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.session TO hora_server;

CREATE TABLE public.session_seat (
  community_id uuid NOT NULL,
  session_id uuid NOT NULL,
  member_id uuid NOT NULL,
  state text NOT NULL,
  place integer NOT NULL,
  share bigint,
  at timestamp with time zone NOT NULL,
  CONSTRAINT session_seat_pkey PRIMARY KEY (community_id, session_id, member_id),
  CONSTRAINT session_seat_state CHECK ((state = ANY (ARRAY['JOINED'::text, 'WAITING'::text, 'LEFT'::text, 'ATTENDED'::text, 'MISSED'::text]))),
  CONSTRAINT session_seat_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT session_seat_session_fkey FOREIGN KEY (community_id, session_id) REFERENCES public.group_session(community_id, id)
);
ALTER TABLE public.session_seat ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.session_seat FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.session_seat TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON public.session_seat TO hora_server;

CREATE TABLE public.share_confirmation (
  community_id uuid NOT NULL,
  order_id uuid NOT NULL,
  part integer NOT NULL,
  person_id uuid NOT NULL,
  treasurer boolean NOT NULL,
  reference text NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT share_confirmation_pkey PRIMARY KEY (community_id, order_id, part, person_id),
  CONSTRAINT share_confirmation_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT share_confirmation_part_fkey FOREIGN KEY (community_id, order_id, part) REFERENCES public.share_part(community_id, order_id, part)
);
ALTER TABLE public.share_confirmation ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_confirmation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_confirmation TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.share_confirmation TO hora_server;

CREATE TABLE public.share_consent (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  code text NOT NULL,
  version text NOT NULL,
  person_id uuid NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT share_consent_pkey PRIMARY KEY (community_id, member_id, code, version),
  CONSTRAINT share_consent_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT share_consent_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.share_consent ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_consent FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_consent TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.share_consent TO hora_server;

CREATE TABLE public.share_holder (
  community_id uuid NOT NULL,
  member_id uuid NOT NULL,
  category text NOT NULL,
  low_income boolean NOT NULL,
  CONSTRAINT share_holder_pkey PRIMARY KEY (community_id, member_id),
  CONSTRAINT share_holder_category CHECK ((category = ANY (ARRAY['USER'::text, 'WORKER'::text, 'PRODUCER'::text, 'PUBLIC_BODY'::text, 'SUPPORTER'::text]))),
  CONSTRAINT share_holder_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT share_holder_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.share_holder ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_holder FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_holder TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON public.share_holder TO hora_server;

CREATE TABLE public.share_operation (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  number integer NOT NULL,
  kind text NOT NULL,
  order_id uuid,
  part integer,
  from_id uuid,
  to_id uuid,
  shares integer NOT NULL,
  amount bigint NOT NULL,
  currency text NOT NULL,
  reference text NOT NULL,
  person_id uuid,
  at timestamp with time zone NOT NULL,
  CONSTRAINT share_operation_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT share_operation_number_key UNIQUE (community_id, number),
  CONSTRAINT share_operation_once UNIQUE (community_id, order_id, part),
  CONSTRAINT share_operation_kind CHECK ((kind = ANY (ARRAY['SUBSCRIBE'::text, 'WITHDRAW'::text, 'PAY'::text, 'TRANSFER'::text, 'GIFT'::text, 'REQUEST'::text, 'KEEP'::text, 'REDEEM'::text]))),
  CONSTRAINT share_operation_sides CHECK (
CASE kind
    WHEN 'TRANSFER'::text THEN ((from_id <> to_id) AND (from_id IS NOT NULL) AND (to_id IS NOT NULL) AND (order_id IS NULL))
    WHEN 'GIFT'::text THEN ((from_id <> to_id) AND (from_id IS NOT NULL) AND (to_id IS NOT NULL) AND (order_id IS NULL))
    WHEN 'REQUEST'::text THEN ((from_id IS NOT NULL) AND (to_id IS NULL) AND (order_id IS NOT NULL))
    WHEN 'KEEP'::text THEN ((from_id IS NOT NULL) AND (to_id IS NULL) AND (order_id IS NOT NULL))
    WHEN 'REDEEM'::text THEN ((from_id IS NOT NULL) AND (to_id IS NULL) AND (part IS NOT NULL))
    WHEN 'PAY'::text THEN ((from_id IS NULL) AND (to_id IS NOT NULL) AND (part IS NOT NULL))
    ELSE ((from_id IS NULL) AND (to_id IS NOT NULL) AND (order_id IS NOT NULL))
END),
  CONSTRAINT share_operation_some CHECK (((shares >= 0) AND (amount >= 0) AND ((shares > 0) OR (amount > 0)))),
  CONSTRAINT share_operation_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT share_operation_from_fkey FOREIGN KEY (community_id, from_id) REFERENCES public.member(community_id, id),
  CONSTRAINT share_operation_part_fkey FOREIGN KEY (community_id, order_id, part) REFERENCES public.share_part(community_id, order_id, part),
  CONSTRAINT share_operation_to_fkey FOREIGN KEY (community_id, to_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.share_operation ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_operation FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_operation TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX share_operation_from_idx ON public.share_operation USING btree (community_id, from_id, number) WHERE (from_id IS NOT NULL);
CREATE INDEX share_operation_order_idx ON public.share_operation USING btree (community_id, order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX share_operation_to_idx ON public.share_operation USING btree (community_id, to_id, number) WHERE (to_id IS NOT NULL);
GRANT INSERT, SELECT ON public.share_operation TO hora_server;

CREATE TABLE public.share_order (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  member_id uuid NOT NULL,
  shares integer NOT NULL,
  nominal bigint NOT NULL,
  currency text NOT NULL,
  charter integer NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT share_order_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT share_order_kind CHECK ((kind = ANY (ARRAY['SUBSCRIPTION'::text, 'REDEMPTION'::text]))),
  CONSTRAINT share_order_some CHECK (((shares > 0) AND (nominal > 0))),
  CONSTRAINT share_order_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT share_order_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.share_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_order FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_order TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX share_order_member_idx ON public.share_order USING btree (community_id, member_id, created_at);
CREATE INDEX share_order_queue_idx ON public.share_order USING btree (community_id, kind, created_at);
GRANT INSERT, SELECT ON public.share_order TO hora_server;

CREATE TABLE public.share_part (
  community_id uuid NOT NULL,
  order_id uuid NOT NULL,
  part integer NOT NULL,
  shares integer NOT NULL,
  amount bigint NOT NULL,
  due timestamp with time zone NOT NULL,
  CONSTRAINT share_part_pkey PRIMARY KEY (community_id, order_id, part),
  CONSTRAINT share_part_some CHECK (((shares >= 0) AND (amount > 0))),
  CONSTRAINT share_part_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT share_part_order_fkey FOREIGN KEY (community_id, order_id) REFERENCES public.share_order(community_id, id)
);
ALTER TABLE public.share_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_part FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_part TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.share_part TO hora_server;

CREATE TABLE public.share_register (
  community_id uuid NOT NULL,
  last integer NOT NULL,
  shares bigint NOT NULL,
  capital bigint NOT NULL,
  highest bigint NOT NULL,
  CONSTRAINT share_register_pkey PRIMARY KEY (community_id),
  CONSTRAINT share_register_sums CHECK (((shares >= 0) AND (capital >= 0) AND (highest >= capital))),
  CONSTRAINT share_register_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.share_register ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.share_register FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.share_register TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT, UPDATE ON public.share_register TO hora_server;

CREATE TABLE public.sign_in_link (
  id uuid NOT NULL,
  person_id uuid,
  device_hash bytea NOT NULL,
  device_name text NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL,
  used_at timestamp with time zone,
  CONSTRAINT sign_in_link_pkey PRIMARY KEY (id),
  CONSTRAINT sign_in_link_device_key UNIQUE (device_hash),
  CONSTRAINT sign_in_link_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id)
);
CREATE INDEX sign_in_link_age_idx ON public.sign_in_link USING btree (created_at);
GRANT DELETE, INSERT, SELECT ON public.sign_in_link TO hora_server;

CREATE TABLE public.signing_key (
  kid text NOT NULL,
  purpose text NOT NULL,
  secret bytea NOT NULL,
  created_at timestamp with time zone NOT NULL,
  retired_at timestamp with time zone,
  CONSTRAINT signing_key_pkey PRIMARY KEY (kid),
  CONSTRAINT signing_key_purpose CHECK ((purpose = ANY (ARRAY['ACCESS'::text, 'REFRESH'::text, 'SEAL'::text, 'UPLOAD'::text, 'BADGE'::text, 'LINK'::text])))
);
GRANT INSERT, SELECT, UPDATE ON public.signing_key TO hora_server;

CREATE TABLE public.split_agreement (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  title text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT split_agreement_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT split_agreement_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.split_agreement ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.split_agreement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.split_agreement TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX split_agreement_list_idx ON public.split_agreement USING btree (community_id, created_at DESC, id DESC);
GRANT INSERT, SELECT, UPDATE ON public.split_agreement TO hora_server;

CREATE TABLE public.split_settlement (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  version integer NOT NULL,
  receiver_id uuid NOT NULL,
  minutes bigint NOT NULL,
  description text NOT NULL,
  parts jsonb NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT split_settlement_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT split_settlement_minutes CHECK ((minutes > 0)),
  CONSTRAINT split_settlement_version_fkey FOREIGN KEY (community_id, agreement_id, version) REFERENCES public.split_version(community_id, agreement_id, number)
);
ALTER TABLE public.split_settlement ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.split_settlement FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.split_settlement TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX split_settlement_list_idx ON public.split_settlement USING btree (community_id, agreement_id, at DESC, id DESC);
GRANT INSERT, SELECT ON public.split_settlement TO hora_server;

CREATE TABLE public.split_version (
  community_id uuid NOT NULL,
  agreement_id uuid NOT NULL,
  number integer NOT NULL,
  parts jsonb NOT NULL,
  signers uuid[] NOT NULL,
  signed_by uuid[] NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  proposed_by uuid NOT NULL,
  proposed_at timestamp with time zone NOT NULL,
  in_force_at timestamp with time zone,
  CONSTRAINT split_version_pkey PRIMARY KEY (community_id, agreement_id, number),
  CONSTRAINT split_version_signed CHECK (((state <> ALL (ARRAY['IN_FORCE'::text, 'REPLACED'::text])) OR ((signed_by @> signers) AND (in_force_at IS NOT NULL)))),
  CONSTRAINT split_version_state CHECK ((state = ANY (ARRAY['PROPOSED'::text, 'IN_FORCE'::text, 'REFUSED'::text, 'REPLACED'::text]))),
  CONSTRAINT split_version_agreement_fkey FOREIGN KEY (community_id, agreement_id) REFERENCES public.split_agreement(community_id, id)
);
ALTER TABLE public.split_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.split_version FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.split_version TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE UNIQUE INDEX split_version_one_key ON public.split_version USING btree (community_id, agreement_id, state) WHERE (state = ANY (ARRAY['PROPOSED'::text, 'IN_FORCE'::text]));
GRANT INSERT, SELECT, UPDATE ON public.split_version TO hora_server;

CREATE TABLE public.sponsored (
  community_id uuid NOT NULL,
  transfer_id uuid NOT NULL,
  sponsor text NOT NULL,
  CONSTRAINT sponsored_pkey PRIMARY KEY (community_id, transfer_id),
  CONSTRAINT sponsored_name CHECK (((sponsor <> ''::text) AND (length(sponsor) <= 120))),
  CONSTRAINT sponsored_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.sponsored ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.sponsored FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.sponsored TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.sponsored TO hora_server;

CREATE TABLE public.star (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  giver_id uuid NOT NULL,
  member_id uuid NOT NULL,
  category text NOT NULL,
  reason text NOT NULL,
  hidden boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT star_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT star_two_members CHECK ((giver_id <> member_id)),
  CONSTRAINT star_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT star_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES public.member(community_id, id),
  CONSTRAINT star_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.star ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.star FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.star TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX star_giver_idx ON public.star USING btree (community_id, giver_id, created_at DESC);
CREATE INDEX star_member_idx ON public.star USING btree (community_id, member_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.star TO hora_server;

CREATE TABLE public.suggestion (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  cycle_id uuid NOT NULL,
  person_id uuid NOT NULL,
  title text NOT NULL,
  purpose text NOT NULL,
  beneficiaries text NOT NULL,
  note text NOT NULL,
  minimum bigint NOT NULL,
  maximum bigint NOT NULL,
  state text NOT NULL DEFAULT 'OPEN'::text,
  reason text NOT NULL DEFAULT ''::text,
  project_id uuid,
  created_at timestamp with time zone NOT NULL,
  ended_at timestamp with time zone,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT suggestion_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT suggestion_project_key UNIQUE (community_id, project_id),
  CONSTRAINT suggestion_adopted CHECK (((state = 'ADOPTED'::text) = (project_id IS NOT NULL))),
  CONSTRAINT suggestion_asks CHECK (((minimum >= 1) AND (minimum <= maximum))),
  CONSTRAINT suggestion_ended CHECK (((state = 'OPEN'::text) = (ended_at IS NULL))),
  CONSTRAINT suggestion_reasoned CHECK (((state <> ALL (ARRAY['DECLINED'::text, 'REMOVED'::text])) OR (reason <> ''::text))),
  CONSTRAINT suggestion_state CHECK ((state = ANY (ARRAY['OPEN'::text, 'ADOPTED'::text, 'DECLINED'::text, 'WITHDRAWN'::text, 'LAPSED'::text, 'REMOVED'::text]))),
  CONSTRAINT suggestion_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES public.cycle(community_id, id),
  CONSTRAINT suggestion_person_id_fkey FOREIGN KEY (person_id) REFERENCES public.person(id),
  CONSTRAINT suggestion_project_fkey FOREIGN KEY (community_id, project_id) REFERENCES public.project(community_id, id)
);
ALTER TABLE public.suggestion ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.suggestion FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.suggestion TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX suggestion_cycle_idx ON public.suggestion USING btree (community_id, cycle_id, created_at DESC, id DESC);
CREATE INDEX suggestion_person_idx ON public.suggestion USING btree (community_id, person_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.suggestion TO hora_server;

CREATE TABLE public.thanks (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  giver_id uuid NOT NULL,
  member_id uuid NOT NULL,
  exchange_id uuid NOT NULL,
  message text NOT NULL,
  hidden boolean NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT thanks_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT thanks_once UNIQUE (community_id, giver_id, exchange_id),
  CONSTRAINT thanks_two_members CHECK ((giver_id <> member_id)),
  CONSTRAINT thanks_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT thanks_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES public.exchange(community_id, id),
  CONSTRAINT thanks_giver_fkey FOREIGN KEY (community_id, giver_id) REFERENCES public.member(community_id, id),
  CONSTRAINT thanks_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.thanks ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.thanks FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.thanks TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX thanks_giver_idx ON public.thanks USING btree (community_id, giver_id, created_at DESC);
CREATE INDEX thanks_member_idx ON public.thanks USING btree (community_id, member_id, created_at DESC, id DESC);
GRANT INSERT, SELECT ON public.thanks TO hora_server;

CREATE TABLE public.thread (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  exchange_id uuid,
  listing_id uuid,
  first_id uuid NOT NULL,
  second_id uuid NOT NULL,
  created_at timestamp with time zone NOT NULL,
  updated_at timestamp with time zone NOT NULL,
  last integer NOT NULL DEFAULT 0,
  first_seen integer NOT NULL DEFAULT 0,
  second_seen integer NOT NULL DEFAULT 0,
  CONSTRAINT thread_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT thread_one_subject CHECK (((exchange_id IS NULL) OR (listing_id IS NULL))),
  CONSTRAINT thread_two_members CHECK ((first_id <> second_id)),
  CONSTRAINT thread_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT thread_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES public.exchange(community_id, id),
  CONSTRAINT thread_first_fkey FOREIGN KEY (community_id, first_id) REFERENCES public.member(community_id, id),
  CONSTRAINT thread_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES public.listing(community_id, id),
  CONSTRAINT thread_second_fkey FOREIGN KEY (community_id, second_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.thread ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.thread FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.thread TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE UNIQUE INDEX thread_exchange_key ON public.thread USING btree (community_id, exchange_id) WHERE (exchange_id IS NOT NULL);
CREATE INDEX thread_first_idx ON public.thread USING btree (community_id, first_id, updated_at DESC, id DESC);
CREATE UNIQUE INDEX thread_listing_key ON public.thread USING btree (community_id, listing_id, first_id) WHERE (listing_id IS NOT NULL);
CREATE UNIQUE INDEX thread_pair_key ON public.thread USING btree (community_id, first_id, second_id) WHERE ((exchange_id IS NULL) AND (listing_id IS NULL));
CREATE INDEX thread_second_idx ON public.thread USING btree (community_id, second_id, updated_at DESC, id DESC);
GRANT INSERT, SELECT ON public.thread TO hora_server;

CREATE UNLOGGED TABLE public.throttle (
  key text NOT NULL,
  tat timestamp with time zone NOT NULL,
  CONSTRAINT throttle_pkey PRIMARY KEY (key)
);
GRANT DELETE, INSERT, SELECT, UPDATE ON public.throttle TO hora_server;

CREATE TABLE public.time_cheque (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  number text,
  provider_id uuid NOT NULL,
  receiver_id uuid NOT NULL,
  service_type text NOT NULL,
  description text NOT NULL,
  day date NOT NULL,
  minutes bigint NOT NULL,
  settled bigint,
  exchange_id uuid,
  device_id uuid,
  raw bytea,
  batch_id uuid,
  line integer NOT NULL DEFAULT 0,
  entered_by uuid,
  entered_at timestamp with time zone NOT NULL,
  settled_at timestamp with time zone,
  version integer NOT NULL DEFAULT 1,
  CONSTRAINT time_cheque_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT time_cheque_kind CHECK ((kind = ANY (ARRAY['WRITTEN'::text, 'SIGNED'::text, 'SLIP'::text]))),
  CONSTRAINT time_cheque_numbered CHECK (((kind = 'WRITTEN'::text) = (number IS NULL))),
  CONSTRAINT time_cheque_settled CHECK (((state = ANY (ARRAY['SETTLED'::text, 'UNDONE'::text])) = ((exchange_id IS NOT NULL) AND (settled IS NOT NULL)))),
  CONSTRAINT time_cheque_signed CHECK (((kind = 'SIGNED'::text) = ((device_id IS NOT NULL) AND (raw IS NOT NULL)))),
  CONSTRAINT time_cheque_slip CHECK (((kind = 'SLIP'::text) = (batch_id IS NOT NULL))),
  CONSTRAINT time_cheque_state CHECK ((state = ANY (ARRAY['SETTLED'::text, 'PENDING'::text, 'WITHDRAWN'::text, 'UNDONE'::text]))),
  CONSTRAINT time_cheque_two_sides CHECK ((provider_id <> receiver_id)),
  CONSTRAINT time_cheque_batch_fkey FOREIGN KEY (community_id, batch_id) REFERENCES public.cheque_batch(community_id, id),
  CONSTRAINT time_cheque_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT time_cheque_device_fkey FOREIGN KEY (community_id, device_id) REFERENCES public.device_key(community_id, id),
  CONSTRAINT time_cheque_entered_by_fkey FOREIGN KEY (community_id, entered_by) REFERENCES public.member(community_id, id),
  CONSTRAINT time_cheque_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES public.exchange(community_id, id),
  CONSTRAINT time_cheque_provider_fkey FOREIGN KEY (community_id, provider_id) REFERENCES public.member(community_id, id),
  CONSTRAINT time_cheque_receiver_fkey FOREIGN KEY (community_id, receiver_id) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.time_cheque ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.time_cheque FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.time_cheque TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX time_cheque_batch_idx ON public.time_cheque USING btree (community_id, batch_id, line) WHERE (kind = 'SLIP'::text);
CREATE INDEX time_cheque_exchange_idx ON public.time_cheque USING btree (community_id, exchange_id) WHERE (exchange_id IS NOT NULL);
CREATE INDEX time_cheque_feed_idx ON public.time_cheque USING btree (community_id, entered_at DESC, id DESC);
CREATE UNIQUE INDEX time_cheque_number_key ON public.time_cheque USING btree (community_id, number) WHERE ((kind = 'SLIP'::text) AND (state <> 'UNDONE'::text));
CREATE INDEX time_cheque_provider_idx ON public.time_cheque USING btree (community_id, provider_id, entered_at DESC, id DESC);
CREATE INDEX time_cheque_receiver_idx ON public.time_cheque USING btree (community_id, receiver_id, entered_at DESC, id DESC);
CREATE UNIQUE INDEX time_cheque_serial_key ON public.time_cheque USING btree (community_id, number) WHERE (kind = 'SIGNED'::text);
GRANT INSERT, SELECT ON public.time_cheque TO hora_server;

CREATE TABLE public.vetting (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  member_id uuid NOT NULL,
  kind text NOT NULL,
  seen_by uuid NOT NULL,
  seen_on date NOT NULL,
  expires_on date NOT NULL,
  ends_at timestamp with time zone NOT NULL,
  notice_at timestamp with time zone NOT NULL,
  noticed_at timestamp with time zone,
  recorded_at timestamp with time zone NOT NULL,
  withdrawn_at timestamp with time zone,
  withdrawn_by uuid,
  withdraw_reason text NOT NULL DEFAULT ''::text,
  CONSTRAINT vetting_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT vetting_days CHECK (((seen_on <= expires_on) AND (notice_at < ends_at))),
  CONSTRAINT vetting_somebody_else CHECK (((seen_by <> member_id) AND (withdrawn_by <> member_id))),
  CONSTRAINT vetting_withdrawn_for_a_reason CHECK ((((withdrawn_at IS NULL) = (withdrawn_by IS NULL)) AND ((withdrawn_at IS NULL) = (withdraw_reason = ''::text)))),
  CONSTRAINT vetting_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id),
  CONSTRAINT vetting_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES public.member(community_id, id),
  CONSTRAINT vetting_seen_by_fkey FOREIGN KEY (community_id, seen_by) REFERENCES public.member(community_id, id)
);
ALTER TABLE public.vetting ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.vetting FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.vetting TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX vetting_member_idx ON public.vetting USING btree (community_id, member_id, ends_at DESC, id DESC);
CREATE INDEX vetting_notice_idx ON public.vetting USING btree (community_id, notice_at) WHERE ((noticed_at IS NULL) AND (withdrawn_at IS NULL));
GRANT INSERT, SELECT ON public.vetting TO hora_server;

CREATE TABLE public.webhook (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  url text NOT NULL,
  events text[] NOT NULL,
  secret bytea NOT NULL,
  former_secret bytea,
  former_end timestamp with time zone,
  state text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  removed_at timestamp with time zone,
  CONSTRAINT webhook_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT webhook_events_some CHECK ((cardinality(events) > 0)),
  CONSTRAINT webhook_former_ends CHECK (((former_secret IS NULL) = (former_end IS NULL))),
  CONSTRAINT webhook_state CHECK ((state = ANY (ARRAY['ACTIVE'::text, 'DISABLED'::text]))),
  CONSTRAINT webhook_community_id_fkey FOREIGN KEY (community_id) REFERENCES public.community(id)
);
ALTER TABLE public.webhook ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.webhook FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.webhook TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
GRANT INSERT, SELECT ON public.webhook TO hora_server;

CREATE TABLE public.webhook_delivery (
  community_id uuid NOT NULL,
  id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  kind text NOT NULL,
  position bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  subject_id uuid NOT NULL,
  objects jsonb NOT NULL,
  outcome text NOT NULL,
  tries integer NOT NULL DEFAULT 0,
  status integer,
  failure text NOT NULL DEFAULT ''::text,
  tried_at timestamp with time zone,
  CONSTRAINT webhook_delivery_pkey PRIMARY KEY (community_id, id),
  CONSTRAINT webhook_delivery_outcome CHECK ((outcome = ANY (ARRAY['WAITING'::text, 'DELIVERED'::text, 'GIVEN_UP'::text]))),
  CONSTRAINT webhook_delivery_webhook_fkey FOREIGN KEY (community_id, webhook_id) REFERENCES public.webhook(community_id, id)
);
ALTER TABLE public.webhook_delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE public.webhook_delivery FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON public.webhook_delivery TO PUBLIC USING ((community_id = (NULLIF(current_setting('hora.community'::text, true), ''::text))::uuid));
CREATE INDEX webhook_delivery_age_idx ON public.webhook_delivery USING btree (community_id, at);
CREATE INDEX webhook_delivery_log_idx ON public.webhook_delivery USING btree (community_id, webhook_id, at DESC, id DESC);
CREATE UNIQUE INDEX webhook_delivery_once_key ON public.webhook_delivery USING btree (community_id, webhook_id, "position") WHERE ("position" > 0);
GRANT DELETE, INSERT, SELECT ON public.webhook_delivery TO hora_server;

CREATE FUNCTION journal.append(p_community uuid, p_at timestamp with time zone, p_ids uuid[], p_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[])
  RETURNS bigint LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET enable_seqscan=off SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION journal.append TO hora_server;

CREATE FUNCTION journal.found(p_community uuid)
  RETURNS void LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION journal.found TO hora_server;

CREATE FUNCTION journal.keep_seal(p_community uuid, p_size bigint, p_root bytea, p_note text, p_at timestamp with time zone, p_levels smallint[], p_indexes bigint[], p_hashes bytea[])
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION journal.keep_seal TO hora_server;

CREATE FUNCTION journal.write(p_community uuid, p_pos bigint, p_hash bytea, p_at timestamp with time zone, p_ids uuid[], p_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[])
  RETURNS bigint LANGUAGE plpgsql VOLATILE SET search_path=pg_catalog, pg_temp;

CREATE FUNCTION ledger.allow(p_community uuid, p_id uuid, p_account uuid, p_minutes bigint, p_reason text, p_actor uuid, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.allow TO hora_server;

CREATE FUNCTION ledger.close_account(p_community uuid, p_id uuid, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.close_account TO hora_server;

CREATE FUNCTION ledger.close_holds(p_community uuid, p_ids uuid[], p_state text, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET enable_seqscan=off SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.close_holds TO hora_server;

CREATE FUNCTION ledger.close_pair(p_community uuid, p_id uuid, p_state text, p_undo uuid, p_reason text, p_at timestamp with time zone)
  RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.close_pair TO hora_server;

CREATE FUNCTION ledger.keep_pair(p_community uuid, p_id uuid, p_partner uuid, p_side text, p_state text, p_account uuid, p_partner_account uuid, p_minutes bigint, p_transfer uuid, p_reason text, p_actor uuid, p_at timestamp with time zone)
  RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.keep_pair TO hora_server;

CREATE FUNCTION ledger.limit_mirror(p_community uuid, p_id uuid, p_partner uuid, p_floor bigint, p_cap bigint, p_reason text, p_actor uuid, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.limit_mirror TO hora_server;

CREATE FUNCTION ledger.open_account(p_community uuid, p_id uuid, p_kind text, p_owner uuid, p_purpose text, p_floor bigint, p_soft_floor bigint, p_ceiling bigint, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.open_account TO hora_server;

CREATE FUNCTION ledger.open_mirror(p_community uuid, p_id uuid, p_partner uuid, p_floor bigint, p_cap bigint, p_at timestamp with time zone)
  RETURNS uuid LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.open_mirror TO hora_server;

CREATE FUNCTION ledger.place_hold(p_community uuid, p_id uuid, p_account uuid, p_minutes bigint, p_exchange uuid, p_expires timestamp with time zone, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET enable_seqscan=off SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.place_hold TO hora_server;

CREATE FUNCTION ledger.post(p_community uuid, p_posting uuid, p_key text, p_fingerprint bytea, p_force boolean, p_at timestamp with time zone, p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[], p_exchanges uuid[], p_reverses uuid[], p_holds uuid[], p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[], OUT posting_id uuid, OUT replayed boolean, OUT crossed boolean, OUT low uuid[], OUT high uuid[])
  RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET enable_seqscan=off SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.post TO hora_server;

CREATE FUNCTION ledger.post_batch(p_community uuid, p_at timestamp with time zone, p_postings uuid[], p_keys text[], p_fingerprints bytea[], p_line integer[], p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[], p_exchanges uuid[], p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[], OUT posting_ids uuid[], OUT replayed boolean[], OUT low uuid[], OUT high uuid[])
  RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET enable_seqscan=off SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.post_batch TO hora_server;

CREATE FUNCTION ledger.post_crossing(p_community uuid, p_posting uuid, p_key text, p_fingerprint bytea, p_force boolean, p_at timestamp with time zone, p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[], p_exchanges uuid[], p_reverses uuid[], p_holds uuid[], p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[], OUT posting_id uuid, OUT replayed boolean, OUT crossed boolean, OUT low uuid[], OUT high uuid[])
  RETURNS record LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.post_crossing TO hora_server;

CREATE FUNCTION ledger.refuse_beyond_floor(p_account uuid, p_available bigint, p_required bigint)
  RETURNS void LANGUAGE plpgsql IMMUTABLE SET search_path=pg_catalog, pg_temp;

CREATE FUNCTION ledger.set_limits(p_community uuid, p_id uuid, p_account uuid, p_floor bigint, p_soft_floor bigint, p_ceiling bigint, p_reason text, p_actor uuid, p_at timestamp with time zone)
  RETURNS void LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION ledger.set_limits TO hora_server;

CREATE FUNCTION public.evidence_counts(timestamp with time zone, bigint, integer, integer, bigint)
  RETURNS bigint LANGUAGE internal IMMUTABLE PARALLEL SAFE;
GRANT EXECUTE ON FUNCTION public.evidence_counts TO PUBLIC;

CREATE FUNCTION public.evidence_last(p_kept bigint[])
  RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION public.evidence_last TO PUBLIC;

CREATE FUNCTION public.evidence_step(p_kept bigint[], p_at timestamp with time zone, p_minutes bigint, p_days integer, p_events integer, p_most bigint)
  RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path=pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION public.evidence_step TO PUBLIC;

CREATE FUNCTION public.fold(t text)
  RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path=public, pg_catalog;
GRANT EXECUTE ON FUNCTION public.fold TO PUBLIC;

CREATE FUNCTION public.govern(p_community uuid, p_id uuid, p_member uuid, p_was text, p_became text, p_basis text, p_reference uuid, p_person uuid, p_at timestamp with time zone)
  RETURNS boolean LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path=public, pg_catalog, pg_temp;
GRANT EXECUTE ON FUNCTION public.govern TO hora_server;

CREATE FUNCTION public.search_config(language text)
  RETURNS regconfig LANGUAGE sql IMMUTABLE PARALLEL SAFE;
GRANT EXECUTE ON FUNCTION public.search_config TO PUBLIC;
