// SPDX-License-Identifier: AGPL-3.0-or-later

//go:build unix && !linux

package embedded

import (
	"os"
	"syscall"
)

// endsWithProgram says whether the kernel ends our children with us.
const endsWithProgram = false

func throwawayRoot() string { return os.TempDir() }

func endWithProgram(*syscall.SysProcAttr) {}
