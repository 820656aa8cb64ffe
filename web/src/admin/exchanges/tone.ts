// SPDX-License-Identifier: AGPL-3.0-or-later

import type { ExchangeState } from '../../api/graphql.ts';

/** How the state of an exchange is set off; the word says it. */
export function tone(state: ExchangeState): 'good' | 'care' | 'bad' | '' {
  if (state === 'CONFIRMED') return 'good';
  if (state === 'DISPUTED') return 'bad';
  return state === 'PROPOSED' || state === 'DONE' ? 'care' : '';
}
