package preview_test

import (
	"bytes"
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/goormu/stampede/dashboards"
	"github.com/goormu/stampede/dashboards/preview"
	"github.com/goormu/stampede/dashboards/query"
)

func TestAPageHoldsAllThatItNeeds(t *testing.T) {
	t.Parallel()
	d, _ := dashboards.ByName("open-time")
	built := d.Build(dashboards.Korean)
	end := time.Date(2026, 3, 2, 1, 1, 0, 0, time.UTC)
	page := &query.Page{
		Scope: query.Scope{From: end.Add(-time.Minute), To: end, Values: map[string][]string{"run": {"<b>run</b>"}}},
		Results: []query.Result{
			{Panel: 2, RefID: "A", Series: []query.Series{{Labels: map[string]string{"evil": "</script><script>alert(1)"}, Times: []int64{end.UnixMilli()}, Values: []float64{1}}}},
			{Panel: 3, RefID: "A", Err: errors.New("bad_data: it was refused")},
		},
		Marks: map[string][]int64{"T0": {end.UnixMilli()}},
	}
	var b bytes.Buffer
	require.NoError(t, preview.Write(&b, built, page, "ko", end))
	text := b.String()
	require.Contains(t, text, `<html lang="ko">`)
	require.Contains(t, text, built.Title)
	require.Contains(t, text, "2026-03-02 01:00:00 – 01:01:00 UTC")
	require.Contains(t, text, "bad_data: it was refused")
	require.Contains(t, text, "&lt;b&gt;run&lt;/b&gt;")
	require.NotContains(t, text, "</script><script>alert")
	require.Equal(t, 2, strings.Count(text, "</script>"))
	require.Empty(t, regexp.MustCompile(`(?:src|href)="[^"]+"|@import|url\(`).FindAllString(text, -1), "it loads something from elsewhere")
}
