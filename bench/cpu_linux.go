// SPDX-License-Identifier: AGPL-3.0-or-later

package bench

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// cpuMeter reads processor times from /proc. Its postmaster is 0 when PostgreSQL
// runs on another machine, or where its processes cannot be seen. Another program that
// is measured beside this one counts as this one does; 0 for none.
type cpuMeter struct{ postmaster, beside int }

// reading is all processor time that was taken until a moment; nil when nobody knows.
type reading struct {
	program, machine time.Duration
	postgres         map[int]time.Duration // by process, since some end meanwhile
}

func openMeter(ctx context.Context, db *pgxpool.Pool) (cpuMeter, error) {
	var backend int
	if err := db.QueryRow(ctx, `SELECT pg_backend_pid()`).Scan(&backend); err != nil {
		return cpuMeter{}, err
	}
	name, parent := process(backend)
	if name != "postgres" {
		return cpuMeter{}, nil
	}
	return cpuMeter{postmaster: parent}, nil
}

// process reads a process's name and its parent; the name is in parentheses and
// may hold anything.
func process(pid int) (name string, parent int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if err != nil || open < 0 || end < open {
		return "", 0
	}
	if rest := strings.Fields(string(stat[end+1:])); len(rest) > 1 {
		parent, _ = strconv.Atoi(rest[1])
	}
	return string(stat[open+1 : end]), parent
}

func (m cpuMeter) read() *reading {
	if m.postmaster == 0 {
		return nil
	}
	r := reading{postgres: map[int]time.Duration{}}
	var own syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &own) != nil {
		return nil
	}
	r.program = time.Duration(own.Utime.Nano()+own.Stime.Nano()) + m.ofBeside()
	pids, _ := filepath.Glob("/proc/[0-9]*") // the pattern is constant and valid
	for _, path := range pids {
		pid, _ := strconv.Atoi(filepath.Base(path))
		if _, parent := process(pid); parent == m.postmaster {
			r.postgres[pid] = onCPU(pid)
		}
	}
	r.machine = busy()
	return &r
}

// ofBeside is how long all threads of the program beside this one have run.
func (m cpuMeter) ofBeside() (ran time.Duration) {
	if m.beside == 0 {
		return 0
	}
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", m.beside)) // the pattern is valid
	for _, path := range threads {
		thread, _ := strconv.Atoi(filepath.Base(path))
		ran += onCPU(thread)
	}
	return ran
}

// onCPU is how long a thread has run, or a process that has one.
func onCPU(pid int) time.Duration {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", pid))
	fields := strings.Fields(string(stat))
	if err != nil || len(fields) == 0 {
		return 0
	}
	nanos, _ := strconv.ParseInt(fields[0], 10, 64)
	return time.Duration(nanos)
}

// busy is how long all processors together have worked, or were kept by the host.
func busy() time.Duration {
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(stat), "\n")
	var ticks int64
	for i, field := range strings.Fields(line) {
		// user nice system idle iowait irq softirq steal; guests are in user already
		if n, err := strconv.ParseInt(field, 10, 64); err == nil && i != 4 && i != 5 && i <= 8 {
			ticks += n
		}
	}
	return time.Duration(ticks) * 10 * time.Millisecond // USER_HZ is 100 wherever Go runs
}

// since is what was used between two readings.
func (r *reading) since(before *reading, elapsed time.Duration) *usage {
	if r == nil || before == nil {
		return nil
	}
	u := &usage{program: r.program - before.program}
	for pid, ran := range r.postgres {
		u.postgres += max(0, ran-before.postgres[pid])
	}
	others := r.machine - before.machine - u.program - u.postgres
	u.others = max(0, others.Seconds()/elapsed.Seconds()/float64(runtime.NumCPU()))
	return u
}

// ownTime is the processor time that this program took so far.
func ownTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
