-- Each row says what does not hold: no update of an account gets round the policy
-- that keeps mirrors to crossings.
SELECT 'ledger.account: nothing keeps mirrors to crossings'
 WHERE NOT EXISTS (SELECT FROM pg_policy p
                     JOIN pg_class c ON c.oid = p.polrelid
                    WHERE c.oid = 'ledger.account'::regclass AND p.polname = 'crossing' AND p.polcmd = 'w' AND NOT p.polpermissive
                      AND p.polroles = ARRAY[0::oid] AND c.relrowsecurity AND c.relforcerowsecurity)
