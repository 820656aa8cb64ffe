// SPDX-License-Identifier: AGPL-3.0-or-later

import { Refusal, type Done, type Problem } from './api.ts';
import { t } from './texts.svelte.ts';

/** An earlier sending of the same draft had another content, and was taken. */
export const sentBefore = 'IDEMPOTENCY_KEY_REUSED';

/** Something being sent: whether it is on its way, and what is wrong with it. */
export class Form {
  busy = $state(false);
  problems = $state.raw<readonly Problem[]>([]);
  /** Drawn with the draft: sending it again after a lost answer changes nothing. */
  key = crypto.randomUUID() as string;
  #sending = false;
  #open = 0;

  /** What is wrong with one field; '' asks for what is wrong with the whole. */
  problem(field: string): string | undefined {
    return this.problems.find((p) => (p.field?.join('.') ?? '') === field)?.message;
  }

  /** What is wrong with none of the fields that the form shows. */
  other(...shown: string[]): readonly Problem[] {
    return this.problems.filter((p) => !shown.includes(p.field?.join('.') ?? ''));
  }

  /**
   * Sends; true when it worked. What was typed stays when it did not. It is busy until `then` is done, which asks anew
   * for what is shown: a second press would meet what is over. Whoever takes it back meanwhile need not wait.
   */
  async send<P>(sending: (key: string) => Promise<Done<P>>, then?: (payload: P) => unknown): Promise<boolean> {
    if (this.#sending) return false;
    [this.#sending, this.busy] = [true, true];
    this.#open++;
    try {
      const { payload, problems } = await sending(this.key).finally(() => (this.#sending = false));
      this.#meet(problems);
      if (problems.length) return false;
      this.key = crypto.randomUUID();
      await then?.(payload);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.#meet([{ code: error.reason ?? error.code, message: error.message || t(error.code === 'OFFLINE' ? 'offline' : 'failed') }]);
      return false;
    } finally {
      this.busy = --this.#open > 0;
    }
  }

  // A sending whose answer was lost did arrive, and what is here was changed since: whoever looked may send that as well.
  #meet(problems: readonly Problem[]) {
    const arrived = problems.some((p) => p.code === sentBefore);
    if (arrived) this.key = crypto.randomUUID();
    this.problems = arrived ? problems.map((p) => (p.code === sentBefore ? { ...p, message: t('sentBefore') } : p)) : problems;
  }
}
