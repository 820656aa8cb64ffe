// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/duty"
)

type dutyAccountRow struct {
	CommunityID, MemberID  domain.ID
	TemplateID             *domain.ID
	StandingFrom           *time.Time
	OwesFrom               time.Time
	Balance, Entries       int
	AlertAt, DueAt, ToldAt *time.Time
}

const dutyAccountColumns = `community_id, member_id, template_id, standing_from, owes_from, balance, entries, alert_at, due_at, told_at`

func (r dutyAccountRow) value() duty.Account {
	return duty.Account{
		Community: r.CommunityID, Member: r.MemberID, Template: orNowhere(r.TemplateID), StandingFrom: moment(r.StandingFrom), OwesFrom: r.OwesFrom.UTC(),
		Balance: r.Balance, Entries: r.Entries, AlertAt: moment(r.AlertAt), DueAt: moment(r.DueAt), ToldAt: moment(r.ToldAt),
	}
}

// Account implements duty.Store.
func (DutyStore) Account(ctx context.Context, community, member domain.ID) (duty.Account, bool, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutyAccountColumns+` FROM duty_member WHERE community_id = $1 AND member_id = $2`, community, member)
	list, err := collect(found, err, dutyAccountRow.value)
	if err != nil || len(list) == 0 {
		return duty.Account{}, false, err
	}
	return list[0], true, nil
}

// LockAccount implements duty.Store.
func (s DutyStore) LockAccount(ctx context.Context, community, member domain.ID, from time.Time) (duty.Account, error) {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_member (community_id, member_id, owes_from)
		VALUES ($1, $2, $3)
		ON CONFLICT (community_id, member_id) DO NOTHING`, community, member, from)
	if err != nil {
		return duty.Account{}, err
	}
	if _, err := query(ctx).Exec(ctx, `SELECT FROM duty_member WHERE community_id = $1 AND member_id = $2 FOR UPDATE`, community, member); err != nil {
		return duty.Account{}, err
	}
	a, _, err := s.Account(ctx, community, member)
	return a, err
}

// SaveAccount implements duty.Store.
func (DutyStore) SaveAccount(ctx context.Context, a duty.Account) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE duty_member
		   SET template_id = $3, standing_from = $4, owes_from = $5, balance = $6, entries = $7, alert_at = $8, due_at = $9, told_at = $10
		 WHERE community_id = $1 AND member_id = $2`,
		a.Community, a.Member, optional(a.Template), orNil(a.StandingFrom), a.OwesFrom, a.Balance, a.Entries, orNil(a.AlertAt), orNil(a.DueAt), orNil(a.ToldAt))
	return err
}

// Enrol implements duty.Store.
func (DutyStore) Enrol(ctx context.Context, community domain.ID, from time.Time) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_member (community_id, member_id, owes_from)
		SELECT m.community_id, m.id, $2
		  FROM member m
		 WHERE m.community_id = $1 AND m.kind = 'PERSON' AND m.participation IN ('NEWCOMER', 'ACTIVE', 'ENGAGED', 'AT_RISK', 'DORMANT')
		 ORDER BY m.id
		ON CONFLICT (community_id, member_id) DO NOTHING`, community, from)
	return err
}

// Forgive implements duty.Store, by duty_member_owes_idx.
func (DutyStore) Forgive(ctx context.Context, community domain.ID, from time.Time) error {
	_, err := query(ctx).Exec(ctx, `UPDATE duty_member SET owes_from = $2 WHERE community_id = $1 AND owes_from < $2`, community, from)
	return err
}

// StandingOn implements duty.Store, by duty_member_standing_idx.
func (DutyStore) StandingOn(ctx context.Context, community, template domain.ID) ([]duty.Account, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyAccountColumns+` FROM duty_member WHERE community_id = $1 AND template_id = $2 ORDER BY member_id`, community, template)
	return collect(found, err, dutyAccountRow.value)
}

// TakeUncharged implements duty.Store, by duty_member_owes_idx; what another server
// holds is left to it.
func (DutyStore) TakeUncharged(ctx context.Context, community domain.ID, before time.Time, limit int) ([]duty.Account, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyAccountColumns+` FROM duty_member
		 WHERE community_id = $1 AND owes_from < $2
		 ORDER BY owes_from LIMIT $3
		   FOR UPDATE SKIP LOCKED`, community, before, limit)
	return collect(found, err, dutyAccountRow.value)
}

// TakeSuspended implements duty.Store, by duty_member_due_idx.
func (DutyStore) TakeSuspended(ctx context.Context, community domain.ID, now time.Time, limit int) ([]duty.Account, error) {
	found, err := query(ctx).Query(ctx, `
		UPDATE duty_member SET told_at = $2
		 WHERE community_id = $1 AND due_at <= $2 AND told_at IS NULL -- it may have moved meanwhile
		   AND member_id IN (SELECT member_id FROM duty_member
		                      WHERE community_id = $1 AND due_at <= $2 AND told_at IS NULL
		                      ORDER BY due_at LIMIT $3)
		RETURNING `+dutyAccountColumns, community, now, limit)
	return collect(found, err, dutyAccountRow.value)
}

// Behind implements duty.Store, by duty_member_due_idx.
func (DutyStore) Behind(ctx context.Context, community domain.ID, limit int) ([]duty.Account, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyAccountColumns+` FROM duty_member
		 WHERE community_id = $1 AND due_at IS NOT NULL
		 ORDER BY due_at LIMIT $2
		   FOR UPDATE`, community, limit)
	return collect(found, err, dutyAccountRow.value)
}

// Late implements duty.Store, by duty_member_due_idx.
func (DutyStore) Late(ctx context.Context, community domain.ID, limit int) ([]domain.ID, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT member_id FROM duty_member WHERE community_id = $1 AND due_at IS NOT NULL ORDER BY due_at, member_id LIMIT $2`, community, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[domain.ID])
}

type dutyEntryRow struct {
	CommunityID, ID, MemberID     domain.ID
	Position                      int
	Kind                          string
	Outcome                       *string
	Points, Balance               int
	BookingID, SourceID, Corrects *domain.ID
	ByID                          *domain.ID
	Reason                        string
	CreatedAt                     time.Time
}

const dutyEntryColumns = `community_id, id, member_id, position, kind, outcome, points, balance, booking_id, source_id, corrects, by_id, reason, created_at`

func (r dutyEntryRow) value() duty.Entry {
	return duty.Entry{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Position: r.Position, Kind: duty.EntryKind(r.Kind), Outcome: duty.Outcome(deref(r.Outcome)),
		Points: r.Points, Balance: r.Balance, Booking: orNowhere(r.BookingID), Source: orNowhere(r.SourceID), Corrects: orNowhere(r.Corrects),
		By: orNowhere(r.ByID), Reason: r.Reason, At: r.CreatedAt.UTC(),
	}
}

// AddEntry implements duty.Store.
func (DutyStore) AddEntry(ctx context.Context, e duty.Entry) (bool, error) {
	tag, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_entry (`+dutyEntryColumns+`)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
		ON CONFLICT ON CONSTRAINT duty_entry_source DO NOTHING`,
		e.Community, e.ID, e.Member, e.Position, string(e.Kind), orNil(string(e.Outcome)), e.Points, e.Balance, optional(e.Booking), optional(e.Source),
		optional(e.Corrects), optional(e.By), e.Reason, e.At)
	return tag.RowsAffected() == 1, translate(err)
}

// Entries implements duty.Store.
func (DutyStore) Entries(ctx context.Context, community domain.ID, ids []domain.ID) ([]duty.Entry, error) {
	found, err := query(ctx).Query(ctx, `SELECT `+dutyEntryColumns+` FROM duty_entry`+byIDsSQL, community, ids)
	return collect(found, err, dutyEntryRow.value)
}

// dutyKey is an entry's place in its member's counter.
type dutyKey struct{ Position int }

// EntriesOf implements duty.Store, by duty_entry_position.
func (DutyStore) EntriesOf(ctx context.Context, community, member domain.ID, page domain.Page) (domain.Slice[duty.Entry], error) {
	var none domain.Slice[duty.Entry]
	key, compare, direction, err := keyset[dutyKey](page, true)
	if err != nil {
		return none, err
	}
	var from *int
	if key != nil {
		from = &key.Position
	}
	found, err := query(ctx).Query(ctx, `SELECT `+dutyEntryColumns+fmt.Sprintf(`
		  FROM duty_entry
		 WHERE community_id = $1 AND member_id = $2 AND ($3::integer IS NULL OR position %s $3)
		 ORDER BY position %s`, compare, direction)+limit(page), community, member, from)
	list, err := collect(found, err, dutyEntryRow.value)
	if err != nil {
		return none, err
	}
	return slice(list, page, func(e duty.Entry) string { return encodeKey(dutyKey{e.Position}) }), nil
}

type dutyExtensionRow struct {
	CommunityID, ID, MemberID domain.ID
	UntilAt                   time.Time
	Reason                    string
	ByID                      domain.ID
	CreatedAt                 time.Time
}

func (r dutyExtensionRow) value() duty.Extension {
	return duty.Extension{
		Community: r.CommunityID, ID: r.ID, Member: r.MemberID, Until: r.UntilAt.UTC(), Reason: r.Reason, By: r.ByID, At: r.CreatedAt.UTC(),
	}
}

const dutyExtensionColumns = `community_id, id, member_id, until_at, reason, by_id, created_at`

// AddExtension implements duty.Store.
func (DutyStore) AddExtension(ctx context.Context, x duty.Extension) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO duty_extension (`+dutyExtensionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		x.Community, x.ID, x.Member, x.Until, x.Reason, x.By, x.At)
	return err
}

// ExtensionsOf implements duty.Store, by duty_extension_member_idx.
func (DutyStore) ExtensionsOf(ctx context.Context, community, member domain.ID) ([]duty.Extension, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT `+dutyExtensionColumns+` FROM duty_extension
		 WHERE community_id = $1 AND member_id = $2 ORDER BY created_at DESC, id DESC`, community, member)
	return collect(found, err, dutyExtensionRow.value)
}
