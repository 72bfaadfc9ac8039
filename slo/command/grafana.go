package command

import (
	"fmt"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/goormu/stampede/slo/verdict"
)

// dashboardMargin is how much of the time before and after the window a dashboard is opened at.
const dashboardMargin = 30 * time.Second

// dashboards reads --grafana, each a dashboard's URL or TITLE=URL.
func dashboards(all []string) ([]verdict.Link, error) {
	var links []verdict.Link
	for _, text := range all {
		title, address, named := strings.Cut(text, "=")
		if !named || strings.Contains(title, "/") { // a query has an = too
			title, address = "", text
		}
		u, err := url.Parse(address)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
			return nil, usagef("--grafana wants a dashboard's URL, such as http://127.0.0.1:3000/d/open-time, or TITLE=URL, not %q", text)
		}
		if title == "" {
			title = path.Base(u.Path)
		}
		if title == "/" || title == "." {
			title = u.Host
		}
		links = append(links, verdict.Link{Title: title, URL: address})
	}
	return links, nil
}

// at opens a dashboard at a window's time, and at the run where there is one.
func at(link verdict.Link, v *verdict.Verdict) verdict.Link {
	u, err := url.Parse(link.URL)
	if err != nil || v.Window.Start.IsZero() {
		return link
	}
	q := u.Query()
	milliseconds := func(t time.Time) string { return strconv.FormatInt(t.UnixMilli(), 10) }
	q.Set("from", milliseconds(v.Window.Start.Add(-dashboardMargin)))
	q.Set("to", milliseconds(v.Window.End.Add(dashboardMargin)))
	if v.Run != nil {
		q.Set("var-run", v.Run.ID)
	}
	u.RawQuery = q.Encode()
	link.URL = fmt.Sprint(u)
	return link
}
