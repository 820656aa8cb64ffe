// SPDX-License-Identifier: AGPL-3.0-or-later

import { ActivityDocument } from '../api/graphql.ts';
import { accessToken, documentId } from './api.ts';

let pulse = $state(0);
let stop: () => void = () => {};

// A burst of events is one reason to look again. Some things, a report for one, are
// told to nobody live: somebody who looks at a page sees them within two minutes.
const patience = 1500;
const glance = 120_000;
const glanceIfSeen = () => void (document.visibilityState === 'visible' && pulse++);
setInterval(glanceIfSeen, glance);
document.addEventListener('visibilitychange', glanceIfSeen);

/** Counts up when something happened in the community, or may have. */
export const live = {
  get pulse() {
    return pulse;
  },
  /** Listens to what happens in a community, and to no other any more. */
  async listen(communityId: string) {
    stop();
    let wanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    stop = () => (wanted = false);
    const { createClient } = await import('graphql-ws');
    if (!wanted) return;
    const socket = createClient({
      url: `${location.origin.replace(/^http/, 'ws')}/graphql`,
      connectionParams: async () => ({ Authorization: `Bearer ${(await accessToken()) ?? ''}` }),
      shouldRetry: (why) => why instanceof CloseEvent && why.code !== 4403,
      retryAttempts: Infinity,
    });
    let since: string | undefined;
    // Over the socket a document's name stands among the extensions, and its text is empty.
    const payload = { query: '', extensions: { documentId: documentId(ActivityDocument) } };
    const unsubscribe = socket.subscribe<{ communityActivity: { cursor: string } }>(
      { ...payload, variables: { communityId } },
      {
        next({ data }) {
          if (data?.communityActivity.cursor === since) return;
          since = data?.communityActivity.cursor;
          clearTimeout(timer);
          timer = setTimeout(() => pulse++, patience);
        },
        error: () => {}, // what cannot be followed live is there on the next visit
        complete: () => {},
      },
    );
    stop = () => {
      clearTimeout(timer);
      unsubscribe();
      void socket.dispose();
    };
  },
  leave: () => stop(),
};
