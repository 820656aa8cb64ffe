// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build !linux

package bench

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// cpuMeter knows nothing here: only Linux tells what other processes use.
type (
	cpuMeter struct{ beside int }
	reading  struct{}
)

func openMeter(context.Context, *pgxpool.Pool) (cpuMeter, error) { return cpuMeter{}, nil }

func (cpuMeter) read() *reading { return nil }

func (*reading) since(*reading, time.Duration) *usage { return nil }

// ownTime is not known here.
func ownTime() time.Duration { return 0 }
