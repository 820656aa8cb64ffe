-- Who may vote in a cycle, written down when voting begins: nobody joins the roll
-- afterwards, also not by a suspension that ends.

-- +goose Up
CREATE TABLE cycle_seat (
  community_id uuid NOT NULL,
  cycle_id     uuid NOT NULL,
  member_id    uuid NOT NULL,
  PRIMARY KEY (community_id, cycle_id, member_id),
  CONSTRAINT cycle_seat_cycle_fkey FOREIGN KEY (community_id, cycle_id) REFERENCES cycle,
  CONSTRAINT cycle_seat_member_fkey FOREIGN KEY (community_id, member_id) REFERENCES member
);

-- Votes that run: those who could vote until now, and those who did.
ALTER TABLE cycle NO FORCE ROW LEVEL SECURITY;
ALTER TABLE member NO FORCE ROW LEVEL SECURITY;
ALTER TABLE budget_ballot NO FORCE ROW LEVEL SECURITY;
INSERT INTO cycle_seat (community_id, cycle_id, member_id)
SELECT c.community_id, c.id, m.id
  FROM cycle c JOIN member m ON m.community_id = c.community_id
 WHERE c.state = 'VOTING' AND m.admitted_at <= (c.calendar ->> 'votingAt')::timestamptz
   AND m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')
UNION
SELECT c.community_id, c.id, b.member_id
  FROM cycle c JOIN budget_ballot b ON b.community_id = c.community_id AND b.cycle_id = c.id
 WHERE c.state = 'VOTING';
-- Who is back since the vote began was not counted then; an envelope has a part for each seat.
UPDATE cycle c
   SET roll = greatest(c.roll, (SELECT count(*) FROM cycle_seat s WHERE s.community_id = c.community_id AND s.cycle_id = c.id))
 WHERE c.state = 'VOTING';
ALTER TABLE budget_ballot FORCE ROW LEVEL SECURITY;
ALTER TABLE member FORCE ROW LEVEL SECURITY;
ALTER TABLE cycle FORCE ROW LEVEL SECURITY;

ALTER TABLE cycle_seat ENABLE ROW LEVEL SECURITY;
ALTER TABLE cycle_seat FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON cycle_seat USING (community_id = NULLIF(current_setting('hora.community', true), '')::uuid);
GRANT SELECT, INSERT ON cycle_seat TO hora_server; -- who was on it, stays

-- +goose Down
DROP TABLE cycle_seat;
