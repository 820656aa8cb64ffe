// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Seven of the eight methods, each in a few lines. A count has the projects in the
// order of the file, and inOrder as ties are broken; grant() and refuse() note what
// became of one, left() is what the envelope still holds.

const least = (...all) => all.reduce((a, b) => (b < a ? b : a));
const atLeastZero = (n) => (n < 0n ? 0n : n);

// Divides minutes by weights: whole parts, then one more to the largest remainders,
// equal ones in the order of ties.
function divide(count, total, weightOf) {
  const sum = count.projects.reduce((all, p) => all + weightOf(p), 0n), part = new Map();
  if (sum === 0n) return part;
  let rest = total;
  for (const p of count.projects) {
    part.set(p, (total * weightOf(p)) / sum);
    rest -= part.get(p);
  }
  const remainder = (p) => (total * weightOf(p)) % sum;
  const next = count.inOrder.filter((p) => weightOf(p) > 0n).sort((a, b) => (remainder(a) === remainder(b) ? 0 : remainder(a) > remainder(b) ? -1 : 1));
  for (const p of next.slice(0, Number(rest))) part.set(p, part.get(p) + 1n);
  return part;
}

function grantParts(count, total, cause) {
  const part = divide(count, total, (p) => p.support);
  for (const p of count.projects) if (p.support > 0n) count.grant(p, part.get(p), cause);
}

const bySupport = (projects) => [...projects].sort((a, b) => (a.support === b.support ? 0 : a.support > b.support ? -1 : 1));

// Raises what was funded towards its maximum, in the order of being funded.
export function topUp(count) {
  for (const p of count.projects.filter((p) => p.place > 0).sort((a, b) => a.place - b.place)) p.minutes += least(p.maximum - p.minutes, count.left());
}

function mostVotesFirst(count) {
  for (const p of bySupport(count.inOrder)) {
    if (p.support <= 0n || p.cause !== "NO_SUPPORT") continue;
    if (p.minimum > count.left()) count.refuse(p, "ENVELOPE_SPENT", p.minimum - count.left());
    else count.grant(p, p.minimum, "VOTED");
  }
  topUp(count);
}

// FIXED_KEY: the envelope by the basis points of the one ballot.
export const fixedKey = (count) => grantParts(count, count.envelope, "BY_KEY");

// PEER_EPOCH: to each what the others gave; more than the envelope is cut in proportion.
export const peerEpoch = (count) => grantParts(count, least(count.projects.reduce((all, p) => all + p.support, 0n), count.envelope), "GIVEN");

// KNAPSACK: the most votes until nothing more fits.
export const knapsack = mostVotesFirst;

// PROPOSAL_VOTE: what has its quorum and more yes than no, the widest margin first.
export function proposalVote(count) {
  const quorum = (count.rule.quorum * count.rule.roll + 9_999n) / 10_000n;
  for (const p of count.projects) {
    if (p.voters === 0) continue;
    if (BigInt(p.voters) < quorum) count.refuse(p, "QUORUM_MISSED");
    else if (p.support <= 0n) count.refuse(p, "NO_MAJORITY");
  }
  mostVotesFirst(count);
}

// DIRECT_ENVELOPES: what was given, from the minimum up to the maximum.
export function directEnvelopes(count) {
  for (const p of count.inOrder) {
    if (p.support === 0n) continue;
    if (p.support < p.minimum) count.refuse(p, "MINIMUM_MISSED", p.minimum - p.support);
    else count.grant(p, least(p.support, p.maximum), "GIVEN");
  }
}

// QUADRATIC: an order, and no minutes.
export function quadratic(count) {
  bySupport(count.inOrder).forEach((p, i) => { if (p.voters > 0) Object.assign(p, { place: i + 1, cause: "RANKED" }); });
}

// SOLIDARITY_DRAW: in the order of asking, first what each needs, then towards what
// they asked for; above the floor, and for nobody beyond their year.
export function solidarityDraw(count) {
  const drawn = new Map(), floor = count.rule.floor, yearly = count.rule.personMaximum;
  const may = (p) => (yearly === 0n ? p.maximum : yearly - p.given - (drawn.get(p.owner) ?? 0n));
  const draws = (p, minutes) => drawn.set(p.owner, (drawn.get(p.owner) ?? 0n) + minutes);
  const free = () => count.left() - floor;
  for (const p of count.inOrder) {
    if (may(p) < p.minimum) count.refuse(p, "YEARLY_MAXIMUM", p.minimum - atLeastZero(may(p)));
    else if (free() < p.minimum) count.refuse(p, "POOL_AT_ITS_FLOOR", p.minimum - atLeastZero(free()));
    else { count.grant(p, p.minimum, "SERVED"); draws(p, p.minimum); }
  }
  for (const p of count.inOrder.filter((p) => p.minutes > 0n)) {
    const more = atLeastZero(least(p.maximum - p.minutes, may(p), free()));
    p.minutes += more;
    draws(p, more);
  }
}
