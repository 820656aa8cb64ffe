// SPDX-License-Identifier: AGPL-3.0-or-later

import { word } from '../../lib/texts.svelte.ts';
import { place } from '../../lib/viewer.svelte.ts';

interface Named {
  kind: string;
  purpose: string;
  owner?: { displayName: string } | null;
}

/** What people call an account, as printed statements do. */
export function nameOf(account: Named): string {
  if (account.owner) return account.owner.displayName;
  if (account.kind === 'COMMUNITY') return place.community!.name;
  return account.purpose ? word(`statement.pool.${account.purpose}`) : word(`statement.account.${account.kind}`);
}
