// SPDX-License-Identifier: AGPL-3.0-or-later

import type { InboxCyclesQuery, InboxQuery, Permission } from '../../api/graphql.ts';

type Community = NonNullable<InboxQuery['community']>;
type Cycles = NonNullable<InboxCyclesQuery['community']>['cycles']['nodes'];

/** Who looks at what waits: their membership, and what they may do here. */
export interface Viewer {
  id: string;
  may: (permission: Permission) => boolean;
}

/** One thing that waits for somebody with a role. */
export interface Task {
  id: string;
  /** The text it is told with, web.inbox.*, and its args. */
  kind: 'unsafe' | 'report' | 'complaint' | 'complaintBegun' | 'appeal' | 'handOver' | 'dispute' | 'applicant' | 'objection' | 'listing' | 'activity' | 'leave' | 'claim' | 'project' | 'suggestion' | 'vote' | 'cheque' | 'flag';
  who: string;
  what?: string;
  minutes?: number;
  /** Since when it waits; null where that is not kept. */
  since: string | null;
  /** Until when it must be done; null where nobody said. */
  due: string | null;
  late: boolean;
  /** The screen and the parts of its address. */
  at: string[];
}

// What harms somebody while it waits comes first, then what blocks others, then what can wait.
const order: readonly Task['kind'][] = ['unsafe', 'complaint', 'report', 'complaintBegun', 'appeal', 'handOver', 'dispute', 'objection', 'applicant', 'listing', 'claim', 'activity', 'leave', 'project', 'suggestion', 'vote', 'cheque', 'flag'];

/** What waits in a community for who looks, most urgent first: late things, then by kind, then the longest waiting. What they may not do waits for others. */
export function tasks(c: Community, cycles: Cycles, flags: number, { id: me, may }: Viewer, now: number): Task[] {
  const all: Task[] = [];
  const add = (task: Omit<Task, 'late' | 'due'> & { due?: string | null; late?: boolean }) =>
    all.push({ due: null, ...task, late: task.late ?? (task.due ? Date.parse(task.due) < now : false) });

  for (const r of c.moderationQueue?.nodes ?? [])
    add({ id: r.id, kind: r.reason === 'UNSAFE_NOW' ? 'unsafe' : 'report', who: r.member.displayName, what: r.reason, since: r.filedAt, due: r.answerBy, late: r.overdue, at: ['moderation', r.id] });
  for (const x of c.complaints?.nodes ?? [])
    if (!x.closedAt) add({ id: x.id, kind: x.openings.length ? 'complaintBegun' : 'complaint', who: '', since: x.filedAt, at: ['moderation', 'complaints', x.id] });
  for (const a of c.appeals?.nodes ?? [])
    if (a.mayDecide) add({ id: a.id, kind: 'appeal', who: a.member.displayName, since: a.filedAt, due: a.answerBy, late: a.overdue, at: ['moderation', 'appeals', a.id] });
  for (const m of c.measures?.nodes ?? [])
    add({ id: m.id, kind: 'handOver', who: m.member.displayName, since: m.decidedAt, at: ['moderation', m.id] });
  for (const x of c.disputes?.nodes ?? [])
    if (x.provider.id !== me && x.receiver.id !== me) add({ id: x.id, kind: 'dispute', who: x.provider.displayName, what: x.receiver.displayName, since: x.updatedAt, at: ['exchanges', x.id] });
  for (const a of c.admissions ?? [])
    if (a.state === 'OBJECTED' && may('DECIDE_ADMISSIONS') && ![a.member, ...a.objections.map((o) => o.member)].some(({ id }) => id === me))
      add({ id: a.member.id, kind: 'objection', who: a.member.displayName, since: a.appliedAt, at: ['members', a.member.id] });
  for (const m of c.applicants?.nodes ?? []) add({ id: m.id, kind: 'applicant', who: m.displayName, since: m.appliedAt, at: ['members', m.id] });
  for (const l of c.listings?.nodes ?? [])
    add({ id: l.id, kind: 'listing', who: l.member.displayName, what: l.title, since: l.createdAt, at: ['listings', l.id] });
  for (const a of c.activities?.nodes ?? [])
    if (a.member.id !== me) add({ id: a.id, kind: 'activity', who: a.member.displayName, what: a.description, minutes: a.minutes, since: a.createdAt, at: ['together', 'activities', a.id] });
  for (const l of c.dutyLeaves ?? [])
    if (l.member.id !== me) add({ id: l.id, kind: 'leave', who: l.member.displayName, since: null, due: `${l.from}T00:00:00Z`, at: ['duty', 'leaves'] });
  for (const cycle of cycles) {
    for (const s of cycle.suggestions.nodes)
      if (cycle.state === 'OPEN_CALL' && may('RUN_CYCLES') && !s.mine)
        add({ id: s.id, kind: 'suggestion', who: s.suggestedBy, what: s.title, since: s.suggestedAt, due: cycle.calendar.feasibilityAt, at: ['cycles', cycle.id] });
    for (const p of cycle.projects) {
      if (cycle.state === 'FEASIBILITY' && p.stage === 'SUBMITTED' && may('RUN_CYCLES') && p.owner.id !== me)
        add({ id: p.id, kind: 'project', who: p.owner.displayName, what: p.title, since: cycle.calendar.feasibilityAt, due: cycle.calendar.votingAt, at: ['cycles', cycle.id] });
      for (const claim of p.claims)
        if (claim.stage === 'CLAIMED' && may('APPROVE_CLAIMS') && ![claim.member, ...claim.approvers].some(({ id }) => id === me))
          add({ id: claim.id, kind: 'claim', who: claim.member.displayName, what: p.title, minutes: claim.minutes, since: claim.filedAt, at: ['cycles', cycle.id] });
    }
  }
  for (const d of c.decisions?.nodes ?? [])
    if (d.mySeat && !d.mySeat.voted && !d.mySeat.conflict)
      add({ id: d.id, kind: 'vote', who: d.question, since: d.opensAt ?? null, due: d.closesAt ?? null, at: ['decisions', d.id] });
  for (const x of c.timeCheques?.nodes ?? []) add({ id: x.id, kind: 'cheque', who: '', since: x.enteredAt, at: ['slips', 'pending'] });
  if (flags) add({ id: 'flags', kind: 'flag', who: '', since: null, at: ['recognition'] });

  const age = (task: Task) => (task.since ? Date.parse(task.since) : now);
  const rank = (task: Task) => (task.late ? 0 : order.length) + order.indexOf(task.kind);
  return all.sort((a, b) => rank(a) - rank(b) || age(a) - age(b));
}

/** Of what more waits than is told above, and where the rest of it is. */
export function others(c: Community): { kind: Task['kind']; at: string[]; query?: string }[] {
  const appeals = c.appeals;
  return [
    ...(c.moderationQueue?.pageInfo.hasNextPage ? [{ kind: 'report' as const, at: ['moderation'] }] : []),
    ...(c.complaints?.pageInfo.hasNextPage ? [{ kind: 'complaint' as const, at: ['moderation', 'complaints'] }] : []),
    // Those that were decided come after those that wait.
    ...(appeals?.pageInfo.hasNextPage && !appeals.nodes.at(-1)?.outcome ? [{ kind: 'appeal' as const, at: ['moderation', 'appeals'] }] : []),
    ...(c.measures?.pageInfo.hasNextPage ? [{ kind: 'handOver' as const, at: ['moderation', 'measures'], query: '?paper=yes' }] : []),
    ...(c.disputes?.pageInfo.hasPreviousPage ? [{ kind: 'dispute' as const, at: ['exchanges'], query: '?state=disputed' }] : []),
    ...(c.applicants?.pageInfo.hasNextPage ? [{ kind: 'applicant' as const, at: ['members'], query: '?participation=APPLICANT' }] : []),
    ...(c.listings?.pageInfo.hasPreviousPage ? [{ kind: 'listing' as const, at: ['listings'] }] : []),
    ...(c.activities?.pageInfo.hasPreviousPage ? [{ kind: 'activity' as const, at: ['together', 'activities'] }] : []),
    ...(c.decisions?.pageInfo.hasNextPage ? [{ kind: 'vote' as const, at: ['decisions'] }] : []),
  ];
}
