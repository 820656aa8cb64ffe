// SPDX-License-Identifier: AGPL-3.0-or-later

import { readFileSync } from 'node:fs';
import type { Plugin } from 'vite';

// What the pages take of the program's catalogue: their own texts, and the words
// for states that letters and errors use as well.
const shared = [/^web\./, /^state\./, /^choice\./, /^mode\./, /^body\./, /^charter\./, /^ability\./, /^moderation\.(action|rule)\./, /^statement\.(kind|account|pool)\./];

/** The program's catalogue, `virtual:texts/fr` and `virtual:texts/en`, one file each. */
export function texts(): Plugin {
  return {
    name: 'hora-texts',
    resolveId: (id) => (id.startsWith('virtual:texts/') ? '\0' + id : undefined),
    load(id) {
      if (!id.startsWith('\0virtual:texts/')) return;
      const path = new URL(`../internal/i18n/${id.slice(-2)}.json`, import.meta.url).pathname;
      this.addWatchFile(path);
      const all = Object.entries(JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>);
      const taken = Object.fromEntries(all.filter(([key]) => shared.some((kind) => kind.test(key))));
      return `export default ${JSON.stringify(taken)}`;
    },
  };
}
