// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CycleProjectsQuery, CycleQuery, CycleState, CycleSuggestionsQuery } from '../../api/graphql.ts';

/** A cycle as its page shows it. */
export type Cycle = Extract<NonNullable<CycleQuery['node']>, { __typename: 'Cycle' }>;
/** A project with what was claimed for it. */
export type Project = Extract<NonNullable<CycleProjectsQuery['node']>, { __typename: 'Cycle' }>['projects'][number];
/** What somebody who is no member suggested to it. */
export type Suggestion = Extract<NonNullable<CycleSuggestionsQuery['node']>, { __typename: 'Cycle' }>['suggestions']['nodes'][number];

type Calendar = Omit<Cycle['calendar'], 'callAt'>;

/** The states of a cycle in their order, with when each begins; what was counted may be challenged at once. */
export const steps = [
  ['OPEN_CALL', 'callAt'],
  ['FEASIBILITY', 'feasibilityAt'],
  ['VOTING', 'votingAt'],
  ['CHALLENGE', 'tallyAt'],
  ['PAYING', 'challengeUntil'],
  ['REPORTING', 'payUntil'],
  ['CLOSED', 'closeAt'],
] as const satisfies readonly (readonly [CycleState, keyof Cycle['calendar']])[];

/** When a cycle moves on next; null when it does not any more. */
export function next(state: CycleState, calendar: Calendar): string | null {
  switch (state) {
    case 'OPEN_CALL': return calendar.feasibilityAt;
    case 'FEASIBILITY': return calendar.votingAt;
    case 'VOTING': return calendar.tallyAt;
    case 'TALLIED':
    case 'CHALLENGE': return calendar.challengeUntil;
    case 'PAYING': return calendar.payUntil;
    case 'REPORTING': return calendar.closeAt;
    default: return null;
  }
}
