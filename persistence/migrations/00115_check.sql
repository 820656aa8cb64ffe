-- Each row says what does not hold: on a row about a minor, whose it is stays.
SELECT 'minor: hora_server may change whose it is'
 WHERE has_table_privilege('hora_server', 'minor', 'UPDATE') OR has_table_privilege('hora_server', 'minor', 'TRUNCATE')
    OR has_column_privilege('hora_server', 'minor', 'community_id', 'UPDATE') OR has_column_privilege('hora_server', 'minor', 'member_id', 'UPDATE')
