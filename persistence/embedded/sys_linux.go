// SPDX-License-Identifier: AGPL-3.0-or-later

package embedded

import (
	"os"
	"syscall"
)

// endsWithProgram says whether the kernel ends our children with us.
const endsWithProgram = true

// endWithProgram has the kernel send SIGINT, PostgreSQL's fast shutdown, when the
// program dies.
func endWithProgram(attr *syscall.SysProcAttr) { attr.Pdeathsig = syscall.SIGINT }

// throwawayRoot prefers memory to a disk, where each of a database's hundreds of
// files costs, unless there is little of it or TMPDIR says otherwise.
func throwawayRoot() string {
	const memory, tmpfs, enough = "/dev/shm", 0x01021994, 1 << 30
	var stat syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(memory, &stat) == nil &&
		stat.Type == tmpfs && stat.Bavail*uint64(stat.Bsize) >= enough {
		return memory
	}
	return os.TempDir()
}
