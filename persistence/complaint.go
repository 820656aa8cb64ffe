// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"fmt"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/moderation"
)

type complaintRow struct {
	CommunityID, ID, ByID domain.ID
	AboutID               *domain.ID
	Details               string
	MayName               bool
	CreatedAt             time.Time
}

const complaintSQL = `SELECT community_id, id, by_id, about_id, details, may_name, created_at FROM complaint`

func (r complaintRow) value() moderation.Complaint {
	return moderation.Complaint{
		Community: r.CommunityID, ID: r.ID, By: r.ByID, About: orNowhere(r.AboutID), Details: r.Details, MayName: r.MayName, At: r.CreatedAt.UTC(),
	}
}

type openingRow struct {
	CommunityID, ID, ComplaintID, OfficerID domain.ID
	Reason                                  string
	Alone                                   bool
	CreatedAt                               time.Time
}

func (r openingRow) value() moderation.Opening {
	return moderation.Opening{
		Community: r.CommunityID, ID: r.ID, Complaint: r.ComplaintID, Officer: r.OfficerID, Reason: r.Reason, Alone: r.Alone, At: r.CreatedAt.UTC(),
	}
}

type closingRow struct {
	CommunityID, ID, ComplaintID domain.ID
	Turn                         int
	OfficerID                    domain.ID
	Outcome                      *string
	Statement                    string
	CreatedAt                    time.Time
}

func (r closingRow) value() moderation.Closing {
	return moderation.Closing{
		Community: r.CommunityID, ID: r.ID, Complaint: r.ComplaintID, Turn: r.Turn, Officer: r.OfficerID,
		Outcome: moderation.ComplaintOutcome(deref(r.Outcome)), Statement: r.Statement, At: r.CreatedAt.UTC(),
	}
}

// AddComplaint implements moderation.Store.
func (ModerationStore) AddComplaint(ctx context.Context, c moderation.Complaint) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO complaint (community_id, id, by_id, about_id, details, may_name, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.Community, c.ID, c.By, optional(c.About), c.Details, c.MayName, c.At)
	return err
}

// Complaints implements moderation.Store.
func (ModerationStore) Complaints(ctx context.Context, community domain.ID, ids []domain.ID) ([]moderation.Complaint, error) {
	found, err := query(ctx).Query(ctx, complaintSQL+byIDsSQL, community, ids)
	list, err := collect(found, err, complaintRow.value)
	if err != nil {
		return nil, err
	}
	return list, withTurns(ctx, community, list)
}

// ComplaintsFor implements moderation.Store, by complaint_idx.
func (ModerationStore) ComplaintsFor(ctx context.Context, community, reader domain.ID, near []domain.ID, page domain.Page) (domain.Slice[moderation.Complaint], error) {
	var none domain.Slice[moderation.Complaint]
	key, compare, direction, err := keyset[timeKey](page, true)
	if err != nil {
		return none, err
	}
	at, id := key.bounds()
	found, err := query(ctx).Query(ctx, complaintSQL+fmt.Sprintf(`
		 WHERE community_id = $1 AND by_id <> $2 AND (about_id IS NULL OR about_id <> ALL ($3))
		   AND ($4::timestamptz IS NULL OR (created_at, id) %[1]s ($4, $5))
		 ORDER BY created_at %[2]s, id %[2]s
		 LIMIT $6`, compare, direction), community, reader, near, at, id, page.Limit+1)
	list, err := collect(found, err, complaintRow.value)
	if err != nil {
		return none, err
	}
	s := slice(list, page, func(c moderation.Complaint) string { return encodeKey(timeKey{c.At, c.ID}) })
	return s, withTurns(ctx, community, s.Items)
}

// withTurns reads who opened and closed complaints, by complaint_opening_idx and
// complaint_closing_turn.
func withTurns(ctx context.Context, community domain.ID, list []moderation.Complaint) error {
	place := make(map[domain.ID]int, len(list))
	ids := make([]domain.ID, len(list))
	for i, c := range list {
		place[c.ID], ids[i] = i, c.ID
	}
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, id, complaint_id, officer_id, reason, alone, created_at
		  FROM complaint_opening
		 WHERE community_id = $1 AND complaint_id = ANY ($2)
		 ORDER BY created_at, id`, community, ids)
	openings, err := collect(found, err, openingRow.value)
	for _, o := range openings {
		c := &list[place[o.Complaint]]
		c.Openings = append(c.Openings, o)
	}
	if err != nil {
		return err
	}
	found, err = query(ctx).Query(ctx, `
		SELECT community_id, id, complaint_id, turn, officer_id, outcome, statement, created_at
		  FROM complaint_closing
		 WHERE community_id = $1 AND complaint_id = ANY ($2)
		 ORDER BY turn`, community, ids)
	closings, err := collect(found, err, closingRow.value)
	for _, turn := range closings {
		c := &list[place[turn.Complaint]]
		c.Closings = append(c.Closings, turn)
	}
	return err
}

// AddOpening implements moderation.Store.
func (ModerationStore) AddOpening(ctx context.Context, o moderation.Opening) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO complaint_opening (community_id, id, complaint_id, officer_id, reason, alone, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		o.Community, o.ID, o.Complaint, o.Officer, o.Reason, o.Alone, o.At)
	return err
}

// AddClosing implements moderation.Store; of two who are at it at once, one does.
func (ModerationStore) AddClosing(ctx context.Context, c moderation.Closing) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO complaint_closing (community_id, id, complaint_id, turn, officer_id, outcome, statement, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.Community, c.ID, c.Complaint, c.Turn, c.Officer, orNil(string(c.Outcome)), c.Statement, c.At)
	return err
}
