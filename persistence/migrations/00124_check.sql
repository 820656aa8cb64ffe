-- Each row says what does not hold: a counter is only added to, and each balance is the
-- one before with the entry's points.
SELECT format('%s: hora_server may change it or take from it', t)
  FROM (VALUES ('duty_entry'::regclass), ('duty_extension'::regclass), ('duty_closure'::regclass)) AS v (t)
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'TRUNCATE') OR has_any_column_privilege('hora_server', t, 'UPDATE')
UNION ALL
SELECT 'duty_entry: the balance of ' || id || ' does not follow from the one before'
  FROM (SELECT id, points, balance, position, lag(balance, 1, 0) OVER w AS before, row_number() OVER w AS nth
          FROM duty_entry WINDOW w AS (PARTITION BY community_id, member_id ORDER BY position)) AS e
 WHERE balance <> before + points OR position <> nth
UNION ALL
SELECT 'duty_member: the balance of ' || m.member_id || ' is not its last entry’s'
  FROM duty_member m
 WHERE m.balance <> coalesce((SELECT sum(e.points) FROM duty_entry e WHERE e.community_id = m.community_id AND e.member_id = m.member_id), 0)
UNION ALL
SELECT 'duty_common: the counter of ' || c.community_id || ' is not what was given less what was granted'
  FROM duty_common c
 WHERE c.points <> -coalesce((SELECT sum(e.points) FROM duty_entry e WHERE e.community_id = c.community_id AND e.kind IN ('GIVEN', 'GRANTED')), 0)
