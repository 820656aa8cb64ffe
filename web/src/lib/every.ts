// SPDX-License-Identifier: AGPL-3.0-or-later

import type { TypedDocumentNode } from '@urql/core';
import { ask } from './api.ts';

type Window = { first?: number | null; after?: string | null };
interface Page<N> {
  nodes: readonly N[];
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

/** The whole of a long list, for what is printed or taken away, or as much of it as is enough; how much has come is told after each page. */
export async function every<D, V extends Window, N>(
  doc: TypedDocumentNode<D, V>,
  variables: Omit<V, 'first' | 'after' | 'last' | 'before'>,
  pick: (data: D) => Page<N> | null | undefined,
  enough = Infinity,
  tell: (count: number) => void = () => {},
): Promise<N[]> {
  const all: N[] = [];
  let after: string | null = null;
  for (;;) {
    const page: Page<N> | null | undefined = pick(await ask(doc, { ...variables, first: 100, after } as unknown as V));
    all.push(...(page?.nodes ?? []));
    tell(all.length);
    if (!page?.pageInfo.hasNextPage || all.length >= enough) return all;
    after = page.pageInfo.endCursor ?? null;
  }
}
