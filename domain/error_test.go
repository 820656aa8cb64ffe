// SPDX-License-Identifier: AGPL-3.0-or-later

package domain

import (
	"errors"
	"fmt"
	"testing"
)

func TestACodeIsFoundHoweverDeepItLies(t *testing.T) {
	stale := NewError(StaleVersion, "version", "current", 3)
	for name, err := range map[string]error{
		"itself":         stale,
		"wrapped":        fmt.Errorf("save the member: %w", stale),
		"joined":         errors.Join(errors.New("close"), stale),
		"as a cause":     NewError(Internal, "").Because(stale),
		"wrapped, twice": fmt.Errorf("a: %w", fmt.Errorf("b: %w", StaleVersion)),
	} {
		if !errors.Is(err, StaleVersion) {
			t.Errorf("%s: STALE_VERSION is not found in %v", name, err)
		}
		if errors.Is(err, NotFound) {
			t.Errorf("%s: NOT_FOUND is found in %v", name, err)
		}
	}
}

func TestTheCauseIsForTheLogOnly(t *testing.T) {
	cause := errors.New("connection reset")
	err := NewError(OutOfRange, "radiusKm", "max", 500).Because(cause)
	if !errors.Is(err, cause) {
		t.Error("the cause is lost")
	}
	if got, want := err.Error(), "OUT_OF_RANGE radiusKm map[max:500]: connection reset"; got != want {
		t.Errorf("logged as %q, want %q", got, want)
	}
	problems, ok := Problems(err)
	if !ok || len(problems) != 1 || problems[0] != err {
		t.Errorf("told as %v", problems)
	}
}

func TestAllThatACheckFoundIsToldInOrder(t *testing.T) {
	var c Check
	c.Text("title", "", 1, 10)
	c.That(true, ValueUnknown, "kind")
	c.That(false, ValueUnknown, "level", "known", "INDIVIDUAL")
	c.Minutes("minutes", 0)
	// As a transaction hands it on: joined with what closing it said, which is nothing.
	handedOn := errors.Join(c.Err(), nil)
	problems, ok := Problems(handedOn)
	if !ok {
		t.Fatalf("%v is not the domain's", handedOn)
	}
	var told []string
	for _, p := range problems {
		told = append(told, p.Field+" "+string(p.Code))
	}
	if got, want := fmt.Sprint(told), "[title REQUIRED level VALUE_UNKNOWN minutes MINUTES_OUT_OF_RANGE]"; got != want {
		t.Errorf("told %s, want %s", got, want)
	}
	if problems[1].Args["known"] != "INDIVIDUAL" {
		t.Errorf("the figures are lost: %v", problems[1].Args)
	}
}

func TestABareCodeIsAProblemToo(t *testing.T) {
	problems, ok := Problems(fmt.Errorf("read it: %w", NotFound))
	if !ok || len(problems) != 1 || problems[0].Code != NotFound {
		t.Errorf("told as %v, %v", problems, ok)
	}
}

func TestWhatIsNotTheDomainsIsOurOwnFault(t *testing.T) {
	ours := errors.New("a bug")
	for name, err := range map[string]error{
		"nothing at all":        nil,
		"a plain error":         ours,
		"one plain among three": errors.Join(NewError(Required, "title"), ours, NotFound),
		"plain, joined deeper":  errors.Join(NotFound, errors.Join(NewError(Required, "title"), ours)),
	} {
		if problems, ok := Problems(err); ok || problems != nil {
			t.Errorf("%s is told as %v", name, problems)
		}
	}
}

func TestAnErrorWithoutFindingsIsNone(t *testing.T) {
	var c Check
	c.That(true, Required, "title")
	if err := c.Err(); err != nil {
		t.Errorf("found %v", err)
	}
}
