-- Each row says what does not hold: an attestation can be told of and withdrawn, and
-- neither changed nor taken out.
SELECT format('%s: hora_server may delete it, or change more than it should', t)
  FROM (VALUES ('vetting'::regclass, ARRAY['noticed_at', 'withdrawn_at', 'withdrawn_by', 'withdraw_reason'])) AS v (t, changing)
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = t AND a.attnum > 0 AND NOT a.attname = ANY (changing)
                  AND has_column_privilege('hora_server', t, a.attname, 'UPDATE'))
