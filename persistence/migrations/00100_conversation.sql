-- What members write to one another, and what the community says to many. A
-- message is never changed; what is kept of a thread is who has read how far.

-- +goose Up
CREATE TABLE thread (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  exchange_id  uuid,             -- what it is about; with no listing either, nothing in particular
  listing_id   uuid,
  first_id     uuid NOT NULL,    -- of a listing's thread, who asks; of the others, the lower id
  second_id    uuid NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  last         integer NOT NULL DEFAULT 0, -- the last message's number
  first_seen   integer NOT NULL DEFAULT 0, -- the number up to which each has read
  second_seen  integer NOT NULL DEFAULT 0,
  PRIMARY KEY (community_id, id),
  CONSTRAINT thread_exchange_fkey FOREIGN KEY (community_id, exchange_id) REFERENCES exchange,
  CONSTRAINT thread_listing_fkey FOREIGN KEY (community_id, listing_id) REFERENCES listing,
  CONSTRAINT thread_first_fkey FOREIGN KEY (community_id, first_id) REFERENCES member,
  CONSTRAINT thread_second_fkey FOREIGN KEY (community_id, second_id) REFERENCES member,
  CONSTRAINT thread_two_members CHECK (first_id <> second_id),
  CONSTRAINT thread_one_subject CHECK (exchange_id IS NULL OR listing_id IS NULL)
);
CREATE UNIQUE INDEX thread_exchange_key ON thread (community_id, exchange_id) WHERE exchange_id IS NOT NULL;
CREATE UNIQUE INDEX thread_listing_key ON thread (community_id, listing_id, first_id) WHERE listing_id IS NOT NULL;
CREATE UNIQUE INDEX thread_pair_key ON thread (community_id, first_id, second_id) WHERE exchange_id IS NULL AND listing_id IS NULL;
CREATE INDEX thread_first_idx ON thread (community_id, first_id, updated_at DESC, id DESC);
CREATE INDEX thread_second_idx ON thread (community_id, second_id, updated_at DESC, id DESC);

CREATE TABLE message (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  thread_id    uuid NOT NULL,
  number       integer NOT NULL, -- from 1, without gaps
  sender_id    uuid NOT NULL,
  typist_id    uuid NOT NULL REFERENCES person,
  body         text NOT NULL,
  sent_at      timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT message_number_key UNIQUE (community_id, thread_id, number),
  CONSTRAINT message_thread_fkey FOREIGN KEY (community_id, thread_id) REFERENCES thread,
  CONSTRAINT message_sender_fkey FOREIGN KEY (community_id, sender_id) REFERENCES member
);

CREATE TABLE announcement (
  community_id uuid NOT NULL REFERENCES community,
  id           uuid NOT NULL,
  audience     text NOT NULL,
  title        text NOT NULL,
  body         text NOT NULL,
  member_id    uuid NOT NULL,
  at           timestamptz NOT NULL,
  PRIMARY KEY (community_id, id),
  CONSTRAINT announcement_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);
CREATE INDEX announcement_idx ON announcement (community_id, at DESC, id DESC);

-- What a notification is about, beside an exchange: a thread or an announcement.
ALTER TABLE notification ADD COLUMN about_id uuid;

-- +goose StatementBegin
DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['thread', 'message', 'announcement'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
    EXECUTE format($p$CREATE POLICY tenant ON %I
      USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid)$p$, t);
  END LOOP;
END
$$;
-- +goose StatementEnd
GRANT SELECT, INSERT, UPDATE (updated_at, last, first_seen, second_seen) ON thread TO hora_server;
GRANT SELECT, INSERT ON message, announcement TO hora_server;

-- +goose Down
ALTER TABLE notification DROP COLUMN about_id;
DROP TABLE announcement, message, thread;
