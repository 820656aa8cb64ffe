// SPDX-License-Identifier: AGPL-3.0-or-later

import { accessToken, Refusal } from './api.ts';
import { language } from './texts.svelte.ts';

/** Hands somebody a file to keep. */
export function save(name: string, content: string | Blob, type = 'text/csv;charset=utf-8') {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content instanceof Blob ? content : new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Fetches one of the program's own files, which a link alone may not open, and hands it over. */
export async function saveFrom(address: string, name: string): Promise<void> {
  let response: Response;
  try {
    response = await fetch(address, { headers: { Authorization: `Bearer ${(await accessToken()) ?? ''}`, 'Accept-Language': language.now } });
  } catch {
    throw new Refusal('OFFLINE', '');
  }
  if (!response.ok) {
    const told = (await response.json().catch(() => ({}))) as { errors?: { message: string; extensions?: { code?: string } }[] };
    throw new Refusal(told.errors?.[0]?.extensions?.code ?? 'INTERNAL', told.errors?.[0]?.message ?? '');
  }
  save(name, await response.blob());
}
