-- Each row says what does not hold: an issued badge can be hidden or revoked, and
-- neither changed nor taken back; criteria under which one was issued stay.
SELECT format('%s: hora_server may delete it, or change more than it should', t)
  FROM (VALUES ('badge'::regclass, ARRAY['version']), ('badge_criteria', ARRAY[]::text[]),
               ('issued_badge', ARRAY['hidden', 'revoked_at', 'revoked_by', 'revoke_reason'])) AS v (t, changing)
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'UPDATE')
    OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR EXISTS (SELECT FROM pg_attribute a
                WHERE a.attrelid = t AND a.attnum > 0 AND NOT a.attname = ANY (changing)
                  AND has_column_privilege('hora_server', t, a.attname, 'UPDATE'))
