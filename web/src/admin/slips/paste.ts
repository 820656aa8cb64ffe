// SPDX-License-Identifier: AGPL-3.0-or-later

import { PickMemberByNumberDocument, PickMemberDocument, PickServiceTypeDocument } from '../../api/graphql.ts';
import { ask } from '../../lib/api.ts';
import { t } from '../../lib/texts.svelte.ts';
import type { Draft, Person, Service } from './draft.svelte.ts';

/** The cells of what was copied from a spreadsheet; null when it was a text like any other. */
export function cells(text: string): string[][] | null {
  if (!/[\t\n]/.test(text.trimEnd())) return null;
  return text.trimEnd().split(/\r?\n/).map((row) => row.split('\t').map((cell) => cell.trim()));
}

const columns = ['number', 'provider', 'receiver', 'minutes', 'date', 'service'] as const;

/** Puts copied cells into the draft from a line and a column on. Who or what is not found for certain is told in its cell, and how many are done after each. */
export async function paste(draft: Draft, slug: string, rows: string[][], from: number, column: number, tell: (count: number) => void): Promise<void> {
  const member = remembered((text) => findMember(slug, text));
  const service = remembered((text) => findService(slug, text));
  for (const [r, row] of rows.entries()) {
    const line = draft.at(from + r);
    for (const [c, text] of row.entries()) {
      const name = columns[column + c];
      if (!name || !text) continue;
      if (name === 'number' || name === 'date' || name === 'minutes') line[name] = text;
      else if (name === 'service') {
        line.service = await service(text);
        if (!line.service) line.wrong['serviceTypeId'] = t('slips.notFound', { what: text });
      } else {
        line[name] = await member(text);
        if (!line[name]) line.wrong[`${name}Id`] = t('slips.notFound', { what: text });
      }
    }
    tell(r + 1);
  }
  draft.grow();
}

function remembered<T>(find: (text: string) => Promise<T>): (text: string) => Promise<T> {
  const found = new Map<string, Promise<T>>();
  return (text) => found.get(text) ?? found.set(text, find(text)).get(text)!;
}

async function findMember(slug: string, text: string): Promise<Person | null> {
  const number = /^(?:n[°o]\s*)?(\d+)\b/i.exec(text)?.[1];
  if (number) return (await ask(PickMemberByNumberDocument, { slug, number: Number(number) })).community?.member ?? null;
  const found = (await ask(PickMemberDocument, { slug, text })).community?.members.nodes ?? [];
  return found.length === 1 ? found[0]! : null;
}

async function findService(slug: string, text: string): Promise<Service | null> {
  const { community } = await ask(PickServiceTypeDocument, { slug });
  const all = community?.serviceTypes.flatMap((family) => family.children.flatMap((below) => below.children)) ?? [];
  const wanted = text.toLowerCase();
  return all.find((type) => type.code.toLowerCase() === wanted || type.label.toLowerCase() === wanted || wanted.startsWith(`${type.code.toLowerCase()} `)) ?? null;
}
