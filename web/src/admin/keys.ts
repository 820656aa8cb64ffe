// SPDX-License-Identifier: AGPL-3.0-or-later

import { screens } from './screens.ts';

const name = 'hora.keys';

/** Whether single keys do something: who speaks to the computer, or reads with a screen reader, may not want that. */
export const keys = {
  get on() {
    return localStorage.getItem(name) !== 'off';
  },
  turn(on: boolean) {
    localStorage.setItem(name, on ? 'on' : 'off');
  },
};

/** What single keys do, outside fields: g and a letter opens a screen, j and k go through rows, / searches, ? explains. */
export function keyed(does: { go: (screen: string) => void; help: () => void }) {
  // When g was pressed; long ago, also for a page that has just begun.
  let after = -Infinity;
  return (event: KeyboardEvent) => {
    const target = event.target as HTMLElement;
    if (!keys.on || event.ctrlKey || event.metaKey || event.altKey || target.closest('input, select, textarea, dialog, [contenteditable]')) return;
    if (event.timeStamp - after < 1500) {
      after = -Infinity;
      const found = Object.entries(screens).find(([, screen]) => screen.key === event.key);
      if (found) {
        event.preventDefault();
        does.go(found[0]);
      }
      return;
    }
    if (event.key === 'g') after = event.timeStamp;
    else if (event.key === '?') does.help();
    else if (event.key === '/') {
      const search = document.querySelector<HTMLElement>('[type="search"]');
      if (search) event.preventDefault();
      search?.focus();
    } else if (event.key === 'j' || event.key === 'k') walk(event.key === 'j' ? 1 : -1);
  };
}

/** Rows are links or buttons with data-row. */
function walk(by: number) {
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')];
  const at = rows.indexOf(document.activeElement as HTMLElement);
  rows[Math.min(Math.max(at + by, 0), rows.length - 1)]?.focus();
}
