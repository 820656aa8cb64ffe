// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Counts a published allocation by equal shares again, with nothing of Hora's:
//
//   node recount-allocation.mjs record.json
//
// The file is what a cycle exports: the ballots under receipts, the projects, the
// result. Whoever voted finds their own ballot by its receipt.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

const { instance: vote, result, commitment } = JSON.parse(readFileSync(process.argv[2], "utf8"));
const sha = (text) => createHash("sha256").update(text).digest("hex");
const fail = (why) => { console.error(`NOT the published result: ${why}`); process.exit(1); };

// Exact fractions: numerator and denominator, never rounded.
const gcd = (a, b) => { while (b) [a, b] = [b, a % b]; return a < 0n ? -a : a; };
const frac = (n, d = 1n) => { const g = gcd(n, d) || 1n; return { n: n / g, d: d / g }; };
const add = (a, b) => frac(a.n * b.d + b.n * a.d, a.d * b.d);
const sub = (a, b) => frac(a.n * b.d - b.n * a.d, a.d * b.d);
const mul = (a, b) => frac(a.n * b.n, a.d * b.d);
const div = (a, b) => frac(a.n * b.d, a.d * b.n);
const less = (a, b) => a.n * b.d < b.n * a.d;
const text = (a) => (a.d === 1n ? `${a.n}` : `${a.n}/${a.d}`);

const byId = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const canonical = {
  ...vote,
  projects: [...vote.projects].sort((a, b) => byId(a.id, b.id)),
  ballots: vote.ballots
    .map((b) => ({ voter: b.voter, choices: (b.choices ?? []).filter((c) => c.value).sort((x, y) => byId(x.project, y.project)) }))
    .sort((a, b) => byId(a.voter, b.voter)),
};
if (vote.method !== "EQUAL_SHARES") fail(`this script counts EQUAL_SHARES, the file says ${vote.method}`);
if (sha(JSON.stringify(canonical)) !== result.inputHash) fail("the ballots are not those that were hashed");
if (commitment && commitment !== sha(`hora seed\n${vote.cycle}\n${vote.seed}`)) fail("the seed is not the one committed to");

// Equal in everything: earlier filing, then a hash nobody could know beforehand.
const lot = (p) => sha(`${vote.cycle}\n${vote.seed}\n${p.id}`);
const first = [...vote.projects].sort((a, b) => a.filed - b.filed || byId(lot(a), lot(b)));
const cost = (p) => BigInt(p.minimum);
const support = new Map(first.map((p) => [p, vote.ballots.flatMap((b, voter) =>
  (b.choices ?? []).filter((c) => c.project === p.id && c.value > 0).map((c) => ({ voter, score: BigInt(c.value) })))]));
const score = (p) => support.get(p).reduce((sum, s) => sum + s.score, 0n);

// What a supporter pays per point: all in proportion, those with less all they have.
function price(p, money) {
  let rich = support.get(p), due = frac(cost(p));
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

function buy(share) {
  const money = vote.ballots.map(() => share), bought = [];
  for (;;) {
    let best = null;
    for (const p of first.filter((p) => !bought.some((b) => b.p === p))) {
      const each = price(p, money);
      if (!each) continue;
      const key = vote.rule.utility === "PER_PROJECT" ? each : div(each, frac(cost(p)));
      if (!best || less(key, best.key)) best = { p, each, key };
    }
    if (!best) return bought;
    bought.push(best);
    for (const s of support.get(best.p)) {
      const due = mul(best.each, frac(s.score));
      money[s.voter] = less(due, money[s.voter]) ? sub(money[s.voter], due) : frac(0n);
    }
  }
}

const envelope = BigInt(vote.envelope), voters = BigInt(vote.ballots.length);
const sum = (bought) => bought.reduce((total, b) => total + cost(b.p), 0n);
const step = frac(BigInt(vote.rule.raise ?? 0) || envelope / voters / 20n || 1n);
let share = frac(envelope, voters), bought = buy(share);
const more = () => first.some((p) => !bought.some((b) => b.p === p) && score(p) > 0n && cost(p) <= envelope - sum(bought));
while (more() && !less(frac(envelope), share)) {
  const next = buy(add(share, step));
  if (sum(next) > envelope) break;
  [share, bought] = [add(share, step), next];
}
let left = envelope - sum(bought);
const granted = new Map(bought.map((b) => [b.p, cost(b.p)]));
const perMinute = (p) => vote.rule.utility === "PER_PROJECT" ? frac(score(p), cost(p)) : frac(score(p));
for (const p of [...first].sort((a, b) => (less(perMinute(b), perMinute(a)) ? -1 : less(perMinute(a), perMinute(b)) ? 1 : 0)))
  if (!granted.has(p) && score(p) > 0n && cost(p) <= left) { granted.set(p, cost(p)); left -= cost(p); }
for (const [p, minutes] of granted) {
  const extra = [BigInt(p.maximum) - minutes, left].reduce((a, b) => (a < b ? a : b));
  granted.set(p, minutes + extra);
  left -= extra;
}
for (const line of result.lines) {
  const p = first.find((p) => p.id === line.project), b = bought.find((b) => b.p === p);
  if ((granted.get(p) ?? 0n) !== BigInt(line.minutes)) fail(`${line.project}: ${granted.get(p) ?? 0} minutes, the file says ${line.minutes}`);
  if ((line.perPoint ?? "") !== (b ? text(b.each) : "")) fail(`${line.project}: another share per point`);
}
if (left !== BigInt(result.left)) fail(`${left} minutes are left, the file says ${result.left}`);
console.log(`The same, to the minute: ${granted.size} of ${first.length} projects, ${result.spent} of ${vote.envelope} minutes, ${voters} ballots.`);
