-- Each row says what does not hold: the server reaches mirrors and pairs by their
-- four functions, which run as the owner and find their tables by name alone.
SELECT format('%s: hora_server may not call it, or anybody may, or it does not run as the owner', p.oid::regprocedure)
  FROM pg_proc p
 WHERE p.oid IN ('ledger.open_mirror'::regproc, 'ledger.limit_mirror'::regproc, 'ledger.keep_pair'::regproc, 'ledger.close_pair'::regproc)
   AND NOT (has_function_privilege('hora_server', p.oid, 'EXECUTE') AND p.prosecdef AND pg_get_userbyid(p.proowner) = 'hora_owner'
            AND p.proconfig = ARRAY['search_path=pg_catalog, pg_temp']
            AND NOT EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee = 0))
