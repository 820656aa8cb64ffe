-- Work by turns, where the charter has it: shifts that come round, who takes them, and
-- each member's counter, which is only ever added to.

-- +goose Up
CREATE TABLE duty_template (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  title        text NOT NULL,
  place        text NOT NULL,
  week         integer NOT NULL, -- of the cycle
  weekday      integer NOT NULL, -- 1 is Monday
  hour         integer NOT NULL, -- that the clocks there show
  minute       integer NOT NULL,
  length       bigint NOT NULL,  -- minutes
  places       integer NOT NULL,
  service_type text NOT NULL,
  lead_id      uuid,
  made_by      uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_template_lead_fkey FOREIGN KEY (community_id, lead_id) REFERENCES member,
  CONSTRAINT duty_template_made_by_fkey FOREIGN KEY (community_id, made_by) REFERENCES member,
  CONSTRAINT duty_template_turn CHECK (week >= 1 AND weekday BETWEEN 1 AND 7 AND hour BETWEEN 0 AND 23 AND minute BETWEEN 0 AND 59),
  CONSTRAINT duty_template_size CHECK (length >= 1 AND places >= 1)
);

CREATE TABLE duty_shift (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  template_id  uuid NOT NULL,
  day          date NOT NULL,
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  title        text NOT NULL,
  place        text NOT NULL,
  service_type text NOT NULL,
  places       integer NOT NULL,
  lead_id      uuid,
  cancelled_at timestamptz,
  reason       text NOT NULL DEFAULT '',
  reminded_at  timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_shift_once UNIQUE (community_id, template_id, day),
  CONSTRAINT duty_shift_template_fkey FOREIGN KEY (community_id, template_id) REFERENCES duty_template,
  CONSTRAINT duty_shift_lead_fkey FOREIGN KEY (community_id, lead_id) REFERENCES member,
  CONSTRAINT duty_shift_cancelled_for_a_reason CHECK ((cancelled_at IS NULL) = (reason = '')),
  CONSTRAINT duty_shift_ends CHECK (ends_at > starts_at AND places >= 1)
);
CREATE INDEX duty_shift_end_idx ON duty_shift (community_id, ends_at, id);
CREATE INDEX duty_shift_day_idx ON duty_shift (community_id, day);

-- Days on which nothing takes place.
CREATE TABLE duty_closure (
  community_id uuid NOT NULL REFERENCES community,
  day          date NOT NULL,
  reason       text NOT NULL,
  by_id        uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, day),
  CONSTRAINT duty_closure_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES member,
  CONSTRAINT duty_closure_reason CHECK (reason <> '')
);

CREATE TABLE duty_booking (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  shift_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  state        text NOT NULL,
  owed         boolean NOT NULL, -- it came with a standing place
  created_at   timestamptz NOT NULL,
  ended_at     timestamptz,
  noted_by     uuid,
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_booking_shift_fkey FOREIGN KEY (community_id, shift_id) REFERENCES duty_shift,
  CONSTRAINT duty_booking_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT duty_booking_noted_by_fkey FOREIGN KEY (community_id, noted_by) REFERENCES member,
  CONSTRAINT duty_booking_somebody_else CHECK (noted_by <> member_id),
  CONSTRAINT duty_booking_state CHECK (state IN ('BOOKED', 'ATTENDED', 'EXCUSED', 'MISSED', 'CALLED_OFF', 'SWAPPED')),
  CONSTRAINT duty_booking_ended CHECK ((state = 'BOOKED') = (ended_at IS NULL))
);
CREATE UNIQUE INDEX duty_booking_once ON duty_booking (community_id, shift_id, member_id) WHERE state IN ('BOOKED', 'ATTENDED');
CREATE INDEX duty_booking_shift_idx ON duty_booking (community_id, shift_id, created_at, id);
CREATE INDEX duty_booking_member_idx ON duty_booking (community_id, member_id) WHERE state = 'BOOKED';

-- Where each member stands. The balance is the last entry's.
CREATE TABLE duty_member (
  community_id  uuid NOT NULL REFERENCES community,
  member_id     uuid NOT NULL,
  template_id   uuid,          -- their standing place; NULL for who books freely
  standing_from date,
  owes_from     date NOT NULL, -- the first day that was not charged yet
  balance       integer NOT NULL DEFAULT 0,
  entries       integer NOT NULL DEFAULT 0,
  alert_at      timestamptz,
  due_at        timestamptz,
  told_at       timestamptz,
  PRIMARY KEY (community_id, member_id),
  CONSTRAINT duty_member_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT duty_member_template_fkey FOREIGN KEY (community_id, template_id) REFERENCES duty_template,
  CONSTRAINT duty_member_standing CHECK ((template_id IS NULL) = (standing_from IS NULL)),
  CONSTRAINT duty_member_behind CHECK ((alert_at IS NULL) = (due_at IS NULL) AND (told_at IS NULL OR due_at IS NOT NULL))
);
CREATE INDEX duty_member_owes_idx ON duty_member (community_id, owes_from);
CREATE INDEX duty_member_due_idx ON duty_member (community_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX duty_member_standing_idx ON duty_member (community_id, template_id) WHERE template_id IS NOT NULL;

CREATE TABLE duty_entry (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  position     integer NOT NULL,
  kind         text NOT NULL,
  outcome      text,
  points       integer NOT NULL,
  balance      integer NOT NULL,
  booking_id   uuid,
  source_id    uuid,
  corrects     uuid,
  by_id        uuid,
  reason       text NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_entry_position UNIQUE (community_id, member_id, position),
  CONSTRAINT duty_entry_source UNIQUE (community_id, member_id, kind, source_id),
  CONSTRAINT duty_entry_corrects_once UNIQUE (community_id, corrects),
  CONSTRAINT duty_entry_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT duty_entry_booking_fkey FOREIGN KEY (community_id, booking_id) REFERENCES duty_booking,
  CONSTRAINT duty_entry_corrects_fkey FOREIGN KEY (community_id, corrects) REFERENCES duty_entry,
  CONSTRAINT duty_entry_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES member,
  CONSTRAINT duty_entry_kind CHECK (kind IN ('SHIFT', 'CYCLE', 'ACTIVITY', 'CORRECTION', 'GIVEN', 'GRANTED')),
  CONSTRAINT duty_entry_correction CHECK ((kind = 'CORRECTION') = (corrects IS NOT NULL) AND (corrects IS NULL OR reason <> ''))
);

CREATE TABLE duty_extension (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  until_at     timestamptz NOT NULL,
  reason       text NOT NULL,
  by_id        uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_extension_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT duty_extension_by_fkey FOREIGN KEY (community_id, by_id) REFERENCES member,
  CONSTRAINT duty_extension_somebody_else CHECK (by_id <> member_id),
  CONSTRAINT duty_extension_reason CHECK (reason <> '')
);
CREATE INDEX duty_extension_member_idx ON duty_extension (community_id, member_id, created_at DESC, id DESC);

-- Times in which somebody owes no duty.
CREATE TABLE duty_leave (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  kind         text NOT NULL,
  state        text NOT NULL,
  from_day     date NOT NULL,
  until_day    date NOT NULL,
  starts_at    timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  reason       text NOT NULL,
  created_at   timestamptz NOT NULL,
  decided_by   uuid,
  decided_at   timestamptz,
  statement    text NOT NULL DEFAULT '',
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_leave_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT duty_leave_decided_by_fkey FOREIGN KEY (community_id, decided_by) REFERENCES member,
  CONSTRAINT duty_leave_somebody_else CHECK (decided_by <> member_id),
  CONSTRAINT duty_leave_kind CHECK (kind IN ('ILLNESS', 'PARENTAL', 'CARE', 'AWAY')),
  CONSTRAINT duty_leave_state CHECK (state IN ('REQUESTED', 'GRANTED', 'DECLINED', 'ENDED')),
  CONSTRAINT duty_leave_days CHECK (from_day <= until_day AND starts_at <= ends_at),
  CONSTRAINT duty_leave_declined_for_a_reason CHECK ((decided_by IS NULL) = (decided_at IS NULL) AND (state <> 'DECLINED' OR statement <> ''))
);
CREATE INDEX duty_leave_member_idx ON duty_leave (community_id, member_id, starts_at DESC, id DESC);
CREATE INDEX duty_leave_waiting_idx ON duty_leave (community_id, created_at, id) WHERE state = 'REQUESTED';

CREATE TABLE duty_swap (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  member_id    uuid NOT NULL,
  booking_id   uuid NOT NULL,
  to_id        uuid, -- NULL: anybody
  state        text NOT NULL,
  created_at   timestamptz NOT NULL,
  taken_by     uuid,
  for_id       uuid, -- the booking given for it
  done_at      timestamptz,
  PRIMARY KEY (community_id, id),
  CONSTRAINT duty_swap_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member,
  CONSTRAINT duty_swap_to_fkey FOREIGN KEY (community_id, to_id) REFERENCES member,
  CONSTRAINT duty_swap_taken_by_fkey FOREIGN KEY (community_id, taken_by) REFERENCES member,
  CONSTRAINT duty_swap_booking_fkey FOREIGN KEY (community_id, booking_id) REFERENCES duty_booking,
  CONSTRAINT duty_swap_for_fkey FOREIGN KEY (community_id, for_id) REFERENCES duty_booking,
  CONSTRAINT duty_swap_somebody_else CHECK (to_id <> member_id AND taken_by <> member_id),
  CONSTRAINT duty_swap_state CHECK (state IN ('OPEN', 'DONE', 'WITHDRAWN') AND (state = 'DONE') = (taken_by IS NOT NULL) AND (state = 'DONE') = (done_at IS NOT NULL))
);
CREATE UNIQUE INDEX duty_swap_open_once ON duty_swap (community_id, booking_id) WHERE state = 'OPEN';

-- What members gave of their counters for others.
CREATE TABLE duty_common (
  community_id uuid PRIMARY KEY REFERENCES community,
  points       integer NOT NULL,
  CONSTRAINT duty_common_never_below CHECK (points >= 0)
);

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['duty_template', 'duty_shift', 'duty_closure', 'duty_booking', 'duty_member', 'duty_entry', 'duty_extension', 'duty_leave', 'duty_swap', 'duty_common'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON duty_template, duty_shift, duty_closure, duty_booking, duty_member, duty_entry, duty_extension, duty_leave, duty_swap, duty_common TO hora_server;
GRANT UPDATE (ended_at) ON duty_template TO hora_server;
GRANT UPDATE (cancelled_at, reason, reminded_at) ON duty_shift TO hora_server;
GRANT UPDATE (state, ended_at, noted_by) ON duty_booking TO hora_server;
GRANT UPDATE (template_id, standing_from, owes_from, balance, entries, alert_at, due_at, told_at) ON duty_member TO hora_server;
GRANT UPDATE (state, ends_at, decided_by, decided_at, statement) ON duty_leave TO hora_server;
GRANT UPDATE (state, taken_by, for_id, done_at) ON duty_swap TO hora_server;
GRANT UPDATE (points) ON duty_common TO hora_server;

-- +goose Down
DROP TABLE duty_common, duty_swap, duty_leave, duty_extension, duty_entry, duty_member, duty_booking, duty_closure, duty_shift, duty_template;
