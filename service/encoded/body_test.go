package encoded_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/service/encoded"
)

func TestABodyIsCompressedWhereThatIsWorthIt(t *testing.T) {
	t.Parallel()
	require.Nil(t, encoded.New([]byte("{}")).Zipped)
	plain := []byte(strings.Repeat("[17,3,40],", 200))
	body := encoded.New(plain)
	reader, err := gzip.NewReader(bytes.NewReader(body.Zipped))
	require.NoError(t, err)
	content, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, plain, content)
	require.Less(t, len(body.Zipped), len(plain)/4)
}

func TestATagNamesTheContent(t *testing.T) {
	t.Parallel()
	a, again, other := encoded.New([]byte("a")), encoded.New([]byte("a")), encoded.New([]byte("b"))
	require.Equal(t, a.Tag, again.Tag)
	require.NotEqual(t, a.Tag, other.Tag)
	require.NotEqual(t, a.Tag, a.ZippedTag)
	require.Regexp(t, `^"[0-9a-f]{24}"$`, a.Tag[0])
}
