// SPDX-License-Identifier: AGPL-3.0-or-later

import type { Component } from 'svelte';
import { place, type Permission } from '../lib/viewer.svelte.ts';
import type { IconName } from '../ui/Icon.svelte';

/** A screen of the dashboard: where it stands in the menu, who sees it there, and how it is fetched when first opened. */
export interface Screen {
  icon: IconName;
  /** Whoever may do one of these has use for it. */
  may: readonly Permission[];
  /** Whether there is such a thing here; always, where it does not say. */
  here?: () => boolean;
  /** What one presses after g to come here. */
  key: string;
  load: () => Promise<{ default: Component }>;
}

/** The screens by their part of the address, in the order of the menu. */
export const screens: Record<string, Screen> = {
  inbox: { icon: 'inbox', may: ['SEE_COMMUNITY'], key: 'i', load: () => import('./inbox/Inbox.svelte') },
  members: { icon: 'people', may: ['SEE_COMMUNITY'], key: 'm', load: () => import('./members/Members.svelte') },
  exchanges: { icon: 'exchange', may: ['SEE_EVERY_EXCHANGE'], key: 'e', load: () => import('./exchanges/Exchanges.svelte') },
  slips: { icon: 'slip', may: ['ENTER_SLIPS'], key: 's', load: () => import('./slips/Slips.svelte') },
  listings: { icon: 'listing', may: ['APPROVE_LISTINGS'], key: 'l', load: () => import('./listings/Listings.svelte') },
  together: { icon: 'together', may: ['ACT_FOR_MEMBER', 'APPROVE_ACTIVITIES'], key: 't', load: () => import('./together/Together.svelte') },
  duty: { icon: 'duty', may: ['MANAGE_DUTY'], here: () => place.community!.charter.duty.on, key: 'u', load: () => import('./duty/Duty.svelte') },
  books: { icon: 'book', may: ['SEE_EVERY_ACCOUNT'], key: 'b', load: () => import('./books/Books.svelte') },
  moderation: { icon: 'shield', may: ['MODERATE'], key: 'd', load: () => import('./moderation/Moderation.svelte') },
  audit: { icon: 'log', may: ['SEE_AUDIT_LOG'], key: 'a', load: () => import('./audit/Audit.svelte') },
  recognition: { icon: 'star', may: ['ADMIT_MEMBERS', 'ISSUE_BADGES'], key: 'r', load: () => import('./recognition/Recognition.svelte') },
  news: { icon: 'news', may: ['MAKE_ANNOUNCEMENTS'], key: 'n', load: () => import('./news/News.svelte') },
  decisions: { icon: 'vote', may: ['SEE_COMMUNITY'], key: 'v', load: () => import('./decisions/Decisions.svelte') },
  cycles: { icon: 'cycle', may: ['SEE_COMMUNITY'], key: 'c', load: () => import('./cycles/Cycles.svelte') },
  charter: { icon: 'charter', may: ['SEE_COMMUNITY'], key: 'h', load: () => import('./charter/Charter.svelte') },
  vitality: { icon: 'pulse', may: ['SEE_EVERY_ACCOUNT'], key: 'y', load: () => import('./vitality/Vitality.svelte') },
  settings: { icon: 'settings', may: ['SEE_COMMUNITY'], key: ',', load: () => import('./settings/Settings.svelte') },
};
