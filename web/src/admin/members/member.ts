// SPDX-License-Identifier: AGPL-3.0-or-later

import type { MemberQuery, MembersQuery, Stage } from '../../api/graphql.ts';

type Members = NonNullable<MembersQuery['community']>;

/** A line of the list. */
export type Row = NonNullable<Members['members']>['nodes'][number];

/** A member as their page shows them. */
export type Shown = Extract<NonNullable<MemberQuery['node']>, { __typename: 'Member' }>;

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
