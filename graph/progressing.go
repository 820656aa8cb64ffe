// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/progression"
	"github.com/hora-coop/hora/internal/i18n"
)

// sources are the types that contributions come from.
var sources = map[progression.Kind]idKind{
	progression.Exchanged: exchangeID, progression.Attended: groupSessionID, progression.Worked: activityID,
	progression.OnDuty: activityID, progression.Endorsed: endorsementID,
}

// whyNot presents an answer; whom it is not for has none.
func whyNot(ctx context.Context, a progression.Answer, found bool, err error) (*progression.Answer, error) {
	if err != nil || !found {
		return nil, err
	}
	l := of(ctx).loaders
	for _, criterion := range a.Criteria {
		for _, c := range criterion.Evidence {
			expect(ctx, "Contribution.partner", l.members, c.Community, c.Partner)
		}
	}
	return &a, nil
}

// inWords says what a criterion asks for, or what would change it.
func inWords(ctx context.Context, c *progression.Criterion, part string) string {
	args := map[string]any{"required": c.Required, "actual": c.Actual, "days": c.Days, "count": c.Missing()}
	if c.Code == progression.ByGiven || c.Code == progression.ByAssociative {
		args["required"], args["actual"] = domain.Minutes(c.Required), domain.Minutes(c.Actual)
		args["missing"] = domain.Minutes(c.Missing())
	}
	return i18n.Text(language(ctx), "criterion."+string(c.Code)+"."+part, args)
}

// nextStep is what would change a criterion; nil when it holds.
func nextStep(ctx context.Context, c *progression.Criterion) *string {
	if c == nil || c.Met() {
		return nil
	}
	text := inWords(ctx, c, "next")
	return &text
}
