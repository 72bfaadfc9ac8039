//go:build !linux

package mariadb

import "syscall"

// endWithParent has no counterpart here: a server outlives a process that is killed.
func endWithParent() *syscall.SysProcAttr { return nil }
