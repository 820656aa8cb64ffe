// SPDX-License-Identifier: AGPL-3.0-or-later

import type { DecisionQuery, DecisionState } from '../../api/graphql.ts';

/** A decision as its page shows it. */
export type Decision = Extract<NonNullable<DecisionQuery['node']>, { __typename: 'Decision' }>;

/** What a filter of the list stands for. */
export const groups = {
  now: ['OPEN', 'SECOND_CALL'],
  coming: ['DRAFT'],
  counted: ['CLOSED', 'EXECUTED', 'FAILED'],
  withdrawn: ['WITHDRAWN'],
} as const satisfies Record<string, readonly DecisionState[]>;

/** Whether ballots are taken. */
export const taken = (state: DecisionState) => state === 'OPEN' || state === 'SECOND_CALL';

/** A fraction like "2/3" as a number. */
export function part(fraction: string): number {
  const [above = '0', below = '1'] = fraction.split('/');
  return Number(above) / Number(below);
}

/** The middle of a day that somebody chose, as a moment; null when none was. */
export const noon = (day: string) => (day ? new Date(`${day}T12:00:00Z`).toISOString() : null);
