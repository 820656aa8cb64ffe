// SPDX-License-Identifier: AGPL-3.0-or-later

let online = $state(navigator.onLine);
let looking: ReturnType<typeof setTimeout> | undefined;
const patience = 10_000;

/** Whether the server can be reached, as far as is known. While it cannot, this looks for it now and then. */
export const reach = {
  get online() {
    return online;
  },
  lost() {
    online = false;
    looking ??= setTimeout(look, patience);
  },
  found() {
    online = true;
    clearTimeout(looking);
    looking = undefined;
  },
};

async function look() {
  looking = undefined;
  const answer = await fetch('/healthz', { cache: 'no-store' }).catch(() => undefined);
  if (answer?.ok) reach.found();
  else reach.lost();
}

addEventListener('online', () => void look());
addEventListener('offline', () => reach.lost());
