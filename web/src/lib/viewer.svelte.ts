// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Permission, ViewerQuery } from '../api/graphql.ts';
import { here } from './router.svelte.ts';

type Viewer = NonNullable<ViewerQuery['viewer']>;

let viewer = $state.raw<Viewer | null>(null);
// Only those whom a community entrusts something have use for these pages.
const memberships = $derived(viewer?.memberships.nodes.filter((m) => m.roles.length > 0) ?? []);
const membership = $derived(memberships.find((m) => m.community.slug === here.parts[0]));

/** Who is here, where they may work, and where they work now: the community of the address. */
export const place = {
  get viewer() {
    return viewer;
  },
  get memberships() {
    return memberships;
  },
  get membership() {
    return membership;
  },
  get community() {
    return membership?.community;
  },
  enter(who: Viewer | null) {
    viewer = who;
  },
};

export type { Permission };

/** Whether the viewer may do something here; the server decides all the same. */
export function may(permission: Permission): boolean {
  return membership?.permissions.some((p) => p.permission === permission) ?? false;
}
