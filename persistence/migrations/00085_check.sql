-- Each row says what does not hold: a report can be answered and a measure ended,
-- and neither changed nor taken back.
SELECT format('%s: hora_server may delete it, or change more than it should', t)
  FROM (VALUES ('report'::regclass, ARRAY['overdue_at', 'answered_at']), ('measure', ARRAY['ended_at', 'ended_by', 'end_reason', 'handed_over_at', 'handed_over_by'])) AS v (t, changing)
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = t AND a.attnum > 0 AND NOT a.attname = ANY (changing)
                  AND has_column_privilege('hora_server', t, a.attname, 'UPDATE'))
