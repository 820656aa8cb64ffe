# SPDX-License-Identifier: AGPL-3.0-or-later

LINT_VERSION := $(shell cat .golangci-version)

.PHONY: bench build generate lint test

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
	go test ./...

# Speed is told as a ratio to a baseline of the same run: docs/performance.md.
bench:
	go run ./cmd/hora bench ledger
