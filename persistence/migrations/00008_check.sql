-- Each row says what does not hold: nobody who serves requests writes seals or
-- tiles but by the function that adds them.
SELECT format('%s: hora_server may %s', g.table_name, g.privilege_type)
  FROM information_schema.role_table_grants g
 WHERE g.grantee IN ('hora_server', 'PUBLIC') AND g.privilege_type <> 'SELECT'
   AND (g.table_schema, g.table_name) IN (('journal', 'seal'), ('journal', 'tile'))
