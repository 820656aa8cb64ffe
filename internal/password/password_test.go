// SPDX-License-Identifier: AGPL-3.0-or-later

package password

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/argon2"
)

// cheap keeps the tests fast; only TestTheRecommendedCost pays the real price.
var cheap = Cost{MemoryKiB: 8, Passes: 1, Threads: 1}

// counted is a hasher that counts how often the costly work ran.
func counted(cost Cost, parallel int) (*Hasher, *atomic.Int64) {
	h := New(cost, parallel)
	var ran atomic.Int64
	h.derive = func(password, salt []byte, passes, memory uint32, threads uint8, size uint32) []byte {
		ran.Add(1)
		return argon2.IDKey(password, salt, passes, memory, threads, size)
	}
	return h, &ran
}

func TestAPasswordProvesItself(t *testing.T) {
	ctx := t.Context()
	h := New(cheap, 1)
	hash, err := h.Hash(ctx, "trois petits chats")
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := h.Hash(ctx, "trois petits chats"); again == hash {
		t.Error("two people with one password must not show it")
	}
	if strings.Contains(hash, "chats") || !strings.HasPrefix(hash, "$argon2id$v=19$m=8,t=1,p=1$") {
		t.Errorf("kept as %s", hash)
	}
	for password, want := range map[string]bool{"trois petits chats": true, "trois petits chats ": false, "Trois petits chats": false, "": false} {
		right, stale, err := h.Verify(ctx, hash, password)
		if err != nil || right != want || stale {
			t.Errorf("%q: right %v, stale %v, %v", password, right, stale, err)
		}
	}
}

func TestOneAccentTypedOnTwoKeyboardsIsOnePassword(t *testing.T) {
	h := New(cheap, 1)
	hash, err := h.Hash(t.Context(), "caf\u00e9 du matin")
	if err != nil {
		t.Fatal(err)
	}
	if right, _, err := h.Verify(t.Context(), hash, "cafe\u0301 du matin"); err != nil || !right {
		t.Errorf("right %v, %v", right, err)
	}
}

func TestAHashThatGrewCheapIsStale(t *testing.T) {
	ctx := t.Context()
	hash, err := New(cheap, 1).Hash(ctx, "trois petits chats")
	if err != nil {
		t.Fatal(err)
	}
	for _, today := range []Cost{{16, 1, 1}, {8, 2, 1}, {16, 1, 2}} {
		if right, stale, err := New(today, 1).Verify(ctx, hash, "trois petits chats"); err != nil || !right || !stale {
			t.Errorf("%+v: right %v, stale %v, %v", today, right, stale, err)
		}
		if right, stale, _ := New(today, 1).Verify(ctx, hash, "wrong"); right || stale {
			t.Error("a wrong password must not renew the hash")
		}
	}
}

func TestNoAccountCostsAsMuchAsAWrongPassword(t *testing.T) {
	ctx := t.Context()
	h, ran := counted(cheap, 1)
	hash, err := h.Hash(ctx, "trois petits chats")
	if err != nil {
		t.Fatal(err)
	}
	ran.Store(0)
	for _, kept := range []string{hash, ""} {
		right, _, err := h.Verify(ctx, kept, "deux petits chats")
		if err != nil || right {
			t.Errorf("%q: right %v, %v", kept, right, err)
		}
		if n := ran.Swap(0); n != 1 {
			t.Errorf("%q took the work %d times, want once", kept, n)
		}
	}
	if h.dummy.cost != h.cost {
		t.Error("the work for nobody must cost what everybody's does")
	}
}

func TestTheRecommendedCost(t *testing.T) {
	h := New(Recommended, 1)
	hash, err := h.Hash(t.Context(), "trois petits chats")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("kept as %s", hash)
	}
}

func TestAHashMadeByAnotherProgramIsRead(t *testing.T) {
	// From the reference implementation's own tests: argon2id, v=19, t=2, m=2^16, p=1.
	const foreign = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	right, _, err := New(cheap, 1).Verify(t.Context(), foreign, "password")
	if err != nil || !right {
		t.Errorf("right %v, %v", right, err)
	}
}

func TestWhatIsNoHashIsRefused(t *testing.T) {
	h := New(cheap, 1)
	good, err := h.Hash(t.Context(), "trois petits chats")
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{
		"x", "$", "$$$$$", "trois petits chats", good + "$", good[1:], good[:len(good)-1],
		strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=8", "m=99999999", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "p=1", "p=0", 1),
		strings.Replace(good, "m=8", "m=08", 1), strings.Replace(good, "m=8", "m=-8", 1), strings.Replace(good, "p=1", "p=1,x=1", 1),
	} {
		right, _, err := h.Verify(t.Context(), kept, "trois petits chats")
		if err == nil || right {
			t.Errorf("%q is read", kept)
		} else if strings.Contains(err.Error(), kept) && len(kept) > 1 {
			t.Error("the error repeats what was kept")
		}
	}
}

func TestOnlyAFewPasswordsAreWorkedOnAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const parallel = 2
		h := New(cheap, parallel)
		finish := make(chan struct{})
		var busy atomic.Int64
		h.derive = func(_, _ []byte, _, _ uint32, _ uint8, size uint32) []byte {
			busy.Add(1)
			<-finish
			busy.Add(-1)
			return make([]byte, size)
		}
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() {
				if _, err := h.Hash(t.Context(), "trois petits chats"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if n := busy.Load(); n != parallel {
			t.Errorf("%d at work, want %d", n, parallel)
		}
		impatient, leave := context.WithCancel(t.Context())
		leave()
		if _, _, err := h.Verify(impatient, "", "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("whoever left is still waited for: %v", err)
		}
		close(finish)
		all.Wait()
	})
}
