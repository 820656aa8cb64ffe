-- Each row says what does not hold: the share register is only ever added to, and
-- its totals are what its operations add up to.
SELECT format('%s: hora_server may change or delete what was entered', t)
  FROM unnest(ARRAY['share_order', 'share_part', 'share_confirmation', 'share_operation', 'share_consent']::regclass[]) t
 WHERE has_table_privilege('hora_server', t, 'DELETE') OR has_table_privilege('hora_server', t, 'TRUNCATE')
    OR has_any_column_privilege('hora_server', t, 'UPDATE')
UNION ALL
SELECT format('community %s: the share register says %s shares and %s, its operations %s and %s', r.community_id, r.shares, r.capital, o.shares, o.capital)
  FROM share_register r
  CROSS JOIN LATERAL (SELECT coalesce(sum(CASE kind WHEN 'PAY' THEN shares WHEN 'REDEEM' THEN -shares ELSE 0 END), 0) AS shares,
                             coalesce(sum(CASE kind WHEN 'PAY' THEN amount WHEN 'REDEEM' THEN -amount ELSE 0 END), 0) AS capital,
                             coalesce(max(number), 0) AS last, count(*) AS lines
                        FROM share_operation WHERE community_id = r.community_id) o
 WHERE (o.shares, o.capital) <> (r.shares, r.capital) OR o.last <> r.last OR o.lines <> r.last
