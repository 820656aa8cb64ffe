-- Each row says what does not hold: evidence and evaluations are added to, and
-- neither changed nor taken away.
SELECT format('%s: hora_server may change or delete it', t)
  FROM unnest(ARRAY['contribution', 'evaluation']::regclass[]) t
 WHERE has_any_column_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'TRUNCATE')
