// SPDX-License-Identifier: AGPL-3.0-or-later

import { ActivityKindsDocument } from '../../api/graphql.ts';
import { query } from '../../lib/query.svelte.ts';
import { place } from '../../lib/viewer.svelte.ts';

/** What the charter calls its kinds of work for the community; a kind it has no more keeps its code. */
export function kinds(): { name(code: string): string } {
  const { slug } = place.community!;
  const answer = query(ActivityKindsDocument, () => ({ slug }));
  return {
    name: (code) => answer.data?.community?.charter.activityKinds.find((kind) => kind.code === code)?.label ?? code,
  };
}
