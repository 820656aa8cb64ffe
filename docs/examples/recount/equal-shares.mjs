// SPDX-License-Identifier: AGPL-3.0-or-later
//
// EQUAL_SHARES: each voter owns the same part of the envelope; again and again the
// project that is cheapest to its supporters is bought, each paying in proportion to
// their score, those who have less all they have. Then all shares rise together until
// the envelope would be overspent, and the rest goes to the most support per minute.
import { topUp } from "./methods.mjs";

// Exact fractions: numerator and denominator, never rounded.
const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a; };
const frac = (n, d = 1n) => { const g = gcd(n, d) || 1n; return { n: n / g, d: d / g }; };
const add = (a, b) => frac(a.n * b.d + b.n * a.d, a.d * b.d);
const sub = (a, b) => frac(a.n * b.d - b.n * a.d, a.d * b.d);
const mul = (a, b) => frac(a.n * b.n, a.d * b.d);
const div = (a, b) => frac(a.n * b.d, a.d * b.n);
const less = (a, b) => a.n * b.d < b.n * a.d;
const text = (a) => (a.d === 1n ? `${a.n}` : `${a.n}/${a.d}`);

// What a supporter pays per point; null when all of them together cannot.
function price(project, supporters, money) {
  let rich = supporters, due = frac(project.minimum);
  for (;;) {
    const points = rich.reduce((sum, s) => sum + s.score, 0n);
    if (points === 0n) return null;
    const each = div(due, frac(points));
    const poor = rich.filter((s) => less(money[s.voter], mul(each, frac(s.score))));
    if (poor.length === 0) return each;
    for (const s of poor) due = sub(due, money[s.voter]);
    rich = rich.filter((s) => !poor.includes(s));
  }
}

export function equalShares(count) {
  const { envelope, ballots, inOrder } = count, voters = BigInt(ballots.length);
  if (voters === 0n) return;
  const perProject = count.vote.rule?.utility === "PER_PROJECT";
  const supporters = new Map(inOrder.map((p) => [p, ballots.flatMap((b, voter) =>
    (b.choices ?? []).filter((c) => c.project === p.id && c.value > 0).map((c) => ({ voter, score: BigInt(c.value) })))]));

  function buy(share) {
    const money = ballots.map(() => share), bought = new Map();
    for (;;) {
      let best = null;
      for (const p of inOrder) {
        const each = bought.has(p) ? null : price(p, supporters.get(p), money);
        if (!each) continue;
        const key = perProject ? each : div(each, frac(p.minimum));
        if (!best || less(key, best.key)) best = { p, each, key };
      }
      if (!best) return bought;
      bought.set(best.p, best.each);
      for (const s of supporters.get(best.p)) {
        const due = mul(best.each, frac(s.score));
        money[s.voter] = less(due, money[s.voter]) ? sub(money[s.voter], due) : frac(0n);
      }
    }
  }

  const cost = (bought) => [...bought.keys()].reduce((sum, p) => sum + p.minimum, 0n);
  const couldTakeMore = (bought) => inOrder.some((p) => !bought.has(p) && p.support > 0n && p.minimum <= envelope - cost(bought));
  const step = frac(count.rule.raise || envelope / voters / 20n || 1n);
  let share = frac(envelope, voters), bought = buy(share);
  count.share = text(share);
  while (couldTakeMore(bought) && !less(frac(envelope), share)) {
    const raised = add(share, step), next = buy(raised);
    if (cost(next) > envelope) break;
    [share, bought] = [raised, next];
  }
  count.virtual = text(share);
  for (const [p, each] of bought) count.grant(p, p.minimum, "SHARED").perPoint = text(each);

  const gain = (p) => (perProject ? frac(p.support, p.minimum) : frac(p.support));
  for (const p of [...inOrder].sort((a, b) => (less(gain(b), gain(a)) ? -1 : less(gain(a), gain(b)) ? 1 : 0))) {
    if (p.place > 0 || p.support === 0n) continue;
    if (p.minimum > count.left()) count.refuse(p, "ENVELOPE_SPENT", p.minimum - count.left());
    else count.grant(p, p.minimum, "COMPLETED");
  }
  topUp(count);
}
