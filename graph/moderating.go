// SPDX-License-Identifier: AGPL-3.0-or-later

package graph

import (
	"context"
	"errors"
	"strings"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/duty"
	"github.com/hora-coop/hora/domain/messaging"
	"github.com/hora-coop/hora/domain/moderation"
	"github.com/hora-coop/hora/graph/model"
	"github.com/hora-coop/hora/graph/view"
	"github.com/hora-coop/hora/internal/i18n"
)

// subjects are what a report may be about, by the kind of their ids.
var subjects = map[idKind]moderation.SubjectKind{
	memberID: moderation.AboutMember, listingID: moderation.AboutListing, exchangeID: moderation.AboutExchange, messageID: moderation.AboutMessage,
	groupSessionID: moderation.AboutSession, projectID: moderation.AboutProject, announcementID: moderation.AboutAnnouncement, commentID: moderation.AboutComment,
}

// wantSubject reads the id of what is reported.
func wantSubject(id string) (community domain.ID, about moderation.Subject, err error) {
	o, ok := parseID(id)
	kind, known := subjects[o.kind]
	if !ok || !known {
		return community, about, domain.NewError(domain.NotFound, "subjectId")
	}
	return o.community, moderation.Subject{Kind: kind, ID: o.key}, nil
}

// subject reads what a report or a measure is about, as the caller sees it; nil
// when they do not.
func (r *Resolver) subject(ctx context.Context, community domain.ID, about moderation.Subject) (view.Node, error) {
	for kind, name := range subjects {
		if name == about.Kind {
			n, err := r.node(ctx, globalID(kind, community, about.ID))
			if errors.Is(err, domain.NotFound) {
				return nil, nil
			}
			return n, err
		}
	}
	return nil, nil
}

// ruleOf is the rule in words: the contract's own are known in both languages.
func ruleOf(lang i18n.Language, m *moderation.Measure) string {
	for _, r := range moderation.Reasons {
		if m.Rule == string(r) {
			return i18n.Text(lang, "moderation.rule."+m.Rule, nil)
		}
	}
	return m.Rule
}

// keptFrom are the things that a measure keeps from its member, in words.
func keptFrom(lang i18n.Language, m *moderation.Measure) string {
	all := make([]string, len(m.Limits))
	for i, a := range m.Limits {
		all[i] = i18n.Text(lang, "ability."+string(a), nil)
	}
	return strings.Join(all, ", ")
}

// statementOf is the whole statement of reasons.
func (r *Resolver) statementOf(ctx context.Context, lang i18n.Language, m *moderation.Measure) (string, error) {
	where, err := of(ctx).loaders.communities.Load(ctx, m.Community)
	if err != nil {
		return "", err
	}
	args := map[string]any{
		"action": i18n.Text(lang, "moderation.action."+string(m.Action), map[string]any{"what": keptFrom(lang, m), "message": m.Subject.Said()}), "statement": m.Statement, "rule": ruleOf(lang, m), "until": "",
		"appealBy": i18n.DateTime(lang, m.At.AddDate(0, 0, moderation.AppealDays), where.Zone()),
	}
	if !m.Until.IsZero() {
		args["until"] = i18n.DateTime(lang, m.Until, where.Zone())
	}
	return i18n.Text(lang, "moderation.text", args), nil
}

// languageOf is what a member reads, or their community where they have no account.
func (r *Resolver) languageOf(ctx context.Context, community, member domain.ID) (i18n.Language, error) {
	where, err := of(ctx).loaders.communities.Load(ctx, community)
	if err != nil {
		return "", err
	}
	m, err := load(ctx, of(ctx).loaders.members, community, member)
	if err != nil {
		return "", err
	}
	if m.Person == domain.Nowhere {
		return i18n.Match("", where.Locale), nil
	}
	person, err := of(ctx).loaders.persons.Load(ctx, m.Person)
	return i18n.Match("", person.Locale, where.Locale), err
}

// toHandOver says whether a measure's statement reaches its member on paper alone, and
// did not yet; nil for whoever does not moderate.
func (r *Resolver) toHandOver(ctx context.Context, m *moderation.Measure) (*bool, error) {
	standing, err := of(ctx).loaders.standings.Load(ctx, m.Community)
	if err != nil || m.Member == standing.Member || !standing.May(domain.Moderate) {
		return nil, err
	}
	member, err := load(ctx, of(ctx).loaders.members, m.Community, m.Member)
	if err != nil {
		return nil, err
	}
	waits := m.ToldMember() && member.Person == domain.Nowhere && m.HandedOverAt.IsZero()
	return &waits, nil
}

// previewOf is what a measure's member would be told of it.
func (r *Resolver) previewOf(ctx context.Context, m *moderation.Measure) (*model.StatementPreview, error) {
	p := &model.StatementPreview{UserErrors: []model.UserError{}}
	if !m.ToldMember() {
		return p, nil
	}
	lang, err := r.languageOf(ctx, m.Community, m.Member)
	if err != nil {
		return nil, err
	}
	text, err := r.statementOf(ctx, lang, m)
	if err != nil {
		return nil, err
	}
	news := &messaging.Notification{Community: m.Community, Kind: messaging.MeasureTaken}
	title, err := r.told(ctx, lang, news, "title")
	if err != nil {
		return nil, err
	}
	body, err := r.told(ctx, lang, news, "body")
	locale := string(lang)
	p.Text, p.Locale, p.Title, p.Body, p.Until, p.AppealBy = &text, &locale, &title, &body, orNull(m.Until), orNull(m.AppealBy())
	return p, err
}

// measureFilter decodes what narrows a community's measures.
func measureFilter(community domain.ID, f *model.MeasureFilter) (moderation.MeasureFilter, error) {
	if f == nil {
		return moderation.MeasureFilter{}, nil
	}
	member, err := wantIn(community, memberID, f.MemberID, "memberId")
	return moderation.MeasureFilter{Member: member, States: f.States, ToHandOver: deref(f.ToHandOver)}, err
}

// auditFilter decodes what narrows a community's audit log. What of another community
// is named is refused: an empty log would look as if nobody had done anything.
func auditFilter(community domain.ID, f *model.AuditFilter) (moderation.ActFilter, error) {
	if f == nil {
		return moderation.ActFilter{}, nil
	}
	period := periodOf(f.Period)
	filter := moderation.ActFilter{From: period.From, Until: period.Until}
	for _, action := range f.Actions {
		filter.Kinds = append(filter.Kinds, domain.EventKind(action))
	}
	var err error
	if filter.Member, err = wantIn(community, memberID, f.MemberID, "memberId"); err != nil || f.SubjectID == nil {
		return filter, err
	}
	subject, ok := parseID(*f.SubjectID)
	if !ok || subject.community != community || subject.key == domain.Nowhere {
		return filter, domain.NewError(domain.NotFound, "subjectId")
	}
	filter.Subject = subject.key
	return filter, nil
}

// actSubjects are the kinds of id by an event's first word.
var actSubjects = map[string]idKind{
	"MEMBER": memberID, "ROLE": memberID, "LISTING": listingID, "EXCHANGE": exchangeID, "MEASURE": measureID, "APPEAL": appealID, "VETTING": vettingID, "COMPLAINT": complaintID, "ACTIVITY": activityID, "TIME": batchID,
	"ORIENTATION": memberID, "CARD": memberID, "SESSION": groupSessionID, "ANNOUNCEMENT": announcementID,
	"SUGGESTION": suggestionID, "MINOR": memberID, "GUARDIAN": memberID,
}

// dutySubjects are the kinds of id of what is done with duty.
var dutySubjects = map[domain.EventKind]idKind{
	duty.TemplateMade: dutyTemplateID, duty.TemplateOver: dutyTemplateID, duty.ShiftCancelled: dutyShiftID, duty.DayIsClosed: communityID,
	duty.Noted: dutyEntryID, duty.Corrected: dutyEntryID, duty.Extended: memberID, duty.LeaveDecided: dutyLeaveID, duty.PointsGranted: dutyEntryID,
}

// subjectOf is the global id of what an act happened to; nil for what has none.
func subjectOf(a *moderation.Act) *string {
	area, _, _ := strings.Cut(string(a.Kind), "_")
	kind, known := dutySubjects[a.Kind]
	if !known {
		kind, known = actSubjects[area]
	}
	if !known {
		return nil
	}
	id := globalID(kind, a.Community, a.Subject)
	return &id
}
