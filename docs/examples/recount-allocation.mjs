// SPDX-License-Identifier: AGPL-3.0-or-later
//
// Counts published allocations again, by any of the eight methods, with nothing of
// Hora's and nothing but Node:
//
//   node recount-allocation.mjs record.json …
//
// A file is what a cycle exports (allocation { record }), or a turn of a plan that
// divides by a key: the ballots under receipts, the projects, the result. Whoever
// voted finds their own ballot by its receipt. The methods are in recount/, each a
// page long; this file reads, checks the hashes, and compares.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ballotIsWrong } from "./recount/ballots.mjs";
import { equalShares } from "./recount/equal-shares.mjs";
import { directEnvelopes, fixedKey, knapsack, peerEpoch, proposalVote, quadratic, solidarityDraw } from "./recount/methods.mjs";

const methods = {
  FIXED_KEY: fixedKey, EQUAL_SHARES: equalShares, PROPOSAL_VOTE: proposalVote, DIRECT_ENVELOPES: directEnvelopes,
  KNAPSACK: knapsack, QUADRATIC: quadratic, SOLIDARITY_DRAW: solidarityDraw, PEER_EPOCH: peerEpoch,
};
const sha = (text) => createHash("sha256").update(text).digest("hex");
const bytewise = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

// What was hashed: these fields in this order, what is empty left out, projects by
// id, ballots by voter, choices by project, choices that say nothing left out.
function canonical(vote) {
  const rule = {};
  for (const name of ["utility", "raise", "roll", "quorum", "floor", "personMaximum", "pairMaximum", "allowance"])
    if (vote.rule?.[name]) rule[name] = vote.rule[name];
  const projects = vote.projects?.map(({ id, minimum, maximum, filed, owner, given }) =>
    ({ id, minimum, maximum, filed, ...(owner && { owner }), ...(given && { given }) })).sort((a, b) => bytewise(a.id, b.id)) ?? null;
  const speaks = (choice) => choice.value !== 0 || vote.method === "PROPOSAL_VOTE"; // where 0 is an abstention
  const ballots = (vote.ballots ?? []).map((b) => ({
    voter: b.voter,
    choices: (b.choices ?? []).filter(speaks).map(({ project, value }) => ({ project, value })).sort((a, b) => bytewise(a.project, b.project)),
  })).sort((a, b) => bytewise(a.voter, b.voter));
  const { version, method, cycle, seed, envelope } = vote;
  return JSON.stringify({ version, method, cycle, seed, envelope, rule, projects, ballots })
    .replace(/[\u2028\u2029]/g, (c) => "\\u" + c.charCodeAt(0).toString(16)); // as other languages write them
}

// A count in the making. Everything is a BigInt: nothing is ever rounded by a machine.
function newCount(vote) {
  const count = { vote, rule: {}, envelope: BigInt(vote.envelope), ballots: vote.ballots ?? [] };
  for (const name of ["raise", "roll", "quorum", "floor", "personMaximum", "pairMaximum", "allowance"]) count.rule[name] = BigInt(vote.rule?.[name] ?? 0);
  count.projects = (vote.projects ?? []).map((p) => ({
    id: p.id, owner: p.owner ?? "", minimum: BigInt(p.minimum), maximum: BigInt(p.maximum), given: BigInt(p.given ?? 0), filed: p.filed,
    lot: sha(`${vote.cycle}\n${vote.seed}\n${p.id}`),
    minutes: 0n, cause: "NO_SUPPORT", place: 0, support: 0n, voters: 0, missing: 0n, perPoint: "",
  }));
  const byId = new Map(count.projects.map((p) => [p.id, p]));
  for (const ballot of count.ballots)
    for (const { project, value } of ballot.choices ?? []) {
      if (value === 0 && vote.method !== "PROPOSAL_VOTE") continue;
      byId.get(project).support += BigInt(value);
      byId.get(project).voters++;
    }
  // Equal in everything: earlier filing, then a hash nobody could know beforehand.
  count.inOrder = [...count.projects].sort((a, b) => a.filed - b.filed || (a.lot < b.lot ? -1 : 1));
  count.spent = () => count.projects.reduce((sum, p) => sum + p.minutes, 0n);
  count.left = () => count.envelope - count.spent();
  count.grant = (p, minutes, cause) => Object.assign(p, { minutes, cause, missing: 0n, place: 1 + Math.max(0, ...count.projects.map((q) => q.place)) });
  count.refuse = (p, cause, missing = 0n) => Object.assign(p, { cause, missing });
  return count;
}

function recount(file) {
  const { instance: vote, result, commitment } = JSON.parse(readFileSync(file, "utf8"));
  const fail = (why) => { throw new Error(`NOT the published result: ${why}`); };
  const differs = (what, found, stated) => String(found) === String(stated) || fail(`${what}: ${found}, the file says ${stated}`);

  if (!methods[vote.method]) fail(`this script knows no method ${vote.method}`);
  if (vote.version !== "hora-allocation/1") fail(`this script counts hora-allocation/1, the file says ${vote.version}`);
  if (sha(canonical(vote)) !== result.inputHash) fail("the ballots are not those that were hashed");
  if (commitment && commitment !== sha(`hora seed\n${vote.cycle}\n${vote.seed}`)) fail("the seed is not the one committed to");
  const wrong = ballotIsWrong(vote);
  if (wrong) fail(wrong);

  const count = newCount(vote);
  methods[vote.method](count);
  differs("the number of lines", count.projects.length, result.lines?.length ?? 0);
  count.projects.forEach((p, i) => {
    const line = result.lines[i];
    differs(`line ${i}`, p.id, line.project);
    for (const what of ["minutes", "cause", "place", "support", "voters"]) differs(`${what} of ${p.id}`, p[what], line[what]);
    differs(`what is missing to ${p.id}`, p.missing, line.missing ?? 0);
    differs(`the share per point of ${p.id}`, p.perPoint, line.perPoint ?? "");
  });
  differs("minutes granted", count.spent(), result.spent);
  differs("minutes left", count.left(), result.left);
  differs("each voter's share", count.share ?? "", result.share ?? "");
  differs("the raised share", count.virtual ?? "", result.virtual ?? "");
  const funded = count.projects.filter((p) => p.minutes > 0n).length;
  return `The same, to the minute: ${funded} of ${count.projects.length} projects, ${result.spent} of ${vote.envelope} minutes, ${count.ballots.length} ballots by ${vote.method}.`;
}

const files = process.argv.slice(2);
if (files.length === 0) { console.error("usage: node recount-allocation.mjs record.json …"); process.exit(2); }
for (const file of files) {
  const named = files.length > 1 ? `${file}: ` : "";
  try { console.log(named + recount(file)); } catch (error) { console.error(named + error.message); process.exitCode = 1; }
}
