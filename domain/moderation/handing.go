// SPDX-License-Identifier: AGPL-3.0-or-later

package moderation

import (
	"context"
	"time"

	"github.com/hora-coop/hora/domain"
)

// HandOver notes that somebody gave a measure's statement of reasons to its member, who
// may have no account to read it with. The first time counts. It is for those who
// moderate, and neither for the member nor for who lives with them.
//
// Errors: NotFound, Forbidden, Involved.
func (s *Service) HandOver(ctx context.Context, actor domain.Actor, community, id domain.ID) (Measure, error) {
	var m Measure
	err := s.tx.InTx(ctx, community, func(ctx context.Context, now time.Time) error {
		standing, err := domain.Authorise(ctx, s.access, actor, community, domain.Moderate)
		if err != nil {
			return err
		}
		m, err = s.measure(ctx, community, id)
		if err == nil && !m.ToldMember() { // there is nothing to give
			err = domain.NotFound
		}
		if err != nil {
			return domain.NewError(domain.NotFound, "measureId").Because(err)
		}
		if err := s.apart(ctx, community, standing.Member, "measureId", m.Member); err != nil {
			return err
		}
		if !m.HandedOverAt.IsZero() {
			return nil
		}
		m.HandedOverAt, m.HandedOverBy = now, standing.Member
		first, err := s.store.HandOver(ctx, m)
		if first {
			s.tell(ctx, actor, MeasureHanded, m.ID, Told{Report: m.Report, Member: m.Member, Action: m.Action})
			return err
		}
		if err == nil { // somebody else was faster
			m, err = s.measure(ctx, community, id)
		}
		return err
	})
	return m, err
}
