package rehearsal

import (
	"fmt"
	"time"
)

// few is how many students a machine of two cores takes at the pace of the scenarios' own defaults.
const few = 10_000

// openIn is the time until T0 where none is given.
const openIn = 20 * time.Second

// more is how much longer things take with more than a few students, since one machine plays the students and the service:
// a second for each further thousand.
func (c Config) more() time.Duration {
	return time.Duration(max(c.Students-few, 0)) * time.Second / 1000
}

// patience returns the parameters of a scenario that grow with the crowd: that students arrive at the same pace, and that
// nobody goes home without an answer because there are so many.
func (c Config) patience() []string {
	more := c.more().Round(time.Second)
	if more <= 0 {
		return nil
	}
	return []string{
		fmt.Sprintf("ARRIVE=%s", 10*time.Second+more), fmt.Sprintf("REQUEST_TIMEOUT=%s", 10*time.Second+more), fmt.Sprintf("GIVE_UP=%s", time.Minute+more),
	}
}
