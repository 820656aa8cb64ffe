// SPDX-License-Identifier: AGPL-3.0-or-later

import { instant } from './format.ts';

/** The stretch of time that an address names by its first and last day, from and until; null when it names none. */
export function period(query: URLSearchParams): { from: string | null; until: string | null } | null {
  const from = query.get('from');
  const until = query.get('until');
  if (!from && !until) return null;
  return { from: from && instant(`${from}T00:00:00`), until: until && instant(`${dayAfter(until)}T00:00:00`) };
}

function dayAfter(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString().slice(0, 10);
}
