// SPDX-License-Identifier: AGPL-3.0-or-later

import type { MemberFilter, MemberQuery, MembersQuery, Participation, Stage } from '../../api/graphql.ts';
import { instant, today } from '../../lib/format.ts';
import { may } from '../../lib/viewer.svelte.ts';

type Members = NonNullable<MembersQuery['community']>;

/** A line of the list. */
export type Row = NonNullable<Members['members']>['nodes'][number];

/** A member as their page shows them. */
export type Shown = Extract<NonNullable<MemberQuery['node']>, { __typename: 'Member' }>;

/** Who is chosen in the list: names by id. */
export type Chosen = ReadonlyMap<string, string>;

/** With how many members one thing is done at once, at most. */
export const largestBulk = 200;

/** What a panel of a member's page takes: the member, and what asks again once it changed something. */
export interface Panel {
  member: Shown;
  again: () => Promise<void>;
}

/** What may be chosen as a filter; applications are for those who admit. */
export const participations = ['NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT', 'PAUSED', 'SUSPENDED', 'LEFT'] as const;
export const applications = ['APPLICANT', 'DECLINED'] as const;

/** The roles that every community has. */
export const roles = ['COORDINATOR', 'TREASURER', 'MODERATOR', 'BOARD', 'FACILITATOR'] as const;

/** What the address calls the ways to narrow the list. */
export const narrowing = ['q', 'participation', 'role', 'listing', 'quiet', 'age'] as const;

/** For how many days somebody may be asked to have exchanged nothing. */
export const quietDays: readonly number[] = [30, 90, 180, 365];

// Those who take part now: neither resting nor suspended.
const here: readonly Participation[] = ['NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT'];

/** Which members an address asks for. */
export function asked(query: URLSearchParams): MemberFilter {
  const participation = query.get('participation');
  const days = Number(query.get('quiet'));
  return {
    text: query.get('q') || null,
    participation: participation === 'HERE' ? [...here] : participation ? [participation as Participation] : null,
    role: query.get('role') || null,
    withoutListing: query.get('listing') === 'none' || null,
    underAge: (query.get('age') === 'minor' && may('ADMIT_MEMBERS')) || null,
    quietSince: quietDays.includes(days) && may('SEE_EVERY_EXCHANGE') ? instant(`${daysAgo(days)}T00:00:00`) : null,
  };
}

function daysAgo(days: number): string {
  return new Date(Date.parse(today()) - days * 86_400_000).toISOString().slice(0, 10);
}

const ladder: readonly Stage[] = ['USER', 'ACTIVE_USER', 'INVESTOR', 'CO_OWNER'];

/** The stage that follows; undefined where no criteria lead further. */
export function following(stage: Stage): Stage | undefined {
  const at = ladder.indexOf(stage);
  return at < 0 ? undefined : ladder[at + 1];
}

/** Whether somebody belongs here now. */
export function belongs({ number, leftAt }: Shown): boolean {
  return number !== null && !leftAt;
}
