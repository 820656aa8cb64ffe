-- Each row says what does not hold: what was given can be hidden, or its end
-- noted, and neither changed nor taken back.
SELECT format('%s: hora_server may delete it, or change more than hidden and withdrawn_at', t)
  FROM unnest(ARRAY['thanks', 'star', 'endorsement', 'milestone']::regclass[]) t
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = t AND a.attnum > 0 AND a.attname NOT IN ('hidden', 'withdrawn_at')
                  AND has_column_privilege('hora_server', t, a.attname, 'UPDATE'))
