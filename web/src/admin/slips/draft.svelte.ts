// SPDX-License-Identifier: AGPL-3.0-or-later

import { typedMinutes } from '../../lib/format.ts';
import { typedDay } from './days.ts';

export interface Person {
  id: string;
  number: number | null;
  displayName: string;
}
export interface Service {
  id: string;
  code: string;
  label: string;
}

/** One slip as it is keyed in. What is null follows the line above. */
export interface Line {
  id: number;
  number: string | null;
  provider: Person | null;
  receiver: Person | null;
  minutes: string;
  date: string | null;
  service: Service | null;
  /** What is wrong with its cells, by the API's name of the field. */
  wrong: Record<string, string>;
}

/** A line with what it takes from the one above. */
export interface Filled {
  line: Line;
  number: string;
  date: string;
  service: Service | null;
}

/** The number printed on the next slip: "A-0099" is followed by "A-0100". */
export function next(number: string): string {
  const m = /^(.*?)(\d+)$/.exec(number);
  return m ? m[1] + String(BigInt(m[2]!) + 1n).padStart(m[2]!.length, '0') : '';
}

/** Whether somebody has begun a line: number, day and service alone come by themselves. */
export function begun(line: Line): boolean {
  return line.provider !== null || line.receiver !== null || line.minutes.trim() !== '';
}

/** A pile of slips being keyed in: kept in this tab with its idempotency key, so that neither a reload nor a lost answer costs a line. */
export class Draft {
  lines = $state<Line[]>([]);
  key = $state('');
  readonly #name: string;
  #last = 0;

  constructor(slug: string) {
    this.#name = Draft.nameOf(slug);
    const kept = sessionStorage.getItem(this.#name);
    const { key, lines } = kept ? (JSON.parse(kept) as { key: string; lines: Line[] }) : { key: crypto.randomUUID(), lines: [] };
    [this.key, this.lines] = [key, lines];
    this.#last = Math.max(0, ...lines.map((l) => l.id));
    this.grow();
  }

  static nameOf(slug: string): string {
    return `hora.slips.${slug}`;
  }

  /** How many slips wait to be sent. */
  static waiting(slug: string): number {
    const kept = sessionStorage.getItem(Draft.nameOf(slug));
    return kept ? (JSON.parse(kept) as { lines: Line[] }).lines.filter(begun).length : 0;
  }

  keep() {
    sessionStorage.setItem(this.#name, JSON.stringify({ key: this.key, lines: this.lines }));
  }

  /** Begins anew, with other lines if there are some. */
  forget(lines: Line[] = []) {
    sessionStorage.removeItem(this.#name);
    [this.key, this.lines] = [crypto.randomUUID(), lines];
    this.grow();
    if (lines.length) this.keep(); // the page may be gone that keeps what is typed
  }

  /** There is always an empty line to go on with. */
  grow() {
    const end = this.lines.at(-1);
    if (!end || begun(end)) this.at(this.lines.length);
  }

  /** The line of a position, made if it is not there yet. */
  at(position: number): Line {
    while (this.lines.length <= position)
      this.lines.push({ id: ++this.#last, number: null, provider: null, receiver: null, minutes: '', date: null, service: null, wrong: {} });
    return this.lines[position]!;
  }

  remove(line: Line) {
    this.lines = this.lines.filter((l) => l.id !== line.id);
    this.grow();
  }

  /** The lines with what they take from above; the first day is the present one. */
  filled(today: string): Filled[] {
    let above = { number: '', date: today, service: null as Service | null };
    return this.lines.map((line, i) => {
      above = {
        number: line.number ?? (i ? next(above.number) : ''),
        date: line.date ?? above.date,
        service: line.service ?? above.service,
      };
      return { line, ...above };
    });
  }
}

/** What a line lacks before it can be sent, by the API's name of the field. */
export function lacks({ line, number, date, service }: Filled, today: string): string[] {
  const all: Record<string, boolean> = {
    number: !number.trim(),
    providerId: !line.provider,
    receiverId: !line.receiver,
    minutes: typedMinutes(line.minutes) === null,
    date: typedDay(date, today) === null,
    serviceTypeId: !service,
  };
  return Object.keys(all).filter((field) => all[field]);
}
