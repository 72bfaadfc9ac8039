package thanos

import (
	"path/filepath"
	"time"
)

// Store is a store gateway: it answers for the blocks in the bucket.
type Store struct {
	// Binary is the path of the thanos program.
	Binary string
	// Dir holds its configuration and the headers of the blocks' indexes, which it can make again.
	Dir string
	// Endpoint is where it listens.
	Endpoint Endpoint
	// Bucket holds the blocks.
	Bucket Bucket
	// Sync is the time between two looks into the bucket for new blocks; Thanos' own three minutes unless set.
	Sync time.Duration
}

// Command returns how to start the store gateway.
func (s Store) Command() (Command, error) {
	command := s.Endpoint.command("store", s.Binary, "store", "--data-dir="+filepath.Join(s.Dir, "data"))
	if s.Sync > 0 {
		command.Args = append(command.Args, "--sync-block-duration="+duration(s.Sync))
	}
	return s.Bucket.attach(command, filepath.Join(s.Dir, "bucket.yml"))
}
