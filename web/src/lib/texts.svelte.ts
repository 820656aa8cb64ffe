// SPDX-License-Identifier: AGPL-3.0-or-later

import fr from 'virtual:texts/fr';
import { fill, type Text } from './fill.ts';

type Language = 'fr' | 'en';
type Texts = Record<string, Text>;

const name = 'hora.language';
const catalogues: Partial<Record<Language, Texts>> = { fr };

let now = $state<Language>('fr');
let texts = $state.raw<Texts>(fr);

/** The language that the pages speak. */
export const language = {
  get now() {
    return now;
  },
  /** Speaks another language from now on. */
  async speak(wish: Language) {
    catalogues[wish] ??= (await import('virtual:texts/en')).default;
    texts = catalogues[wish]!;
    now = wish;
    document.documentElement.lang = wish;
    localStorage.setItem(name, wish);
  },
};

/** Speaks what was chosen here before, else what the browser asks for. */
export function greet(): Promise<void> {
  const chosen = localStorage.getItem(name);
  const wish = chosen ?? navigator.languages.find((l) => /^(fr|en)\b/.test(l)) ?? 'fr';
  return language.speak(wish.startsWith('en') ? 'en' : 'fr');
}

/** A text of the pages: `web.` and the key. `count` chooses its plural. */
export function t(key: string, args: Record<string, string | number> = {}): string {
  return word(`web.${key}`, args);
}

/** A word that the catalogue has for letters and pages alike, like `state.exchange.DONE`; the last part when there is none. */
export function word(id: string, args: Record<string, string | number> = {}): string {
  const text = texts[id];
  return text === undefined ? id.slice(id.lastIndexOf('.') + 1) : fill(now, text, args);
}
