-- Each row says what does not hold. A counted decision has no box and no key left,
-- and as many published ballots as voters.
SELECT format('decision %s is counted and its key still exists', d.id)
  FROM decision d
  JOIN decision_key k ON (k.community_id, k.decision_id) = (d.community_id, d.id)
 WHERE d.result IS NOT NULL
UNION ALL
SELECT format('decision %s is counted and its box still exists', d.id)
  FROM decision d
 WHERE d.result IS NOT NULL
   AND EXISTS (SELECT FROM decision_ballot b WHERE b.community_id = d.community_id AND b.decision_id = d.id)
UNION ALL
SELECT format('a published ballot of decision %s names its member, though it is secret', d.id)
  FROM decision d
 WHERE (d.rules ->> 'secret')::boolean
   AND EXISTS (SELECT FROM decision_receipt r WHERE r.community_id = d.community_id AND r.decision_id = d.id AND r.member_id IS NOT NULL);
