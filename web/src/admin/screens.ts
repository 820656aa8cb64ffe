// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Component } from 'svelte';
import type { Permission } from '../lib/viewer.svelte.ts';
import type { IconName } from '../ui/Icon.svelte';

/** A screen of the dashboard: where it stands in the menu, who sees it there, and how it is fetched when first opened. */
export interface Screen {
  icon: IconName;
  /** Whoever may do one of these has use for it. */
  may: readonly Permission[];
  /** What one presses after g to come here. */
  key: string;
  load: () => Promise<{ default: Component }>;
}

/** The screens by their part of the address, in the order of the menu. */
export const screens: Record<string, Screen> = {
  inbox: { icon: 'inbox', may: ['SEE_COMMUNITY'], key: 'i', load: () => import('./inbox/Inbox.svelte') },
  settings: { icon: 'settings', may: ['SEE_COMMUNITY'], key: ',', load: () => import('./settings/Settings.svelte') },
};
