package thanos

import (
	"path/filepath"
	"time"
)

// Compactor merges the blocks in the bucket, thins old ones out and deletes those past their time. A bucket has one.
type Compactor struct {
	// Binary is the path of the thanos program.
	Binary string
	// Dir holds its configuration and the blocks that it works on.
	Dir string
	// Endpoint is where it listens; it has no StoreAPI.
	Endpoint Endpoint
	// Bucket holds the blocks.
	Bucket Bucket
	// Retention is how long samples are kept, at every resolution; for ever unless set.
	Retention time.Duration
}

// Command returns how to start the compactor, which then works until it is stopped.
func (c Compactor) Command() (Command, error) {
	command := c.Endpoint.command("compactor", c.Binary, "compact", "--wait", "--data-dir="+filepath.Join(c.Dir, "data"))
	if c.Retention > 0 {
		for _, resolution := range []string{"raw", "5m", "1h"} {
			command.Args = append(command.Args, "--retention.resolution-"+resolution+"="+duration(c.Retention))
		}
	}
	return c.Bucket.attach(command, filepath.Join(c.Dir, "bucket.yml"))
}
