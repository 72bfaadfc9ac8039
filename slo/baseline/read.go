package baseline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/goormu/stampede/slo/verdict"
)

// maxFile is the size in bytes beyond which a file is no verdict.
const maxFile = 64 << 20

// Earlier is a verdict of an earlier run and the file that it stands in.
type Earlier struct {
	Path, SHA256 string
	Verdict      *verdict.Verdict
}

// Read reads a verdict.json, or the one in a run's folder. Its error says what is wrong with the file: an earlier run that
// is not there or cannot be understood must not look like one that nothing is worse than.
func Read(path string) (Earlier, error) {
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		path = filepath.Join(path, "verdict.json")
		info, err = os.Stat(path)
	}
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	if err != nil {
		return Earlier{}, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Earlier{}, err
	}
	v, err := Parse(data)
	if err != nil {
		return Earlier{}, fmt.Errorf("%s: %w", path, err)
	}
	sum := sha256.Sum256(data)
	return Earlier{Path: path, SHA256: hex.EncodeToString(sum[:]), Verdict: v}, nil
}

// Parse reads the text of a verdict.json.
func Parse(data []byte) (*verdict.Verdict, error) {
	var v verdict.Verdict
	if err := json.Unmarshal(data, &v); err != nil {
		return nil, fmt.Errorf("no verdict.json: %w", err)
	}
	switch {
	case v.Version != 1:
		return nil, fmt.Errorf("no verdict.json of version 1 (version %d)", v.Version)
	case v.State == "" || v.EvaluatedAt.IsZero():
		return nil, errors.New("no verdict.json: state or evaluated_at is missing")
	}
	names := map[string]bool{}
	for _, o := range v.Objectives {
		if o.Name == "" || names[o.Name] {
			return nil, fmt.Errorf("no verdict.json: objective %q has no name, or is there twice", o.Name)
		}
		names[o.Name] = true
		if o.Value != nil && (*o.Value < 0 || math.IsInf(*o.Value, 0)) {
			return nil, fmt.Errorf("no verdict.json: objective %q measured %g", o.Name, *o.Value)
		}
	}
	return &v, nil
}
