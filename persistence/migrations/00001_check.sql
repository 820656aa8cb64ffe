-- Each row says what does not hold. Every tenant table starts its primary key
-- with community_id, is walled by a forced policy, and belongs to hora_owner;
-- nobody who serves requests may change what was posted; nothing points at accounts.
SELECT format('%s: row-level security is not forced', c.oid::regclass)
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'community_id' AND NOT a.attisdropped
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'journal', 'ledger')
 WHERE c.relkind = 'r' AND c.relname <> 'person_community'
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid))
UNION ALL
SELECT format('%s: %s does not start with community_id', i.indrelid::regclass, i.indexrelid::regclass)
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indrelid AND c.relname <> 'person_community'
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('public', 'journal', 'ledger')
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'community_id' AND NOT a.attisdropped
 WHERE i.indisunique AND i.indkey[0] <> a.attnum
UNION ALL
SELECT format('%s: owned by %s', c.oid::regclass, pg_get_userbyid(c.relowner))
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname IN ('journal', 'ledger')
 WHERE c.relkind = 'r' AND pg_get_userbyid(c.relowner) <> 'hora_owner'
UNION ALL
SELECT format('%s: hora_server may %s', g.table_name, g.privilege_type)
  FROM information_schema.role_table_grants g
 WHERE g.grantee IN ('hora_server', 'PUBLIC') AND g.privilege_type <> 'SELECT'
   AND ((g.table_schema = 'ledger' AND g.table_name <> 'note') OR (g.table_schema, g.table_name) IN (('journal', 'event'), ('journal', 'head')))
UNION ALL
SELECT format('%s: a foreign key points at ledger.account', conrelid::regclass)
  FROM pg_constraint
 WHERE contype = 'f' AND confrelid = 'ledger.account'::regclass;
