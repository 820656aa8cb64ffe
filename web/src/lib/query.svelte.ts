// SPDX-License-Identifier: AGPL-3.0-or-later

import { untrack } from 'svelte';
import type { TypedDocumentNode } from '@urql/core';
import { ask, Refusal } from './api.ts';
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
    else loading = false;
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
  again(): Promise<void>;
}

const size = 50;
const held = 6;

/**
 * A list read by pages; `variables` are all but the page's. A list of 100,000 costs no more memory than one of 300,
 * but for `onward` ones, which the program reads only forwards: they are held as far as somebody went.
 */
export function list<D, V extends Window, N>(
  doc: TypedDocumentNode<D, V>,
  variables: () => Omit<V, keyof Window> | null,
  pick: (data: D) => Page<N> | null | undefined,
  options: { live?: boolean; onward?: boolean } = {},
): List<N> {
  let pages = $state.raw<Page<N>[]>([]);
  let refusal = $state.raw<Refusal>();
  let loading = $state(true);
  let turn = 0;

  async function load(window: Window, place: (page: Page<N>) => Page<N>[]) {
    const v = untrack(variables);
    if (!v) return;
    const mine = ++turn;
    loading = true;
    try {
      const page = pick(await ask(doc, { ...v, ...window } as V));
      if (mine !== turn) return;
      [pages, refusal] = [page ? place(page) : [], undefined];
    } catch (error) {
      if (mine === turn) refusal = refused(error);
    } finally {
      if (mine === turn) loading = false;
    }
  }
  const begin = () => load({ first: size }, (page) => [page]);

  $effect(() => {
    void language.now;
    if (variables()) untrack(() => void begin());
    else loading = false;
  });
  $effect(() => {
    // Somebody who has scrolled on is not thrown back to the beginning.
    if (options.live && live.pulse > 0) untrack(() => void (pages.length === 1 && !pages[0]!.pageInfo.hasPreviousPage && begin()));
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
  };
}

function refused(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  throw error;
}
