package stack

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/goormu/stampede/deploy/local"
)

// Status is what the table shows of a part.
type Status struct {
	Name, URL string
	// Running is false once the process has ended.
	Running bool
	// Memory is the proportional set size in bytes: shared pages are divided among those that share them, so that a sum
	// counts none twice. It is 0 where the system does not tell.
	Memory int64
}

// Status describes every part, in the order of their start.
func (s *Stack) Status() []Status {
	var all []Status
	for _, process := range s.Processes() {
		status := Status{Name: process.Name, URL: s.URL(process.Name), Running: running(process)}
		if status.Running {
			status.Memory = proportionalSetSize(process.PID())
		}
		all = append(all, status)
	}
	return all
}

func running(process *local.Process) bool {
	select {
	case <-process.Done():
		return false
	default:
		return true
	}
}

// PrintTable prints the status of every part and the sum of their memory.
func (s *Stack) PrintTable() {
	table := tabwriter.NewWriter(s.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "part\tURL\tstate\tMiB")
	var sum int64
	for _, status := range s.Status() {
		state := "running"
		if !status.Running {
			state = "ended"
		}
		sum += status.Memory
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", status.Name, status.URL, state, mebibytes(status.Memory))
	}
	_, _ = fmt.Fprintf(table, "all\tup in %.1f s\t\t%s\n", s.took.Seconds(), mebibytes(sum))
	_ = table.Flush()
}

// mebibytes writes a size in MiB; what is unknown is a dash.
func mebibytes(size int64) string {
	if size == 0 {
		return "–"
	}
	return strconv.FormatInt((size+1<<19)>>20, 10)
}

// proportionalSetSize reads a process's memory from Linux.
func proportionalSetSize(pid int) int64 {
	file, err := os.Open(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, found := strings.CutPrefix(lines.Text(), "Pss:"); found {
			kibibytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64)
			if err != nil {
				return 0
			}
			return kibibytes << 10
		}
	}
	return 0
}
