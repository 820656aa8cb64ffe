// SPDX-License-Identifier: AGPL-3.0-or-later

/** A text of the catalogue, or its plural forms. */
export type Text = string | Record<string, string>;

/** Puts args into a text as the program does; `count` chooses the plural. */
export function fill(lang: string, text: Text, args: Record<string, string | number>): string {
  const form = typeof text === 'string' ? text : (text[new Intl.PluralRules(lang).select(Number(args['count'] ?? 0))] ?? text['other']!);
  return form.replaceAll(/\{\{\.(\w+)\}\}/g, (_, name: string) => {
    const value = args[name] ?? '';
    return typeof value === 'number' ? new Intl.NumberFormat(lang).format(value) : value;
  });
}
