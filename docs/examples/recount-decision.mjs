// Counts a decision of Hora again, from its published audit and nothing else:
//   node recount-decision.mjs audit.json [receipt]
// audit.json is `Decision.audit` as the API answers it. With a receipt it also says
// what the ballot under it says. Exact: fractions of big integers, no rounding.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
const gcd = (a, b) => (b ? gcd(b, a % b) : a < 0n ? -a : a)
const frac = (n, d = 1n) => { const g = gcd(n, d) || 1n; return { n: n / g, d: d / g } }
const add = (a, b) => frac(a.n * b.d + b.n * a.d, a.d * b.d)
const mul = (a, b) => frac(a.n * b.n, a.d * b.d), div = (a, b) => frac(a.n * b.d, a.d * b.n)
const cmp = (a, b) => { const x = a.n * b.d - b.n * a.d; return x > 0n ? 1 : x < 0n ? -1 : 0 }
const zero = frac(0n), whole = (n) => frac(BigInt(n)), sha = (text) => createHash('sha256').update(text).digest('hex')
const { instance: it, result } = JSON.parse(readFileSync(process.argv[2], 'utf8'))
const rule = it.rule, votes = [...it.votes].sort((a, b) => (a.receipt < b.receipt ? -1 : 1))
const goJSON = JSON.stringify({ ...it, votes }).replace(/[<>&\u2028\u2029]/g, (c) => '\\u' + c.charCodeAt(0).toString(16).padStart(4, '0'))
if (sha(goJSON) !== result.inputHash) throw new Error('the ballots are not those that were counted')
// What one ballot of each college weighs; without colleges, one.
const says = (v) => v.choice === 'YES' || v.choice === 'NO' || (v.marks ?? []).some((m) => m.value !== 0)
const entitled = it.roll - it.conflicted
const base = (of, some) => ({ CAST: some.length, EXPRESSED: some.filter(says).length, ENTITLED: of, PRESENT: it.colleges.length ? some.length : Math.max(it.present, some.length) })[rule.denominator]
const unit = new Map(), weights = new Map(), bases = new Map()
let total = zero, empty = false
const filled = it.colleges.filter((c) => c.entitled > 0), left = filled.reduce((n, c) => n + c.weight, 0)
for (const c of it.colleges) {
  const weight = c.entitled > 0 ? frac(BigInt(c.weight) * 10000n, BigInt(left)) : zero
  const among = base(c.entitled, votes.filter((v) => v.college === c.id))
  weights.set(c.id, weight), bases.set(c.id, among), unit.set(c.id, among ? div(weight, whole(among)) : zero)
  total = add(total, weight), empty ||= cmp(weight, whole(5000)) > 0
}
empty ||= it.colleges.length > 0 && filled.length < 3
if (!it.colleges.length) unit.set(undefined, whole(1)), (total = whole(base(entitled, votes)))
const weigh = (some, by = () => 1) => some.reduce((sum, v) => add(sum, mul(unit.get(v.college), whole(by(v)))), zero)
const majority = frac(BigInt(rule.majority.num), BigInt(rule.majority.den))
const carried = (w) => cmp(w, zero) > 0 && cmp(w, mul(majority, total)) >= (rule.atLeast ? 0 : 1)
const mark = (v, id) => (v.marks ?? []).find((m) => m.option === id)?.value ?? 0
let verdict = 'REJECTED', chosen = [] // what this count comes to
const adopt = (ids) => { if (ids.length) verdict = 'ADOPTED', chosen = ids }
const ids = it.options.map((o) => o.id)
if (rule.ballot === 'YES_NO_ABSTAIN') {
  const side = (choice) => {
    if (rule.report !== 'MAJORITY' && rule.report !== 'THRESHOLD') return weigh(votes.filter((v) => v.choice === choice))
    return it.colleges.filter((c) => bases.get(c.id)).reduce((sum, c) => {
      const part = frac(BigInt(votes.filter((v) => v.college === c.id && v.choice === choice).length), BigInt(bases.get(c.id)))
      if (rule.report === 'MAJORITY') return cmp(part, frac(1n, 2n)) > 0 ? add(sum, weights.get(c.id)) : sum
      const t = frac(BigInt(rule.threshold.num), BigInt(rule.threshold.den)), rest = add(whole(1), mul(part, whole(-1)))
      return cmp(part, t) >= 0 ? add(sum, weights.get(c.id)) : cmp(rest, t) >= 0 ? sum : add(sum, mul(part, weights.get(c.id)))
    }, zero)
  }
  if (carried(side('YES'))) adopt(['YES'])
  else if (cmp(side('YES'), zero) > 0 && cmp(side('YES'), side('NO')) === 0) verdict = 'TIED'
} else if (rule.ballot === 'APPROVAL' || rule.ballot === 'SCORE' || rule.ballot === 'BUDGET') {
  const all = ids.map((id) => ({ id, w: weigh(votes, (v) => mark(v, id)), s: weigh(votes.filter((v) => mark(v, id) > 0)) }))
  const able = all.filter((o) => cmp(o.w, zero) > 0 && carried(o.s)).sort((a, b) => cmp(b.w, a.w))
  if (rule.ballot === 'BUDGET') {
    let rest = rule.envelope, taken = []
    for (let i = 0, j; i < able.length; i = j) {
      for (j = i; j < able.length && cmp(able[j].w, able[i].w) === 0; j++);
      const group = able.slice(i, j).map((o) => o.id), asked = it.options.filter((o) => group.includes(o.id)).reduce((n, o) => n + o.minutes, 0)
      if (asked <= rest) (rest -= asked), taken.push(...group)
    }
    adopt(taken)
  } else if (able.length > rule.seats && cmp(able[rule.seats - 1].w, able[rule.seats].w) === 0) verdict = 'TIED'
  else adopt(able.slice(0, rule.seats).map((o) => o.id))
} else if (rule.ranking === 'SCHULZE') {
  const above = (v, x, y) => mark(v, x) && (!mark(v, y) || mark(v, x) < mark(v, y))
  const d = ids.map((x) => ids.map((y) => (x === y ? zero : weigh(votes.filter((v) => above(v, x, y))))))
  const p = d.map((row, i) => row.map((w, j) => (cmp(w, d[j][i]) > 0 ? w : zero)))
  for (const k in ids) for (const i in ids) for (const j in ids) {
    const through = cmp(p[i][k], p[k][j]) < 0 ? p[i][k] : p[k][j]
    if (i !== j && i !== k && j !== k && cmp(through, p[i][j]) > 0) p[i][j] = through
  }
  const best = ids.filter((_, i) => ids.every((_, j) => cmp(p[i][j], p[j][i]) >= 0))
  if (votes.some(says)) best.length === 1 ? adopt(best) : (verdict = 'TIED')
} else {
  let there = [...ids], rounds = []
  while (there.length) {
    const first = (v) => { const seen = there.filter((o) => mark(v, o)), low = Math.min(...seen.map((o) => mark(v, o))); return seen.filter((o) => mark(v, o) === low) }
    const tops = votes.map(first), w = Object.fromEntries(there.map((o) => [o, votes.reduce((sum, v, i) => (tops[i].includes(o) ? add(sum, div(unit.get(v.college), whole(tops[i].length))) : sum), zero)]))
    rounds.unshift(w)
    const held = there.reduce((sum, o) => add(sum, w[o]), zero), best = there.reduce((a, b) => (cmp(w[b], w[a]) > 0 ? b : a))
    if (cmp(held, zero) === 0) break
    if (cmp(add(w[best], w[best]), held) > 0) { if (carried(w[best])) adopt([best]); break }
    if (there.length === 2) { verdict = 'TIED'; break }
    let last = there
    for (const r of rounds) { const low = last.reduce((a, b) => (cmp(r[b], r[a]) < 0 ? b : a)); last = last.filter((o) => cmp(r[o], r[low]) === 0) }
    const [out] = last.sort((a, b) => (sha(it.seed + '/' + a) < sha(it.seed + '/' + b) ? -1 : 1))
    there = there.filter((o) => o !== out)
  }
}
const needed = rule.waived ? 0 : Math.ceil((rule.quorum.num * entitled) / rule.quorum.den)
if (empty) verdict = 'VOID'
else if (entitled === 0 || votes.length < needed) verdict = 'NO_QUORUM'
chosen = verdict === 'ADOPTED' ? chosen : []
if (verdict !== result.verdict || chosen.join() !== result.chosen.join()) throw new Error(`counted again: ${verdict} ${chosen}; published: ${result.verdict} ${result.chosen}`)
console.log(`The same: ${verdict} ${chosen.join(', ')}`.trim() + `; ${votes.length} ballots of ${entitled}, ${needed} needed.`)
if (process.argv[3]) {
  const mine = votes.find((v) => v.receipt === process.argv[3])
  console.log(mine ? `Your ballot is among them: ${mine.choice ?? JSON.stringify(mine.marks)}` : 'Your receipt is not among them.')
  process.exit(mine ? 0 : 1)
}
