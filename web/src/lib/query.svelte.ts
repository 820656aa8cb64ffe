// SPDX-License-Identifier: AGPL-3.0-or-later

import { untrack } from 'svelte';
import type { TypedDocumentNode } from '@urql/core';
import { ask, Refusal } from './api.ts';
import { every } from './every.ts';
import { language } from './texts.svelte.ts';
import { live } from './live.svelte.ts';
import { reach } from './reach.svelte.ts';
import { place } from './viewer.svelte.ts';

/** What was asked for: what came last, and whether something newer is on its way. */
export interface Answer<D> {
  readonly data: D | undefined;
  readonly refusal: Refusal | undefined;
  readonly loading: boolean;
  /** Asks again. */
  again(): Promise<void>;
}

/**
 * Asks whenever its variables or the language change and when the network or the person is back; null asks nothing. What is there
 * stays until a newer answer to the same comes, and goes at once when something else is asked: nobody acts on one
 * person with another's page before them. With `live` it asks again when something happens in the community.
 */
export function query<D, V extends object>(doc: TypedDocumentNode<D, V>, variables: () => V | null, options: { live?: boolean } = {}): Answer<D> {
  let data = $state.raw<D>();
  let refusal = $state.raw<Refusal>();
  let loading = $state(true);
  let turn = 0;
  let asked = '';

  async function load(v: V) {
    const mine = ++turn;
    loading = true;
    try {
      const answer = await ask(doc, v);
      if (mine === turn) [data, refusal] = [answer, undefined];
    } catch (error) {
      if (mine === turn) refusal = refused(error);
    } finally {
      if (mine === turn) loading = false;
    }
  }

  $effect(() => {
    void language.now;
    void [reach.online, place.viewer];
    if (options.live) void live.pulse;
    const v = variables();
    const key = JSON.stringify(v);
    if (key !== asked) [data, refusal, asked] = [undefined, undefined, key];
    if (v) untrack(() => void load(v));
    else [turn, loading] = [turn + 1, false]; // what is on its way is not asked for any more
  });

  return {
    get data() { return data; },
    get refusal() { return refusal; },
    get loading() { return loading; },
    async again() {
      const v = untrack(variables);
      if (v) await load(v);
    },
  };
}

interface Page<N> {
  nodes: readonly N[];
  pageInfo: { hasNextPage: boolean; hasPreviousPage: boolean; startCursor?: string | null; endCursor?: string | null };
}
type Window = { first?: number | null; after?: string | null; last?: number | null; before?: string | null };

/** A stretch of a long list, of which a few pages are held at a time. */
export interface List<N> {
  readonly nodes: readonly N[];
  readonly refusal: Refusal | undefined;
  readonly loading: boolean;
  readonly hasMore: boolean;
  readonly hasEarlier: boolean;
  /** Adds the page that follows, and lets go of the first when too many are held. */
  more(): Promise<void>;
  /** Adds the page before. */
  earlier(): Promise<void>;
  /** Asks anew, from the beginning. */
  again(): Promise<void>;
  /** Asks once more for what did not come. */
  retry(): Promise<void>;
  /** All there is, page by page, to be taken away; how much has come is told meanwhile. */
  all(tell?: (count: number) => void): Promise<readonly N[]>;
  /** Shows these, all of it for example to print them, until it is asked anew. */
  hold(nodes: readonly N[]): void;
}

const size = 50;
const held = 6;

/**
 * A list read by pages; `variables` are all but the page's. What is there stays and goes as an answer of `query` does.
 * A list of 100,000 costs no more memory than one of 300, but for `onward` ones, which the program reads only forwards:
 * they are held as far as somebody went. With `oldest` it begins at the end of what the program tells newest first.
 */
export function list<D, V extends Window, N>(
  doc: TypedDocumentNode<D, V>,
  variables: () => Omit<V, keyof Window> | null,
  pick: (data: D) => Page<N> | null | undefined,
  options: { live?: boolean; onward?: boolean; oldest?: boolean } = {},
): List<N> {
  let pages = $state.raw<Page<N>[]>([]);
  let refusal = $state.raw<Refusal>();
  let loading = $state(true);
  let turn = 0;
  let [asked, spoken] = ['', language.now];
  let retry = () => begin();

  async function load(window: Window, place: (page: Page<N>) => Page<N>[]) {
    const v = untrack(variables);
    if (!v) return;
    retry = () => load(window, place);
    const mine = ++turn;
    loading = true;
    try {
      const page = pick(await ask(doc, { ...v, ...(options.oldest ? turned(window) : window) } as V));
      if (mine !== turn) return;
      [pages, refusal] = [page ? place(options.oldest ? backwards(page) : page) : [], undefined];
    } catch (error) {
      if (mine === turn) refusal = refused(error);
    } finally {
      if (mine === turn) loading = false;
    }
  }
  const begin = () => load({ first: size }, (page) => [page]);

  // Somebody who has scrolled on is not thrown back to the beginning.
  const renew = () => void (pages.length === 1 && !pages[0]!.pageInfo.hasPreviousPage && begin());

  $effect(() => {
    void [reach.online, place.viewer];
    const v = variables();
    const key = JSON.stringify(v);
    const other = key !== asked || language.now !== spoken;
    if (key !== asked) [pages, refusal] = [[], undefined];
    [asked, spoken] = [key, language.now];
    if (!v) [turn, loading] = [turn + 1, false];
    else if (other) untrack(() => void begin());
    else if (reach.online) untrack(() => void (refusal ? retry() : renew()));
  });
  $effect(() => {
    if (options.live && live.pulse > 0) untrack(renew);
  });

  return {
    get nodes() { return pages.flatMap((page) => page.nodes); },
    get refusal() { return refusal; },
    get loading() { return loading; },
    get hasMore() { return pages.at(-1)?.pageInfo.hasNextPage ?? false; },
    get hasEarlier() { return pages[0]?.pageInfo.hasPreviousPage ?? false; },
    async more() {
      const after = pages.at(-1)?.pageInfo;
      if (after?.hasNextPage && !loading) await load({ first: size, after: after.endCursor ?? null }, (page) => [...pages, page].slice(options.onward ? 0 : -held));
    },
    async earlier() {
      const before = pages[0]?.pageInfo;
      if (before?.hasPreviousPage && !loading) await load({ last: size, before: before.startCursor ?? null }, (page) => [page, ...pages].slice(0, held));
    },
    again: begin,
    retry: () => retry(),
    async all(tell) {
      const v = untrack(variables);
      const nodes = v ? await every(doc, v as Omit<V, keyof Window>, pick, Infinity, tell) : [];
      return options.oldest ? nodes.reverse() : nodes;
    },
    hold(nodes) {
      turn++;
      [pages, loading] = [[{ nodes, pageInfo: { hasNextPage: false, hasPreviousPage: false } }], false];
    },
  };
}

/** The same page for somebody who comes from the end, and what asks for it. */
const turned = ({ first, after, last, before }: Window): Window => ({ first: last, after: before, last: first, before: after });
function backwards<N>({ nodes, pageInfo: at }: Page<N>): Page<N> {
  return {
    nodes: [...nodes].reverse(),
    pageInfo: { hasNextPage: at.hasPreviousPage, hasPreviousPage: at.hasNextPage, startCursor: at.endCursor, endCursor: at.startCursor },
  };
}

function refused(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}
