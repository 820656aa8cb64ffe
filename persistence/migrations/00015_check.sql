-- Each row says what does not hold. In whatever schema a migration puts it, a table
-- with a community's rows is walled by force, every policy of it asks for the tenant
-- (but for the two that show positions to the relay), and nothing is kept beside it
-- that knows no policy. 00001_check.sql looks at the first schemas only.
SELECT format('%s: row-level security is not forced, or no policy asks for the tenant', c.oid::regclass)
  FROM pg_class c
  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'community_id' AND NOT a.attisdropped
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
 WHERE c.relkind IN ('r', 'p') AND c.oid <> 'public.person_community'::regclass
   AND NOT (c.relrowsecurity AND c.relforcerowsecurity
            AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd = '*'
                         AND pg_get_expr(p.polqual, p.polrelid) LIKE '%community_id = %hora.community%'))
UNION ALL
SELECT format('%s: the policy %s asks for no tenant', p.polrelid::regclass, p.polname)
  FROM pg_policy p
 WHERE p.polpermissive -- a restrictive one only narrows
   AND pg_get_expr(coalesce(p.polqual, p.polwithcheck), p.polrelid) NOT LIKE '%community_id = %hora.community%'
   AND NOT (p.polname = 'positions' AND p.polcmd = 'r' AND p.polrelid IN ('journal.head'::regclass, 'journal.cursor'::regclass))
UNION ALL
SELECT format('%s: a materialized view knows no policy', c.oid::regclass)
  FROM pg_class c
 WHERE c.relkind = 'm'
UNION ALL
SELECT format('%s: a view shows what its owner may see; it must be security_invoker', c.oid::regclass)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%'
 WHERE c.relkind = 'v' AND NOT coalesce(c.reloptions @> '{security_invoker=true}' OR c.reloptions @> '{security_invoker=on}', false)
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
