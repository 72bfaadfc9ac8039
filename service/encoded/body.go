package encoded

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// minZip is the length in bytes from which compressing an answer is worth the work.
const minZip = 512

// Body is the body of an answer. Its slices must not be changed.
type Body struct {
	Plain  []byte
	Zipped []byte // gzip; nil where it is not worth it
	// Tag and ZippedTag are strong entity tags, quoted; one element each, ready to be a header.
	Tag, ZippedTag []string
}

// New returns the body whose plain form is given.
func New(plain []byte) *Body {
	sum := sha256.Sum256(plain)
	digest := hex.EncodeToString(sum[:12])
	b := &Body{Plain: plain, Tag: []string{`"` + digest + `"`}, ZippedTag: []string{`"` + digest + `-gzip"`}}
	if len(plain) >= minZip {
		b.Zipped = zip(plain)
	}
	return b
}

var zippers = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

func zip(plain []byte) []byte {
	zipper := zippers.Get().(*gzip.Writer)
	defer zippers.Put(zipper)
	var out bytes.Buffer
	out.Grow(len(plain) / 5)
	zipper.Reset(&out)
	// Writing to a buffer cannot go wrong.
	_, _ = zipper.Write(plain)
	_ = zipper.Close()
	return out.Bytes()
}
