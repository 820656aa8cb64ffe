-- Each row says what does not hold: an appeal can be answered, and neither changed
-- nor taken back.
SELECT format('%s: hora_server may delete it, or change more than it should', t)
  FROM (VALUES ('appeal'::regclass, ARRAY['place', 'overdue_at', 'outcome', 'statement', 'decided_by', 'decided_at'])) AS v (t, changing)
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = t AND a.attnum > 0 AND NOT a.attname = ANY (changing)
                  AND has_column_privilege('hora_server', t, a.attname, 'UPDATE'))
