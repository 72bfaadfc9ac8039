package mariadb

import "syscall"

// endWithParent asks the kernel to kill the server when the process that started it ends, however it ends.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
