// SPDX-License-Identifier: AGPL-3.0-or-later

import { language } from './texts.svelte.ts';

/** A cell: figures stay figures, texts are texts. */
export type Cell = string | number | null;

// A spreadsheet runs what begins like this as a formula, whoever wrote it.
const formula = /^[=+\-@\t\r\n＝＋－＠]/;

/** A table as CSV with a byte order mark; parted by what the language's spreadsheets expect. */
export function csv(head: readonly string[], rows: Iterable<readonly Cell[]>): string {
  const part = language.now === 'fr' ? ';' : ',';
  const cell = (value: Cell) => {
    if (typeof value === 'number') return String(value);
    const text = value === null ? '' : formula.test(value) ? `'${value}` : value;
    return /[";,\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return '\ufeff' + [head, ...rows].map((row) => row.map(cell).join(part) + '\r\n').join('');
}
