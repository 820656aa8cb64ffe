-- Each row says what does not hold: what members wait for finds a community's
-- head by its key, however few there are.
SELECT format('%s may read the heads of all communities to find one', p.oid::regprocedure)
  FROM pg_proc p
 WHERE p.oid IN ('ledger.post'::regproc, 'ledger.post_batch'::regproc, 'ledger.place_hold'::regproc, 'ledger.close_holds'::regproc,
                 'journal.append'::regproc)
   AND NOT 'enable_seqscan=off' = ANY (p.proconfig)
