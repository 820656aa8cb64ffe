// SPDX-License-Identifier: AGPL-3.0-or-later

/** What those with a role do, as the log names it, in groups that somebody looks for. */
export const kinds = {
  members: ['MEMBER_ADMITTED', 'MEMBER_DECLINED', 'MEMBER_SUSPENDED', 'MEMBER_REINSTATED', 'HOUSEHOLD_NOTED', 'ROLE_GRANTED', 'ROLE_REVOKED', 'VETTING_RECORDED', 'VETTING_WITHDRAWN',
    'ORIENTATION_NOTED', 'ADMISSION_SETTLED', 'CARD_GIVEN', 'CARD_TAKEN', 'MINOR_RECORDED', 'MINOR_REMOVED', 'GUARDIAN_CONSENT_RECORDED', 'GUARDIAN_CONSENT_WITHDRAWN'],
  listings: ['LISTING_APPROVED', 'LISTING_SENT_BACK', 'LISTING_REMOVED', 'LISTING_RESTORED'],
  hours: ['TRANSFER_REVERSED', 'TRANSFER_CORRECTED', 'ACCOUNT_LIMITS_SET', 'ACCOUNT_EARMARKED', 'ACCOUNT_ALLOWED_ONCE', 'EXCHANGE_RESOLVED', 'ACTIVITY_APPROVED', 'ACTIVITY_DECLINED', 'TIME_CHEQUES_UNDONE', 'HOURS_SPONSORED'],
  moderation: ['MEASURE_TAKEN', 'MEASURE_UNDONE', 'MEASURE_HANDED_OVER', 'APPEAL_DECIDED', 'COMPLAINT_ASKED', 'COMPLAINT_GLASS_BROKEN', 'COMPLAINT_CLOSED', 'COMPLAINT_REOPENED', 'SUGGESTION_REMOVED'],
  community: ['CHARTER_CHANGED', 'ANNOUNCEMENT_MADE', 'SESSION_CANCELLED', 'WEBHOOK_CREATED', 'WEBHOOK_ROTATED', 'WEBHOOK_ENABLED', 'WEBHOOK_REMOVED'],
  badges: ['BADGE_DEFINED', 'BADGE_REVISED', 'BADGE_ISSUED', 'BADGE_REVOKED'],
} as const;

export type Kind = keyof typeof kinds;

/** The actions that an address asks for: those of a group, one by its name, or all when null. */
export function named(what: string | null): string[] | null {
  if (!what) return null;
  return what in kinds ? [...kinds[what as Kind]] : [what];
}
