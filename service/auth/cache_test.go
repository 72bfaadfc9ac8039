package auth

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// The cache is not seen from outside but in its cost, so its bound is tested from within.
func TestTheCacheForgetsWhatIsNotUsedAndStaysBounded(t *testing.T) {
	t.Parallel()
	c := newCache[verified](10)
	v := verified{principal: Principal{Role: Student, StudentID: 1}, expiresAt: time.Unix(1, 0)}
	c.put("used", v)
	for i := range 1000 {
		c.put(strconv.Itoa(i), v)
		got, known := c.get("used")
		require.True(t, known, "what is used is kept")
		require.Equal(t, v, got)
		require.LessOrEqual(t, len(c.young)+len(c.old), 20)
	}
	_, known := c.get("0")
	require.False(t, known)
}
