// SPDX-License-Identifier: AGPL-3.0-or-later

import type { MemberAbility, ModerationAction, ReportReason } from '../../api/graphql.ts';
import { fill } from '../../lib/fill.ts';

/** Why something is reported; each names a rule as well. */
export const reasons: readonly ReportReason[] = ['UNSAFE_NOW', 'HARASSMENT', 'DISCRIMINATION', 'FRAUD', 'UNSUITABLE', 'PRIVACY', 'SPAM', 'OTHER'];

/** What a limit may keep from a member; hours, the vote and what was agreed are never among them. */
export const abilities: readonly MemberAbility[] = ['OFFERING', 'REQUESTING', 'MESSAGING', 'JOINING'];

/** For how many days an action lasts, unless said otherwise and at most: a limit as the charter has it. Undefined for one without end. */
export function lasting(action: ModerationAction, limitDays = 30): { usual: number; most: number } | undefined {
  switch (action) {
    case 'HIDE': return { usual: 14, most: 30 };
    case 'LIMIT': return { usual: Math.min(14, limitDays), most: limitDays };
    case 'FREEZE': return { usual: 7, most: 14 };
    default: return undefined;
  }
}

/** What may be done about a subject, from the mildest to the hardest. */
export function actionsFor(subject: string | undefined): ModerationAction[] {
  const all: ModerationAction[] = ['NONE', 'NOTE', 'WARN', 'HIDE', 'REMOVE', 'LIMIT', 'FREEZE', 'SUSPEND'];
  return all.filter((action) => subject === 'Listing' || subject === 'Message' || subject === 'DecisionComment' || (action !== 'HIDE' && action !== 'REMOVE'));
}

/** Whether its member is told: what changes nothing for them stays among those who moderate. */
export const told = (action: ModerationAction) => action !== 'NONE' && action !== 'NOTE';

/** Whether it takes something from a member that time alone does not soon give back. */
export const hard = (action: ModerationAction) => action === 'LIMIT' || action === 'REMOVE' || action === 'FREEZE' || action === 'SUSPEND';

/** A statement to start from, in the language of who will read it. */
export async function template(lang: 'fr' | 'en', reason: ReportReason, action: ModerationAction): Promise<string> {
  const texts = (await (lang === 'fr' ? import('virtual:texts/fr') : import('virtual:texts/en'))).default;
  const t = (key: string) => fill(lang, texts[`web.${key}`] ?? '', {});
  const asks = t(`moderation.template.${action}`);
  return told(action) ? `${t(`moderation.because.${reason}`)} ${asks}` : asks;
}
