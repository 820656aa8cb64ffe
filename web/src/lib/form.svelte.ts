// SPDX-License-Identifier: AGPL-3.0-or-later

import { Refusal, type Done, type Problem } from './api.ts';
import { t } from './texts.svelte.ts';

/** Something being sent: whether it is on its way, and what is wrong with it. */
export class Form {
  busy = $state(false);
  problems = $state.raw<readonly Problem[]>([]);
  /** Drawn with the draft: sending it again after a lost answer changes nothing. */
  key = crypto.randomUUID() as string;

  /** What is wrong with one field; '' asks for what is wrong with the whole. */
  problem(field: string): string | undefined {
    return this.problems.find((p) => (p.field?.join('.') ?? '') === field)?.message;
  }

  /** What is wrong with none of the fields that the form shows. */
  other(...shown: string[]): readonly Problem[] {
    return this.problems.filter((p) => !shown.includes(p.field?.join('.') ?? ''));
  }

  /** Sends; true when it worked. What was typed stays when it did not. */
  async send<P>(sending: (key: string) => Promise<Done<P>>, then?: (payload: P) => void): Promise<boolean> {
    if (this.busy) return false;
    this.busy = true;
    try {
      const { payload, problems } = await sending(this.key);
      this.problems = problems;
      if (problems.length) return false;
      this.key = crypto.randomUUID();
      then?.(payload);
      return true;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      this.problems = [{ code: error.reason ?? error.code, message: error.message || t(error.code === 'OFFLINE' ? 'offline' : 'failed') }];
      return false;
    } finally {
      this.busy = false;
    }
  }
}
