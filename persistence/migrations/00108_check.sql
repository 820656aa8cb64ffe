-- Each row says what does not hold: neither a step of a review nor the closing of a
-- complaint is ever changed or taken away.
SELECT format('%s: hora_server may change or delete it', t)
  FROM unnest(ARRAY['listing_review', 'complaint_closing']::regclass[]) t
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR has_any_column_privilege('hora_server', t, 'UPDATE')
