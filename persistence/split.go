// SPDX-License-Identifier: AGPL-3.0-or-later

package persistence

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/reinvestment"
)

// AddAgreement implements reinvestment.SplitStore.
func (ReinvestmentStore) AddAgreement(ctx context.Context, a reinvestment.Agreement) error {
	_, err := query(ctx).Exec(ctx, `INSERT INTO split_agreement (community_id, id, title, created_at) VALUES ($1, $2, $3, $4)`,
		a.Community, a.ID, a.Title, a.CreatedAt)
	return err
}

// TakeAgreement implements reinvestment.SplitStore.
func (ReinvestmentStore) TakeAgreement(ctx context.Context, community, id domain.ID) error {
	found, err := query(ctx).Exec(ctx, `SELECT FROM split_agreement WHERE community_id = $1 AND id = $2 FOR UPDATE`, community, id)
	if err == nil && found.RowsAffected() == 0 {
		err = domain.NewError(domain.NotFound, "splitId")
	}
	return err
}

// AddSplitVersion implements reinvestment.SplitStore.
func (ReinvestmentStore) AddSplitVersion(ctx context.Context, a reinvestment.Agreement, v reinvestment.SplitVersion) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO split_version (community_id, agreement_id, number, parts, signers, signed_by, state, reason, proposed_by, proposed_at, in_force_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		a.Community, a.ID, v.Number, v.Parts, v.Signers, v.SignedBy, string(v.State), v.Reason, v.ProposedBy, v.ProposedAt, unlessZero(v.InForceAt))
	return err
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// SaveSplitVersion implements reinvestment.SplitStore.
func (ReinvestmentStore) SaveSplitVersion(ctx context.Context, a reinvestment.Agreement, v reinvestment.SplitVersion) error {
	_, err := query(ctx).Exec(ctx, `
		UPDATE split_version SET signed_by = $4, state = $5, reason = $6, in_force_at = $7
		 WHERE community_id = $1 AND agreement_id = $2 AND number = $3`,
		a.Community, a.ID, v.Number, v.SignedBy, string(v.State), v.Reason, unlessZero(v.InForceAt))
	return err
}

type agreementRow struct {
	CommunityID, ID   domain.ID
	Title             string
	CreatedAt         time.Time
	Number            int
	Parts             []reinvestment.SplitPart
	Signers, SignedBy []domain.ID
	State, Reason     string
	ProposedBy        domain.ID
	ProposedAt        time.Time
	InForceAt         *time.Time
}

const agreementsWithVersions = `
	SELECT a.community_id, a.id, a.title, a.created_at, v.number, v.parts, v.signers, v.signed_by, v.state, v.reason, v.proposed_by, v.proposed_at, v.in_force_at
	  FROM split_agreement a JOIN split_version v ON v.community_id = a.community_id AND v.agreement_id = a.id
	 WHERE a.community_id = $1`

// gathered joins versions that follow one another into their agreements.
func gathered(rows []agreementRow) (all []reinvestment.Agreement) {
	for _, r := range rows {
		if len(all) == 0 || all[len(all)-1].ID != r.ID {
			all = append(all, reinvestment.Agreement{Community: r.CommunityID, ID: r.ID, Title: r.Title, CreatedAt: r.CreatedAt.UTC()})
		}
		v := reinvestment.SplitVersion{
			Number: r.Number, Parts: r.Parts, Signers: r.Signers, SignedBy: r.SignedBy, State: reinvestment.SplitState(r.State), Reason: r.Reason,
			ProposedBy: r.ProposedBy, ProposedAt: r.ProposedAt.UTC(),
		}
		if r.InForceAt != nil {
			v.InForceAt = r.InForceAt.UTC()
		}
		a := &all[len(all)-1]
		a.Versions = append(a.Versions, v)
	}
	return all
}

// Agreements implements reinvestment.SplitStore.
func (ReinvestmentStore) Agreements(ctx context.Context, community domain.ID, ids []domain.ID) ([]reinvestment.Agreement, error) {
	found, err := query(ctx).Query(ctx, agreementsWithVersions+` AND a.id = ANY ($2) ORDER BY a.id, v.number`, community, ids)
	rows, err := collect(found, err, func(r agreementRow) agreementRow { return r })
	return gathered(rows), err
}

// ListAgreements implements reinvestment.SplitStore, by split_agreement_list_idx.
func (ReinvestmentStore) ListAgreements(ctx context.Context, community domain.ID) ([]reinvestment.Agreement, error) {
	found, err := query(ctx).Query(ctx, agreementsWithVersions+`
		   AND a.id IN (SELECT id FROM split_agreement WHERE community_id = $1 ORDER BY created_at DESC, id DESC LIMIT 100)
		 ORDER BY a.created_at DESC, a.id DESC, v.number`, community)
	rows, err := collect(found, err, func(r agreementRow) agreementRow { return r })
	return gathered(rows), err
}

// AddSplitSettlement implements reinvestment.SplitStore.
func (ReinvestmentStore) AddSplitSettlement(ctx context.Context, x reinvestment.SplitSettlement) error {
	_, err := query(ctx).Exec(ctx, `
		INSERT INTO split_settlement (community_id, id, agreement_id, version, receiver_id, minutes, description, parts, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		x.Community, x.ID, x.Agreement, x.Version, x.Receiver, int64(x.Minutes), x.Description, x.Parts, x.At)
	return err
}

// SplitSettlements implements reinvestment.SplitStore, by split_settlement_list_idx.
func (ReinvestmentStore) SplitSettlements(ctx context.Context, community, agreement domain.ID) ([]reinvestment.SplitSettlement, error) {
	found, err := query(ctx).Query(ctx, `
		SELECT community_id, id, agreement_id, version, receiver_id, minutes, description, parts, at
		  FROM split_settlement WHERE community_id = $1 AND agreement_id = $2 ORDER BY at DESC, id DESC LIMIT 100`, community, agreement)
	return collect(found, err, settlementRow.value)
}

type settlementRow struct {
	CommunityID, ID, AgreementID domain.ID
	Version                      int
	ReceiverID                   domain.ID
	Minutes                      int64
	Description                  string
	Parts                        []reinvestment.SplitShare
	At                           time.Time
}

func (r settlementRow) value() reinvestment.SplitSettlement {
	return reinvestment.SplitSettlement{
		Community: r.CommunityID, ID: r.ID, Agreement: r.AgreementID, Version: r.Version, Receiver: r.ReceiverID,
		Minutes: domain.Minutes(r.Minutes), Description: r.Description, Parts: r.Parts, At: r.At.UTC(),
	}
}
