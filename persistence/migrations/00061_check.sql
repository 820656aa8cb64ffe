-- Each row says what does not hold: the vote changes by govern and no other way.
SELECT 'member.governance: hora_server may change it by itself' WHERE has_column_privilege('hora_server', 'member', 'governance', 'UPDATE')
UNION ALL
SELECT 'governance_act: hora_server may write to it by itself'
 WHERE has_any_column_privilege('hora_server', 'governance_act', 'INSERT, UPDATE') OR has_table_privilege('hora_server', 'governance_act', 'DELETE, TRUNCATE')
