// SPDX-License-Identifier: AGPL-3.0-or-later

import { tick } from 'svelte';

const base = '/admin';

let url = $state.raw(new URL(location.href));
addEventListener('popstate', () => (url = new URL(location.href)));

/** Where one is: the parts of the path below /admin (community, screen, and what is the screen's own), and what is asked for after it. */
export const here = {
  get rest(): string[] {
    return here.parts.slice(2);
  },
  get parts(): string[] {
    return url.pathname.slice(base.length).split('/').filter(Boolean).map(decoded);
  },
  get query(): URLSearchParams {
    return url.searchParams;
  },
};

// An address may say anything; what is no code for a letter stays as it is.
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** The address of a page: `to('port', 'members', id)`. */
export function to(...parts: string[]): string {
  return [base, ...parts.map(encodeURIComponent)].join('/');
}

/** Goes to an address of these pages. */
export async function go(address: string, { replace = false } = {}) {
  if (replace) history.replaceState(null, '', address);
  else history.pushState(null, '', address);
  const other = new URL(location.href).pathname !== url.pathname;
  url = new URL(location.href);
  if (!other) return;
  await tick();
  scrollTo(0, 0);
}

/** Changes what is asked for after the path, so that a filter is in the address; nothing new for the back button. */
export function filter(name: string, value: string) {
  const next = new URL(url);
  if (value) next.searchParams.set(name, value);
  else next.searchParams.delete(name);
  void go(next.pathname + next.search, { replace: true });
}

/** Has a click on a link of these pages stay in them. */
export function follow(event: MouseEvent) {
  const link = (event.target as Element).closest('a');
  if (!link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  if (link.origin !== location.origin || link.target || link.hasAttribute('download') || !link.pathname.startsWith(base)) return;
  event.preventDefault();
  void go(link.pathname + link.search);
}
