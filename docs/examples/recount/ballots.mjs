// SPDX-License-Identifier: AGPL-3.0-or-later
//
// What a ballot may say, by method: the least and the most of one project, and what
// all of it may come to. ballotIsWrong names the first thing that is wrong, if any.

function limits(vote) {
  const { envelope, rule = {} } = vote;
  switch (vote.method) {
    case "EQUAL_SHARES": return { least: 0, most: 5 };
    case "PROPOSAL_VOTE": return { least: -1, most: 1 };
    case "KNAPSACK": return { least: 0, most: 1 };
    case "SOLIDARITY_DRAW": return { least: 0, most: 1 };
    case "QUADRATIC": return { least: -10, most: 10, together: 100, cost: (value) => value * value };
    case "FIXED_KEY": return { least: 0, most: 10_000, exactly: 10_000 };
    case "PEER_EPOCH": return { least: 0, most: rule.pairMaximum || rule.allowance || 0, together: rule.allowance ?? 0 };
    case "DIRECT_ENVELOPES": return { least: 0, most: envelope, together: rule.roll ? Math.floor(envelope / rule.roll) : Infinity };
  }
}

export function ballotIsWrong(vote) {
  const { least, most, together = Infinity, exactly, cost = (value) => value } = limits(vote);
  const projects = new Map((vote.projects ?? []).map((p) => [p.id, p]));
  if (projects.size !== (vote.projects ?? []).length) return "a project stands there twice";
  if (vote.method === "DIRECT_ENVELOPES" && (vote.ballots ?? []).length > (vote.rule?.roll ?? 0)) return "more people voted than the envelope has parts";
  const voters = new Set();
  for (const { voter, choices } of vote.ballots ?? []) {
    if (voters.has(voter)) return `${voter} voted twice`;
    voters.add(voter);
    const chosen = new Set();
    let sum = 0;
    for (const { project, value } of choices ?? []) {
      if (!projects.has(project)) return `${voter} chose ${project}, which is not on the ballot`;
      if (chosen.has(project)) return `${voter} chose ${project} twice`;
      if (!Number.isSafeInteger(value) || value < least || value > most) return `${voter} says ${value} of ${project}, from ${least} to ${most} may be said`;
      if (vote.method === "PEER_EPOCH" && value > 0 && projects.get(project).owner === voter) return `${voter} gives to themselves`;
      chosen.add(project);
      sum += cost(value);
    }
    if (sum > together) return `${voter} gave ${sum}, and had ${together}`;
    if (exactly !== undefined && sum !== exactly) return `${voter} divides ${sum}, and not ${exactly}`;
  }
}
