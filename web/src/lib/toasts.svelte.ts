// SPDX-License-Identifier: AGPL-3.0-or-later

/** What was just done, and how to take it back. */
export interface Toast {
  id: number;
  text: string;
  undo?: { text: string; act: () => void };
}

let all = $state<Toast[]>([]);
let last = 0;
const seconds = 8;

/** The short messages at the foot of the page. */
export const toasts = {
  get all() {
    return all;
  },
  /** Says what was done. */
  say(text: string, undo?: Toast['undo']) {
    const id = ++last;
    all = [...all, { id, text, ...(undo ? { undo } : {}) }];
    setTimeout(() => toasts.close(id), seconds * 1000);
  },
  close(id: number) {
    all = all.filter((toast) => toast.id !== id);
  },
};
