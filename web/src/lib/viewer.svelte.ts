// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ViewerQuery } from '../api/graphql.ts';
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

/** One thing that may be done here, as the contract names it. */
export type Permission = string;

/** Whether the viewer may do something here; the server decides all the same. */
export function may(_permission: Permission): boolean {
  return (membership?.roles.length ?? 0) > 0;
}
