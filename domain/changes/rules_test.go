// SPDX-License-Identifier: AGPL-3.0-or-later

package changes

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
	"github.com/hora-coop/hora/domain/cheque"
	"github.com/hora-coop/hora/domain/exchange"
	"github.com/hora-coop/hora/domain/ledger"
	"github.com/hora-coop/hora/domain/listing"
	"github.com/hora-coop/hora/domain/membership"
	"github.com/hora-coop/hora/domain/recognition"
)

var marie, paul, fatou = domain.NewID(), domain.NewID(), domain.NewID()

// A new kind of event must say what a device is to read again.
func TestEveryEventIsThoughtOf(t *testing.T) {
	kinds := map[domain.EventKind]bool{}
	for _, a := range []exchange.Action{
		exchange.Propose, exchange.Revise, exchange.Accept, exchange.Decline, exchange.Cancel, exchange.Complete,
		exchange.Confirm, exchange.Dispute, exchange.Resolve, exchange.Expire, exchange.Remind,
	} {
		kinds[a.EventKind()] = true
	}
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			of, ok := spec.Type.(*ast.SelectorExpr)
			if !ok || of.Sel.Name != "EventKind" {
				return true
			}
			for _, value := range spec.Values {
				kind, _ := strconv.Unquote(value.(*ast.BasicLit).Value)
				kinds[domain.EventKind(kind)] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(kinds) < 35 {
		t.Fatalf("only %d kinds of event were found", len(kinds))
	}
	for kind := range kinds {
		if _, ok, err := touches(domain.RecordedEvent{Kind: kind}); !ok || err != nil {
			t.Errorf("nobody said what %s changes: see touches in rules.go", kind)
		}
	}
}

func TestWhomAnEventConcerns(t *testing.T) {
	told := func(payload any) json.RawMessage {
		raw, err := json.Marshal(payload)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	between := exchange.Told{Provider: marie, Receiver: paul}
	member, sees := Cursor{Member: fatou}, func(p domain.Permission) Cursor {
		return Cursor{Member: fatou, Sight: sightOf(domain.Standing{Admitted: true, Roles: rolesWith(p)})}
	}
	for name, row := range map[string]struct {
		cursor Cursor
		event  domain.RecordedEvent
		kinds  []Kind
		want   bool
	}{
		"one’s own exchange":            {Cursor{Member: paul}, domain.RecordedEvent{Kind: "EXCHANGE_ACCEPTED", Payload: told(between)}, nil, true},
		"others’ exchange":              {member, domain.RecordedEvent{Kind: "EXCHANGE_ACCEPTED", Payload: told(between)}, nil, false},
		"for those who see all":         {sees(domain.SeeEveryExchange), domain.RecordedEvent{Kind: "EXCHANGE_ACCEPTED", Payload: told(between)}, []Kind{Exchange}, true},
		"settled, for its giver":        {Cursor{Member: marie}, domain.RecordedEvent{Kind: "EXCHANGE_CONFIRMED", Payload: told(ledger.PostedLegs{Legs: []ledger.Leg{{}}, About: between})}, []Kind{Exchange}, true},
		"settled, for others":           {member, domain.RecordedEvent{Kind: "EXCHANGE_CONFIRMED", Payload: told(ledger.PostedLegs{Legs: []ledger.Leg{{}}, About: between})}, []Kind{Exchange}, false},
		"others’ application":           {member, domain.RecordedEvent{Kind: membership.Applied, Subject: marie}, nil, false},
		"an application, for the staff": {sees(domain.AdmitMembers), domain.RecordedEvent{Kind: membership.Applied, Subject: marie}, nil, true},
		"a newcomer":                    {member, domain.RecordedEvent{Kind: membership.Welcomed, Subject: marie}, nil, true},
		"a listing":                     {member, domain.RecordedEvent{Kind: listing.EventCreated}, nil, true},
		"a listing, to exchanges":       {member, domain.RecordedEvent{Kind: listing.EventCreated}, []Kind{Exchange}, false},
		"oneself, whatever one follows": {member, domain.RecordedEvent{Kind: membership.Gone, Subject: fatou}, []Kind{Exchange}, true},
		"a cheque that waits":           {Cursor{Member: paul}, domain.RecordedEvent{Kind: cheque.Waits, Payload: told(cheque.Told{Provider: marie, Receiver: paul})}, []Kind{Cheque}, true},
		"others’ cheque":                {member, domain.RecordedEvent{Kind: cheque.GivenUp, Payload: told(cheque.Told{Provider: marie, Receiver: paul})}, nil, false},
		"one’s own slip, undone":        {Cursor{Member: marie}, domain.RecordedEvent{Kind: cheque.BatchIsUndone, Payload: told(cheque.Concerned{Members: []domain.ID{paul, marie}})}, []Kind{Cheque}, true},
		"others’ slips, undone":         {member, domain.RecordedEvent{Kind: cheque.BatchIsUndone, Payload: told(cheque.Concerned{Members: []domain.ID{paul, marie}})}, nil, false},
		"others’ star, to be hidden":    {member, domain.RecordedEvent{Kind: recognition.Starred, Payload: told(recognition.Told{Giver: marie, Member: paul})}, nil, false},
		"a star, for whom it is":        {Cursor{Member: paul}, domain.RecordedEvent{Kind: recognition.Starred, Payload: told(recognition.Told{Giver: marie, Member: paul})}, nil, true},
		"others’ milestone":             {member, domain.RecordedEvent{Kind: recognition.MilestoneReached, Payload: told(recognition.MilestoneTold{Member: paul})}, nil, false},
		"one’s own milestone":           {Cursor{Member: paul}, domain.RecordedEvent{Kind: recognition.MilestoneReached, Payload: told(recognition.MilestoneTold{Member: paul})}, nil, true},
		"others’ badge":                 {member, domain.RecordedEvent{Kind: recognition.BadgeIssued, Payload: told(recognition.BadgeTold{Giver: marie, Member: paul})}, nil, false},
		"a badge, for who issues them":  {sees(domain.IssueBadges), domain.RecordedEvent{Kind: recognition.BadgeIssued, Payload: told(recognition.BadgeTold{Giver: marie, Member: paul})}, nil, true},
		"others’ thanks":                {member, domain.RecordedEvent{Kind: recognition.Thanked, Payload: told(recognition.Told{Giver: marie, Member: paul})}, []Kind{Thanks}, true},
		"what cannot be read":           {member, domain.RecordedEvent{Kind: "EXCHANGE_ACCEPTED", Payload: json.RawMessage("1")}, nil, true},
	} {
		if got := row.cursor.Wakes(row.event, row.kinds...); got != row.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// rolesWith is a role that carries a permission.
func rolesWith(p domain.Permission) []domain.Role {
	for _, r := range []domain.Role{domain.Coordinator, domain.Treasurer, domain.Moderator, domain.Board} {
		if (domain.Standing{Admitted: true, Roles: []domain.Role{r}}).May(p) {
			return []domain.Role{r}
		}
	}
	return nil
}

func TestWhatIsShownOfAnObject(t *testing.T) {
	now := time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)
	blocked := domain.NewID()
	member := domain.Standing{Member: fatou, Admitted: true, Apart: []domain.ID{blocked}}
	staff := domain.Standing{Member: fatou, Admitted: true, Apart: []domain.ID{blocked}, Roles: []domain.Role{domain.Coordinator}}
	account := domain.NewID()
	on := shelf{values: map[Object]any{{Account, account}: ledger.Account{ID: account, Kind: ledger.Member, Owner: marie}}}
	for name, row := range map[string]struct {
		kind          Kind
		value         any
		member, staff verdict
	}{
		"a listing":                      {Listing, listing.Listing{Member: marie, State: listing.Published, PublishedAt: now}, shown, shown},
		"one that waits for review":      {Listing, listing.Listing{Member: marie, State: listing.PendingReview}, hidden, shown},
		"one that was taken away":        {Listing, listing.Listing{Member: marie, State: listing.Removed, PublishedAt: now}, gone, shown},
		"one’s own that was":             {Listing, listing.Listing{Member: fatou, State: listing.Removed, PublishedAt: now}, shown, shown},
		"one that is no more":            {Listing, nil, gone, gone},
		"others’ exchange":               {Exchange, exchange.Exchange{Provider: marie, Receiver: paul}, hidden, shown},
		"one’s own":                      {Exchange, exchange.Exchange{Provider: marie, Receiver: fatou}, shown, shown},
		"an applicant":                   {Member, membership.Member{ID: marie}, hidden, shown},
		"a member":                       {Member, membership.Member{ID: marie, AdmittedAt: now}, shown, shown},
		"others’ hours":                  {Account, ledger.Account{Kind: ledger.Member, Owner: marie}, hidden, shown},
		"the whole’s hours":              {Account, ledger.Account{Kind: ledger.Pool}, shown, shown},
		"others’ transfer":               {Transfer, ledger.Transfer{Debit: account, Credit: account}, hidden, shown},
		"an account that is not there":   {Account, nil, hidden, hidden},
		"hours of somebody unidentified": {Transfer, ledger.Transfer{}, hidden, shown},
		"others’ thanks":                 {Thanks, recognition.Thanks{Given: recognition.Given{Giver: paul, Member: marie}}, shown, shown},
		"others’ thanks, hidden":         {Thanks, recognition.Thanks{Given: recognition.Given{Giver: paul, Member: marie, Hidden: true}}, hidden, hidden},
		"hidden thanks that one gave":    {Thanks, recognition.Thanks{Given: recognition.Given{Giver: fatou, Member: marie, Hidden: true}}, shown, shown},
		"thanks to who is kept apart":    {Thanks, recognition.Thanks{Given: recognition.Given{Giver: fatou, Member: blocked}}, hidden, hidden},
		"a badge of who is kept apart":   {IssuedBadge, recognition.IssuedBadge{Given: recognition.Given{Member: blocked}, RevokedAt: now}, hidden, hidden},
		"an endorsement withdrawn":       {Endorsement, recognition.Endorsement{Given: recognition.Given{Giver: paul, Member: marie}, WithdrawnAt: now}, gone, gone},
		"a hidden one withdrawn":         {Endorsement, recognition.Endorsement{Given: recognition.Given{Giver: paul, Member: marie, Hidden: true}, WithdrawnAt: now}, hidden, hidden},
		"a badge revoked":                {IssuedBadge, recognition.IssuedBadge{Given: recognition.Given{Giver: paul, Member: marie}, RevokedAt: now}, gone, shown},
		"a hidden badge revoked":         {IssuedBadge, recognition.IssuedBadge{Given: recognition.Given{Giver: paul, Member: marie, Hidden: true}, RevokedAt: now}, hidden, shown},
		"others’ cheque":                 {Cheque, cheque.Cheque{Provider: marie, Receiver: paul}, hidden, shown},
		"one’s own cheque":               {Cheque, cheque.Cheque{Provider: marie, Receiver: fatou}, shown, shown},
	} {
		for who, s := range map[string]struct {
			domain.Standing
			want verdict
		}{"a member": {member, row.member}, "the staff": {staff, row.staff}} {
			if got := on.judge(s.Standing, row.kind, row.value); got != s.want {
				t.Errorf("%s, for %s: %d", name, who, got)
			}
		}
	}
}

// A cursor reads back as it was written; what was not written by us is none.
func TestCursorsAreOpaqueAndExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		bytes16 := rapid.SliceOfN(rapid.Byte(), 16, 16)
		c := Cursor{
			Community: domain.ID(bytes16.Draw(t, "community")), Member: domain.ID(bytes16.Draw(t, "member")), Sight: Sight(rapid.Byte().Draw(t, "sight")),
			Place: Place{rapid.Int64Range(1, 1<<62).Draw(t, "position"), Mark(rapid.SliceOfN(rapid.Byte(), 8, 8).Draw(t, "mark"))},
		}
		if read, ok := readCursor(c.String()); !ok || read != c {
			t.Fatalf("%v reads back as %v %t", c, read, ok)
		}
		text := rapid.String().Draw(t, "text")
		if read, ok := readCursor(text); ok && read.String() != text {
			t.Fatalf("%q is taken for a cursor", text)
		}
	})
}

func TestSightsAreTheSeeingPermissions(t *testing.T) {
	for _, p := range domain.Permissions() {
		if strings.HasPrefix(string(p), "SEE_EVERY_") && !slices.Contains(seeing, p) {
			t.Errorf("%s shows more than every member sees, and changes nothing in a cursor", p)
		}
	}
	if len(seeing) > 8 {
		t.Error("a Sight has room for eight")
	}
}
