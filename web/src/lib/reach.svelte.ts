// SPDX-License-Identifier: AGPL-3.0-or-later

let online = $state(navigator.onLine);
addEventListener('online', () => (online = true));
addEventListener('offline', () => (online = false));

/** Whether the server can be reached, as far as is known. */
export const reach = {
  get online() {
    return online;
  },
  lost: () => void (online = false),
  found: () => void (online = true),
};
