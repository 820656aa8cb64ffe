-- Many postings in one commit: sessions, grants, dues, imports. The meaning is
-- that of posting them one after another; one refusal refuses all, and says which.

-- +goose Up
-- +goose StatementBegin
-- write, for many events at once: the hashes follow one another, the rows need not.
CREATE OR REPLACE FUNCTION journal.write(
  p_community uuid, p_pos bigint, p_hash bytea, p_at timestamptz,
  p_ids uuid[], p_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[]
) RETURNS bigint
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_count   integer := cardinality(p_ids);
  v_digest  bytea;
  v_digests bytea[];
  v_hashes  bytea[];
  v_micros  bytea := int8send((extract(epoch FROM p_at) * 1000000)::bigint);
BEGIN
  IF v_count = 1 THEN
    v_digest := sha256(p_bodies[1]);
    p_hash   := sha256(p_hash || int8send(p_pos + 1) || v_micros || v_digest);
    INSERT INTO journal.event (community_id, pos, id, kind, actor_id, subject_id, at, body, digest, hash)
    VALUES (p_community, p_pos + 1, p_ids[1], p_kinds[1], p_actors[1], p_subjects[1], p_at, p_bodies[1], v_digest, p_hash);
  ELSIF v_count > 1 THEN
    FOR i IN 1 .. v_count LOOP
      v_digest     := sha256(p_bodies[i]);
      p_hash       := sha256(p_hash || int8send(p_pos + i) || v_micros || v_digest);
      v_digests[i] := v_digest;
      v_hashes[i]  := p_hash;
    END LOOP;
    INSERT INTO journal.event (community_id, pos, id, kind, actor_id, subject_id, at, body, digest, hash)
    SELECT p_community, p_pos + e.n, e.id, e.kind, e.actor, e.subject, p_at, e.body, e.digest, e.hash
      FROM unnest(p_ids, p_kinds, p_actors, p_subjects, p_bodies, v_digests, v_hashes)
           WITH ORDINALITY AS e (id, kind, actor, subject, body, digest, hash, n);
  END IF;
  UPDATE journal.head h SET pos = p_pos + v_count, hash = p_hash WHERE h.community_id = p_community;
  RETURN p_pos + v_count;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- post_batch writes postings under one head. p_line gives each leg its posting,
-- by position from 1; each posting has one event, whose position is its own. A
-- known key with the same fingerprint is skipped, as post would answer it.
-- Refusals carry the line: LD402 (floor), LD404 (no open account), LD422 (key).
-- What a coordinator allowed once is for a single posting, never for a batch.
CREATE FUNCTION ledger.post_batch(
  p_community uuid, p_at timestamptz,
  p_postings uuid[], p_keys text[], p_fingerprints bytea[],
  p_line integer[], p_transfers uuid[], p_kinds text[], p_minutes bigint[], p_debits uuid[], p_credits uuid[],
  p_exchanges uuid[],
  p_events uuid[], p_event_kinds text[], p_actors uuid[], p_subjects uuid[], p_bodies bytea[],
  OUT posting_ids uuid[], OUT replayed boolean[], OUT low uuid[], OUT high uuid[]
)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_pos       bigint;
  v_hash      bytea;
  v_line      bigint;
  v_fresh     integer[]; -- the lines that are not known yet
  v_lines     integer[]; -- every movement in order: its line, account, …
  v_accounts  uuid[];
  v_transfers uuid[];
  v_minutes   bigint[];
  v_seqs      bigint[];
  v_balances  bigint[];
  v_rooms     bigint[]; -- what was available before it; NULL without a floor
BEGIN
  SELECT h.pos, h.hash INTO v_pos, v_hash FROM journal.head h WHERE h.community_id = p_community FOR NO KEY UPDATE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'no journal' USING ERRCODE = 'LD404';
  END IF;

  SELECT array_agg(coalesce(k.id, p_postings[l.n]) ORDER BY l.n), array_agg(k.id IS NOT NULL ORDER BY l.n),
         array_agg(l.n::integer ORDER BY l.n) FILTER (WHERE k.id IS NULL),
         min(l.n) FILTER (WHERE k.fingerprint <> l.fingerprint OR l.times > 1)
    INTO posting_ids, replayed, v_fresh, v_line
    FROM (SELECT u.*, row_number() OVER (PARTITION BY u.key ORDER BY u.n) AS times
            FROM unnest(p_keys, p_fingerprints) WITH ORDINALITY AS u (key, fingerprint, n)) l
    LEFT JOIN ledger.posting k ON k.community_id = p_community AND k.key = l.key;
  IF v_line IS NOT NULL THEN
    RAISE EXCEPTION 'key reused' USING ERRCODE = 'LD422', DETAIL = json_build_object('line', v_line)::text;
  END IF;
  IF v_fresh IS NULL THEN
    RETURN;
  END IF;

  WITH move AS (
    SELECT m.line, m.n, s.side, m.transfer,
           CASE s.side WHEN 1 THEN m.debit ELSE m.credit END AS account,
           CASE s.side WHEN 1 THEN -m.minutes ELSE m.minutes END AS minutes
      FROM unnest(p_line, p_transfers, p_minutes, p_debits, p_credits)
           WITH ORDINALITY AS m (line, transfer, minutes, debit, credit, n)
     CROSS JOIN (VALUES (1), (2)) AS s (side)
     WHERE m.line = ANY (v_fresh)
  ), led AS (
    SELECT move.*, a.id AS known, a.held, a.floor,
           a.seq + row_number() OVER w AS seq, a.balance + sum(move.minutes) OVER w AS balance
      FROM move
      LEFT JOIN ledger.account a ON a.community_id = p_community AND a.id = move.account AND a.closed_at IS NULL
    WINDOW w AS (PARTITION BY move.account ORDER BY move.n, move.side)
  )
  SELECT array_agg(line ORDER BY n, side), array_agg(account ORDER BY n, side), array_agg(transfer ORDER BY n, side),
         array_agg(minutes ORDER BY n, side), array_agg(seq ORDER BY n, side), array_agg(balance::bigint ORDER BY n, side),
         array_agg((balance - minutes - held - floor)::bigint ORDER BY n, side),
         min(line) FILTER (WHERE known IS NULL)
    INTO v_lines, v_accounts, v_transfers, v_minutes, v_seqs, v_balances, v_rooms, v_line
    FROM led;
  FOR i IN 1 .. cardinality(v_lines) LOOP
    EXIT WHEN v_lines[i] >= v_line; -- an absent account comes first
    IF v_minutes[i] < 0 AND v_rooms[i] + v_minutes[i] < 0 THEN
      RAISE EXCEPTION 'insufficient hours' USING ERRCODE = 'LD402', DETAIL = json_build_object(
        'line', v_lines[i], 'account', v_accounts[i], 'available', v_rooms[i], 'required', -v_minutes[i])::text;
    END IF;
  END LOOP;
  IF v_line IS NOT NULL THEN
    RAISE EXCEPTION 'no open account' USING ERRCODE = 'LD404', DETAIL = json_build_object('line', v_line)::text;
  END IF;

  INSERT INTO ledger.posting (community_id, id, key, fingerprint, pos, at)
  SELECT p_community, l.id, l.key, l.fingerprint, v_pos + row_number() OVER (ORDER BY l.n), p_at
    FROM unnest(p_postings, p_keys, p_fingerprints) WITH ORDINALITY AS l (id, key, fingerprint, n)
   WHERE l.n = ANY (v_fresh);
  INSERT INTO ledger.transfer (community_id, id, posting_id, kind, minutes, debit_id, credit_id, exchange_id, at)
  SELECT p_community, t.id, p_postings[t.line], t.kind, t.minutes, t.debit, t.credit, t.exchange, p_at
    FROM unnest(p_line, p_transfers, p_kinds, p_minutes, p_debits, p_credits, p_exchanges)
         AS t (line, id, kind, minutes, debit, credit, exchange)
   WHERE t.line = ANY (v_fresh);
  INSERT INTO ledger.entry (community_id, account_id, seq, transfer_id, minutes, balance_after, at)
  SELECT p_community, e.account, e.seq, e.transfer, e.minutes, e.balance, p_at
    FROM unnest(v_accounts, v_seqs, v_transfers, v_minutes, v_balances) AS e (account, seq, transfer, minutes, balance);
  UPDATE ledger.account a
     SET balance = a.balance + s.minutes, seq = a.seq + s.entries
    FROM (SELECT m.account, sum(m.minutes)::bigint AS minutes, count(*) AS entries
            FROM unnest(v_accounts, v_minutes) AS m (account, minutes)
           GROUP BY m.account) s
   WHERE a.community_id = p_community AND a.id = s.account;
  SELECT array_agg(a.id) FILTER (WHERE a.balance < a.soft_floor AND a.id = ANY (p_debits)),
         array_agg(a.id) FILTER (WHERE a.balance > a.ceiling AND a.id = ANY (p_credits))
    INTO low, high
    FROM ledger.account a
   WHERE a.community_id = p_community AND a.id = ANY (v_accounts);

  IF cardinality(v_fresh) < cardinality(p_events) THEN
    SELECT array_agg(e.id ORDER BY e.n), array_agg(e.kind ORDER BY e.n), array_agg(e.actor ORDER BY e.n),
           array_agg(e.subject ORDER BY e.n), array_agg(e.body ORDER BY e.n)
      INTO p_events, p_event_kinds, p_actors, p_subjects, p_bodies
      FROM unnest(p_events, p_event_kinds, p_actors, p_subjects, p_bodies)
           WITH ORDINALITY AS e (id, kind, actor, subject, body, n)
     WHERE e.n = ANY (v_fresh);
  END IF;
  PERFORM journal.write(p_community, v_pos, v_hash, p_at, p_events, p_event_kinds, p_actors, p_subjects, p_bodies);
END
$$;
-- +goose StatementEnd

REVOKE ALL ON FUNCTION ledger.post_batch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger.post_batch TO hora_server;

-- +goose Down
DROP FUNCTION ledger.post_batch;
