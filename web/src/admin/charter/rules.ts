// SPDX-License-Identifier: AGPL-3.0-or-later

import type { CharterQuery } from '../../api/graphql.ts';
import { hours, number, typedMinutes } from '../../lib/format.ts';
import { language, t, word } from '../../lib/texts.svelte.ts';

/** The charter in force as its page shows it. */
export type Charter = NonNullable<CharterQuery['community']>['charter'];
type Kind = 'time' | 'count' | 'flag' | 'percent' | 'pool' | 'period' | 'role';
type Value = number | string | boolean | null;

/** A rule that one value says: where it stands in the input of amendCharter, and what it is now. */
export interface Rule {
  part: string;
  name: string;
  kind: Kind;
  read: (charter: Charter) => Value;
}

const rule = (part: string, name: string, kind: Kind, read: Rule['read']): Rule => ({ part, name, kind, read });

/** The rules that a form can change, in the order of the charter's parts. */
export const rules: readonly Rule[] = [
  rule('hours', 'unit', 'time', (c) => c.unit),
  rule('hours', 'starting', 'time', (c) => c.startingHours),
  rule('hours', 'floor', 'time', (c) => c.floor ?? null),
  rule('hours', 'softFloor', 'time', (c) => c.softFloor ?? null),
  rule('hours', 'ceiling', 'time', (c) => c.ceiling ?? null),
  rule('exchanges', 'answerDays', 'count', (c) => c.answerDays),
  rule('exchanges', 'autoConfirmDays', 'count', (c) => c.autoConfirmDays),
  rule('exchanges', 'holdDays', 'count', (c) => c.holdDays),
  rule('listings', 'expiryDays', 'count', (c) => c.listingExpiryDays),
  rule('listings', 'review', 'flag', (c) => c.listingReview),
  rule('cheques', 'depositDays', 'count', (c) => c.chequeDepositDays),
  rule('cheques', 'slipDays', 'count', (c) => c.chequeSlipDays),
  rule('sessions', 'noShowShares', 'flag', (c) => c.sessionNoShowShares),
  rule('sessions', 'noticeHours', 'count', (c) => c.sessionNoticeHours),
  rule('membership', 'closingPool', 'pool', (c) => c.closingPool),
  rule('levy', 'basisPoints', 'percent', (c) => c.levy.basisPoints),
  rule('levy', 'pool', 'pool', (c) => c.levy.pool || null),
  rule('levy', 'roleShare', 'percent', (c) => c.levy.roleShare),
  rule('levy', 'role', 'role', (c) => c.levy.role || null),
  rule('reserve', 'basisPoints', 'percent', (c) => c.reserve.basisPoints),
  rule('reserve', 'target', 'percent', (c) => c.reserve.target),
  rule('dormancy', 'months', 'count', (c) => c.dormancy.months),
  rule('dormancy', 'contacts', 'count', (c) => c.dormancy.contacts),
  rule('dormancy', 'days', 'count', (c) => c.dormancy.days),
  rule('dormancy', 'years', 'count', (c) => c.dormancy.years),
  rule('dormancy', 'safePart', 'percent', (c) => c.dormancy.safePart),
  rule('safety', 'limitDays', 'count', (c) => c.safety.limitDays),
  rule('safety', 'noticeDays', 'count', (c) => c.safety.noticeDays),
  rule('minors', 'fromAge', 'count', (c) => c.minors.fromAge),
  rule('payouts', 'above', 'time', (c) => c.payouts.above),
  rule('payouts', 'approvals', 'count', (c) => c.payouts.approvals),
  rule('suggestions', 'nonMembers', 'flag', (c) => c.suggestions.nonMembers),
  rule('duty', 'on', 'flag', (c) => c.duty.on),
  rule('duty', 'cycleWeeks', 'count', (c) => c.duty.cycleWeeks),
  rule('duty', 'attended', 'count', (c) => c.duty.attended),
  rule('duty', 'excused', 'count', (c) => c.duty.excused),
  rule('duty', 'missed', 'count', (c) => c.duty.missed),
  rule('duty', 'makeUp', 'count', (c) => c.duty.makeUp),
  rule('duty', 'alertDays', 'count', (c) => c.duty.alertDays),
  rule('duty', 'excuseHours', 'count', (c) => c.duty.excuseHours),
  rule('duty', 'aheadWeeks', 'count', (c) => c.duty.aheadWeeks),
  rule('duty', 'yearlyGrant', 'count', (c) => c.duty.yearlyGrant),
  rule('assembly', 'period', 'period', (c) => c.period),
  rule('founding', 'members', 'count', (c) => c.foundingMembers),
];

/** The parts of a charter in their order. */
export const parts = [...new Set(rules.map((r) => r.part))];

/** What a rule is called, in the catalogue's words. */
export const label = (r: Rule) => word(`charter.${r.part}.${r.name}`);

/** A value of a rule in words. */
export function told(kind: Kind, value: Value): string {
  if (value === null) return word('charter.none');
  switch (kind) {
    case 'time': return hours(value as number);
    case 'flag': return word(`charter.${value}`);
    case 'percent': return percents(value as number);
    case 'pool':
    case 'role':
    case 'period': return word(`choice.${value}`);
    default: return number(value as number);
  }
}

function percents(basisPoints: number): string {
  return new Intl.NumberFormat(language.now, { style: 'percent', maximumFractionDigits: 2 }).format(basisPoints / 10_000);
}

/** A value as it stands in a field. */
export function written(kind: Kind, value: Value): string {
  if (value === null) return '';
  if (kind === 'time') return hours(value as number);
  return kind === 'percent' ? String((value as number) / 100) : String(value);
}

/** What somebody wrote in a field; undefined when it says nothing of its kind. */
export function meant(kind: Kind, text: string): Value | undefined {
  const s = text.trim();
  if (kind === 'role') return s; // none is an empty name
  if (s === '') return null;
  if (kind === 'time') {
    const minutes = typedMinutes(s.replace(/^[-−]/, ''));
    return minutes === null ? undefined : /^[-−]/.test(s) ? -minutes : minutes;
  }
  if (kind === 'flag') return s === 'true';
  if (kind !== 'count' && kind !== 'percent') return s;
  const n = Number(s.replace(',', '.')) * (kind === 'percent' ? 100 : 1);
  return Number.isFinite(n) ? Math.round(n) : undefined;
}

/** A service that asks for attestations, as the form has it. */
export interface Gate {
  serviceType: { id: string; code: string; label: string } | null;
  vetting: string[];
}

/** The services that ask for attestations now. */
export const gatesOf = (charter: Charter): Gate[] => charter.safety.gates.map(({ serviceType, vetting }) => ({ serviceType, vetting: vetting.map((v) => v.code) }));

/** A part of a whole in words: "2/3". */
export const fraction = (f: { numerator: number; denominator: number }) => `${f.numerator}/${f.denominator}`;

/** Who decides, in words. */
export function body(row: Pick<Charter['power'][number], 'body' | 'bodyName'>): string {
  return row.bodyName ? t(`charter.body.${row.body}`, { what: word(`choice.${row.bodyName}`) }) : word(`body.${row.body}`);
}

/** The row of the matrix that a part of the charter is changed by; what none names belongs to the statutes. */
export const governing = (charter: Charter, part: string) =>
  charter.power.find((row) => row.governs.includes(part)) ?? charter.power.find((row) => row.type === 'STATUTES');
