package command

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/term"

	"github.com/goormu/stampede/slo/reason"
	"github.com/goormu/stampede/slo/report"
	"github.com/goormu/stampede/slo/verdict"
)

var formats = []string{"text", "json", "markdown", "junit", "html"}

// publish writes the reports and prints one, and returns the verdict's exit code as an error.
func (j *job) publish(v *verdict.Verdict, f flags, stdout, stderr io.Writer, log *slog.Logger) error {
	if j.folder != "" {
		for file, format := range map[string]string{"verdict.json": "json", "junit.xml": "junit", "summary.md": "markdown", "report.html": "html"} {
			if err := j.save(filepath.Join(j.folder, file), format, v); err != nil {
				v.Add(reason.InternalError, err.Error())
				v.Decide()
			}
		}
	}
	if err := j.write(stdout, f.format, v, colorful(stdout)); err != nil {
		log.Warn("printing the verdict", "error", err)
	}
	for _, r := range v.Reasons {
		switch r.Code {
		case reason.SourceBroken, reason.RecordBroken, reason.InternalError:
			_, _ = fmt.Fprintln(stderr, "slo: "+strings.ReplaceAll(r.Text, "\n", " "))
		case reason.PassedAnyway:
			_, _ = fmt.Fprintln(stderr, "slo: WARNING: "+r.Text)
		}
	}
	warnUnjudged(v, f, stderr)
	if v.ExitCode == 0 {
		return nil
	}
	return exitError(v.ExitCode)
}

// warnUnjudged says on standard error what --fail-on-regression could not look at.
func warnUnjudged(v *verdict.Verdict, f flags, stderr io.Writer) {
	if v.Baseline == nil || !f.failOnRegression {
		return
	}
	for _, c := range v.Baseline.Changes {
		if c.Judgement == verdict.NotJudged {
			_, _ = fmt.Fprintf(stderr, "slo: WARNING: regression of %s NOT JUDGED: %d of the %d comparable runs that it takes\n", c.Objective, c.Runs, v.Baseline.MinimumRuns)
		}
	}
}

func (j *job) write(w io.Writer, format string, v *verdict.Verdict, color bool) error {
	switch format {
	case "json":
		return report.JSON(w, v)
	case "markdown":
		return report.Markdown(w, v)
	case "junit":
		return report.JUnit(w, v)
	case "html":
		return report.HTML(w, v, j.run)
	}
	return report.Text(w, v, color)
}

// save writes a report so that it is there whole or not at all.
func (j *job) save(path, format string, v *verdict.Verdict) error {
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	err = j.write(file, format, v, false)
	if err == nil {
		err = file.Chmod(0o644)
	}
	if closing := file.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// colorful reports whether w is a terminal that wants colours.
func colorful(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(file.Fd()))
}

// digest takes the digests of the spec, of the builds given, and of slo itself.
func (j *job) digest(builds []string) error {
	j.digests = verdict.Digests{Spec: []verdict.Digest{}, Builds: []verdict.Digest{}}
	for _, file := range j.spec.Files {
		j.digests.Spec = append(j.digests.Spec, verdict.Digest{Path: file.Path, SHA256: file.SHA256})
	}
	self, err := os.Executable()
	if err == nil {
		builds = append([]string{self}, builds...)
	}
	for i, path := range builds {
		sum, err := fileDigest(path)
		if err != nil {
			if i == 0 && path == self {
				continue // a binary replaced while it runs has no digest to give
			}
			return usagef("--build: %w", err)
		}
		j.digests.Builds = append(j.digests.Builds, verdict.Digest{Path: filepath.Base(path), SHA256: sum})
	}
	return nil
}

func fileDigest(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("reading %s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
