# SPDX-License-Identifier: AGPL-3.0-or-later

LINT_VERSION := $(shell cat .golangci-version)

.PHONY: bench build generate lint prove prove-cycles prove-edge prove-kills prove-model prove-races prove-verify test

# One static binary, the web pages inside.
build:
	CGO_ENABLED=0 go build -trimpath -o hora ./cmd/hora

# Generated code is committed; CI fails when this changes it.
generate:
	go generate ./...

# Linters disagree from version to version, so the version is part of the rule.
lint:
	@test "v$$(golangci-lint version --short)" = "$(LINT_VERSION)" || { \
		echo "golangci-lint $(LINT_VERSION) is needed:"; \
		echo "  go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)"; \
		exit 1; }
	golangci-lint run

test:
	go test -timeout 30m ./...

# Speed is told as a ratio to a baseline of the same run: docs/performance.md.
bench:
	go run ./cmd/hora bench ledger

# The long proofs of the ledger and of the edge, an hour and a half on two cores; `make test`
# has short ones of the same kind. Each says its seed and what it counted.
prove: prove-model prove-races prove-kills prove-cycles prove-edge prove-verify

# A million random operations against a model, in twelve databases. With SEED=1 they are
# the same ones each time.
SEED ?= $(shell od -An -N3 -tu4 /dev/urandom)
prove-model:
	for part in $$(seq 0 11); do \
	  HORA_PROVE=30 go test ./persistence -run TestTheLedgerAgreesWithAPencil -count 1 -timeout 2h -v \
	    -args -rapid.seed=$$(($(SEED) + part * 30)) || exit 1; \
	done

# Eight sessions at once for ten minutes: in one community and in eight, and across two.
prove-races:
	HORA_PROVE_FOR=10m go test ./persistence -run TestEightAtOnceNeitherDeadlockNorCrossAFloor -count 1 -timeout 1h -v
	HORA_PROVE=20 go test ./persistence -run TestCrossingsBothWaysAtOnce -count 1 -timeout 1h -v

# The program and its database are killed in turn, fifty times.
prove-kills:
	HORA_PROVE=25 go test ./cmd/hora -run TestWhatClientsSawAmidKillsIsOneHistory -count 1 -timeout 2h -v
	HORA_PROVE=3 go test ./persistence -run TestAServerKilledBetweenTheHalves -count 1 -timeout 1h -v

# A year of monthly cycles for fifty towns, two workers, 200 kills.
# HORA_SEED=1 goes through the same days and the same kills each time.
prove-cycles:
	HORA_PROVE=200 go test ./cmd/hora -run TestAYearOfCyclesAmidKills -count 1 -timeout 2h -v

# A hundred thousand transactions while phones ask all the time what changed, and two
# thousand who listen to one server.
prove-edge:
	HORA_CROWD=2000 go test ./cmd/hora -run TestACrowdThatListens -count 1 -v
	HORA_PROVE=60 go test ./persistence -run TestPhonesMissNothingAndSeeNothingHidden -count 1 -timeout 2h -v

# hora verify reads ten million entries in the memory that a few need; it takes a
# quarter of an hour, and 12 GB among the temporary files.
prove-verify:
	HORA_VERIFY_ENTRIES=10000000 go test ./persistence -run TestVerifyNeedsNoMoreMemoryForMoreEntries -count 1 -timeout 2h -v
