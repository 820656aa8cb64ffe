// SPDX-License-Identifier: AGPL-3.0-or-later

package identity

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hora-coop/hora/domain"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// problems lists what a check found as "field CODE", in order.
func problems(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	found, ok := domain.Problems(err)
	if !ok {
		t.Fatalf("not the domain's errors: %v", err)
	}
	var told []string
	for _, p := range found {
		told = append(told, p.Field+" "+string(p.Code))
	}
	return told
}

func TestAllThatIsWrongWithARegistrationIsToldAtOnce(t *testing.T) {
	var c domain.Check
	newPerson(&c, "marie", "court", " ", "tlh")
	got := problems(t, c.Err())
	slices.Sort(got)
	want := []string{"displayName REQUIRED", "email EMAIL_INVALID", "locale VALUE_UNKNOWN", "password PASSWORD_TOO_WEAK"}
	if !slices.Equal(got, want) {
		t.Errorf("told %v, want %v", got, want)
	}
}

func TestWhatSomebodyTypesIsTidied(t *testing.T) {
	var c domain.Check
	p := newPerson(&c, "  Marie.Tremblay@Exemple.QC.ca ", "trois petits chats", "  Marie \t Tremblay ", "fr-CA")
	if err := c.Err(); err != nil {
		t.Fatal(err)
	}
	if p.Email != "marie.tremblay@exemple.qc.ca" || p.DisplayName != "Marie Tremblay" || p.Locale != "fr-CA" || p.Version != 1 {
		t.Errorf("kept %+v", p)
	}
}

func TestAddresses(t *testing.T) {
	good := []string{
		"a@b.co", "o'brien+hora@mail.example.org", "élodie@exemple.fr", "x@école.québec", "1@2.example",
		strings.Repeat("a", 64) + "@example.org",
	}
	bad := []string{
		"marie", "marie@gmail", "@example.org", "a@", "a b@example.org", "a@b@example.org", "Marie <a@example.org>", "a@example.org,b@example.org",
		`"a b"@example.org`, "a@[127.0.0.1]", "a@-example.org", "a@example-.org", "a@.org", "a@example..org", "a@example.org.",
		"a\u202e@example.org", "a\x00@example.org", "a@exam_ple.org", "a\ufffd@example.org",
		strings.Repeat("a", 250) + "@example.org", "a@" + strings.Repeat("b", 64) + ".org",
	}
	for _, email := range good {
		if !isEmail(email) {
			t.Errorf("%q is refused", email)
		}
	}
	for _, email := range bad {
		if isEmail(email) {
			t.Errorf("%q is accepted", email)
		}
	}
}

func TestPasswords(t *testing.T) {
	marie := Person{Email: "marie.tremblay@exemple.qc.ca", DisplayName: "Marie Tremblay"}
	for _, tc := range []struct {
		why, password string
		code          domain.Code
	}{
		{"a sentence", "trois petits chats", ""},
		{"ten characters", "ab3de!ghij", ""},
		{"ten characters that take more bytes", "éàüçôîêëïù", ""},
		{"as long as allowed", strings.Repeat("xy", 100), ""},
		{"spaces at the ends are part of it", "         x", ""},
		{"nothing", "", domain.Required},
		{"nine characters", "ab3de!ghi", PasswordTooWeak},
		{"the world's favourite", "1234567890", PasswordTooWeak},
		{"a favourite in capitals", "MotDePasse123", PasswordTooWeak},
		{"the address", "Marie.Tremblay@exemple.qc.ca", PasswordTooWeak},
		{"the address without the rest", "marie.tremblay", PasswordTooWeak},
		{"the name", "marie tremblay", PasswordTooWeak},
		{"a novel", strings.Repeat("x", 201), domain.TextTooLong},
	} {
		t.Run(tc.why, func(t *testing.T) {
			var c domain.Check
			checkPassword(&c, tc.password, marie)
			var want []string
			if tc.code != "" {
				want = []string{"password " + string(tc.code)}
			}
			if got := problems(t, c.Err()); !slices.Equal(got, want) {
				t.Errorf("told %v, want %v", got, want)
			}
		})
	}
}

func TestEveryCommonPasswordWouldElsePass(t *testing.T) {
	for _, word := range commonPasswords {
		if len(word) < minPassword {
			t.Errorf("%q is too short to be worth listing", word)
		}
	}
}

func TestASessionLivesByUseButNotForEver(t *testing.T) {
	s := newSession(domain.NewID(), "téléphone", ByPassword, noon)
	if want := noon.Add(IdleLife); !s.ExpiresAt.Equal(want) {
		t.Errorf("a new session lasts until %v, want %v", s.ExpiresAt, want)
	}
	if !s.Alive(s.ExpiresAt.Add(-1)) || s.Alive(s.ExpiresAt) {
		t.Error("a session must live until the moment it expires, and not then")
	}
	for now := noon; s.Alive(now); now = now.Add(30 * 24 * time.Hour) {
		s = s.used(now)
	}
	if want := noon.Add(AbsoluteLife); !s.ExpiresAt.Equal(want) {
		t.Errorf("a session used every month ended at %v, want %v", s.ExpiresAt, want)
	}
	first := s.ended(noon, Revoked)
	if twice := first.ended(noon.Add(time.Hour), SignedOut); twice != first {
		t.Error("the first end of a session must stay")
	}
	if first.Alive(noon) {
		t.Error("an ended session lives")
	}
}

func TestWhatBecomesOfARefreshToken(t *testing.T) {
	alive := newSession(domain.NewID(), "", ByPassword, noon)
	ago := func(d time.Duration) time.Time { return noon.Add(-d) }
	fresh, used := &RefreshToken{}, &RefreshToken{UsedAt: noon}
	for _, tc := range []struct {
		why       string
		session   Session
		usedAt    time.Time
		successor *RefreshToken
		want      verdict
	}{
		{"first use", alive, time.Time{}, nil, rotated},
		{"the answer was lost just now", alive, ago(time.Second), fresh, again},
		{"the answer was lost a minute ago", alive, ago(RetryWindow), fresh, again},
		{"too late for a lost answer", alive, ago(RetryWindow + time.Microsecond), fresh, stolen},
		{"somebody went on from the answer", alive, ago(time.Second), used, stolen},
		{"used, and nobody knows its successor", alive, ago(time.Second), nil, stolen},
		{"the session was ended", alive.ended(noon, Revoked), time.Time{}, nil, refused},
		{"the session was ended, and the token used", alive.ended(noon, Revoked), ago(time.Hour), used, refused},
		{"nobody came for two months", newSession(domain.NewID(), "", ByPassword, ago(IdleLife)), time.Time{}, nil, refused},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := judge(tc.session, RefreshToken{UsedAt: tc.usedAt}, tc.successor, noon); got != tc.want {
				t.Errorf("decided %d, want %d", got, tc.want)
			}
		})
	}
}

func TestASecretReadsBackAndNothingElseDoes(t *testing.T) {
	key, other := newKey(ForRefresh, noon), newKey(ForRefresh, noon)
	s := secret(newKey(ForRefresh, noon).Secret)
	if back, ok := readSecret(s.text()); !ok || back != s {
		t.Error("a token does not read back")
	}
	next, again := s.successor(key), s.successor(key)
	if next != again || next == s.successor(other) || next == s {
		t.Error("a successor must follow from the token and the key, and only from them")
	}
	for _, text := range []string{"", "x", s.text() + "=", s.text() + "A", s.text()[1:], strings.Repeat("!", 43), strings.Repeat("_", 42) + "z"} {
		if _, ok := readSecret(text); ok {
			t.Errorf("%q reads as a token", text)
		}
	}
}

func TestWhichKeySigns(t *testing.T) {
	at := func(name string, age time.Duration) Key { return Key{ID: name, CreatedAt: noon.Add(-age)} }
	for _, tc := range []struct {
		why  string
		keys []Key // newest first
		want string
	}{
		{"the only key signs at once", []Key{at("only", 0)}, "only"},
		{"a new key waits until every node knows it", []Key{at("new", 59*time.Second), at("old", time.Hour)}, "old"},
		{"then it signs", []Key{at("new", time.Minute), at("old", time.Hour)}, "new"},
		{"of two new ones the first goes on", []Key{at("second", time.Second), at("first", 2*time.Second)}, "first"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			if got := signer(tc.keys, noon); got.ID != tc.want {
				t.Errorf("%s signs, want %s", got.ID, tc.want)
			}
		})
	}
	retired := Key{ID: "retired", RetiredAt: noon}
	retiring := Key{ID: "retiring", RetiredAt: noon.Add(1)}
	if got := trusted([]Key{retiring, retired}, noon); len(got) != 1 || got[0].ID != "retiring" {
		t.Errorf("trusted %v", got)
	}
}

func TestAdmit(t *testing.T) {
	limit := Limit{Burst: 3, Every: time.Minute}
	type step struct {
		after time.Duration // since the step before
		wait  time.Duration
	}
	for _, tc := range []struct {
		why   string
		steps []step
	}{
		{"the burst passes, the next waits", []step{{0, 0}, {0, 0}, {0, 0}, {0, time.Minute}}},
		{"knocking does not prolong the wait", []step{{0, 0}, {0, 0}, {0, 0}, {0, time.Minute}, {20 * time.Second, 40 * time.Second}, {39 * time.Second, time.Second}, {time.Second, 0}}},
		{"after the wait exactly one passes", []step{{0, 0}, {0, 0}, {0, 0}, {time.Minute, 0}, {0, time.Minute}}},
		{"a steady pace is never refused", []step{{0, 0}, {time.Minute, 0}, {time.Minute, 0}, {time.Minute, 0}, {time.Minute, 0}}},
		{"a long rest gives no more than the burst", []step{{0, 0}, {24 * time.Hour, 0}, {0, 0}, {0, 0}, {0, time.Minute}}},
		{"a clock that went back waits longer, not for ever", []step{{0, 0}, {0, 0}, {0, 0}, {-time.Minute, 2 * time.Minute}}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			now, full := noon, time.Time{}
			for i, s := range tc.steps {
				now = now.Add(s.after)
				var wait time.Duration
				if full, wait = limit.Admit(full, now); wait != s.wait {
					t.Fatalf("step %d waits %v, want %v", i+1, wait, s.wait)
				}
			}
		})
	}
}

func TestNobodyPassesMoreThanTheBurstAndThePace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := Limit{Burst: rapid.IntRange(1, 20).Draw(t, "burst"), Every: time.Duration(rapid.IntRange(1, 100).Draw(t, "every")) * time.Second}
		pauses := rapid.SliceOfN(rapid.IntRange(0, 200_000), 1, 200).Draw(t, "pauses in ms")
		now, full := noon, time.Time{}
		var passed []time.Time
		for _, pause := range pauses {
			now = now.Add(time.Duration(pause) * time.Millisecond)
			next, wait := limit.Admit(full, now)
			if wait == 0 {
				passed = append(passed, now)
			} else if again, w := limit.Admit(next, now.Add(wait)); w != 0 || !again.After(next) {
				t.Fatal("whoever waits as long as told must pass")
			}
			full = next
		}
		for i := range passed { // in any stretch: burst, plus one per interval
			for j := i; j < len(passed); j++ {
				if most := limit.Burst + int(passed[j].Sub(passed[i])/limit.Every); j-i+1 > most {
					t.Fatalf("%d passed within %v, at most %d may", j-i+1, passed[j].Sub(passed[i]), most)
				}
			}
		}
	})
}

func TestOneFullBucketRefusesAndFillsNone(t *testing.T) {
	narrow, wide := bucket{"narrow", Limit{1, time.Minute}}, bucket{"wide", Limit{10, time.Minute}}
	full := map[string]time.Time{}
	both := []bucket{narrow, wide}
	next, wait := admitAll(both, full, noon)
	if wait != 0 {
		t.Fatal("the first attempt is refused")
	}
	if _, wait = admitAll(both, next, noon); wait != time.Minute {
		t.Errorf("the second waits %v, want a minute", wait)
	}
	if back := wide.limit.GiveBack(next["wide"]); !back.Equal(noon) {
		t.Error("an attempt given back must leave the bucket as it was")
	}
}

func TestNetworksAreCountedByNeighbourhood(t *testing.T) {
	same := [][2]string{
		{"203.0.113.7", "203.0.113.200"},
		{"203.0.113.7", "::ffff:203.0.113.9"},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"},
		{"fe80::1%eth0", "fe80::2%eth1"},
	}
	different := [][2]string{
		{"203.0.113.7", "203.0.114.7"}, {"2001:db8:1:2::1", "2001:db8:1:3::1"}, {"unix", "203.0.113.7"},
	}
	for _, pair := range same {
		if Neighbourhood(pair[0]) != Neighbourhood(pair[1]) {
			t.Errorf("%v are counted apart", pair)
		}
	}
	for _, pair := range different {
		if Neighbourhood(pair[0]) == Neighbourhood(pair[1]) {
			t.Errorf("%v are counted together", pair)
		}
	}
}

func TestBucketsDoNotTellWhoseTheyAre(t *testing.T) {
	keys := map[string]bool{
		accountBucket("marie@example.org", "", false).key:                      true,
		accountBucket("marie@example.org", "203.0.113.7", true).key:            true,
		accountBucket("marie@example.org", "198.51.100.7", true).key:           true,
		familiarKey("marie@example.org", "203.0.113.7"):                        true,
		perNetwork("SIGN_IN_NETWORK", "203.0.113.7", signInPerNetwork)[0].key:  true,
		perNetwork("REGISTER_NETWORK", "203.0.113.7", signInPerNetwork)[0].key: true,
	}
	if len(keys) != 6 {
		t.Errorf("two buckets share a key: %v", slices.Collect(maps.Keys(keys)))
	}
	for key := range keys {
		if strings.Contains(key, "marie") || strings.Contains(key, "203.0") {
			t.Errorf("%s names somebody", key)
		}
	}
	if perNetwork("SIGN_IN_NETWORK", "", signInPerNetwork) != nil {
		t.Error("an unknown network has a bucket")
	}
}

// Example of the retryAfter a person sees: the limits in figures.
func ExampleLimit_Admit() {
	var full time.Time
	for attempt := 1; ; attempt++ {
		var wait time.Duration
		if full, wait = signInPerAccount.Admit(full, noon); wait > 0 {
			fmt.Printf("attempt %d waits %v\n", attempt, wait)
			return
		}
	}
	// Output: attempt 11 waits 1m0s
}
