package openslo

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// maxFile is the size in bytes beyond which a file is no spec.
const maxFile = 4 << 20

// Load reads the spec files given, and every .yaml and .yml file of the folders given and below them, but for .rules.yaml
// and .rules.yml, where the rules made from a spec stand. Its error is Faults where the files could be read and are wrong.
func Load(paths []string, vars Variables) (*Spec, error) {
	files, err := find(paths)
	if err != nil {
		return nil, err
	}
	l := loader{vars: vars, byKey: map[string]*document{}}
	for _, path := range files {
		data, err := read(path)
		if err != nil {
			return nil, err
		}
		l.file(path, data)
	}
	return l.finish(strings.Join(paths, ", "))
}

// Parse reads one file's text; name stands for it in faults.
func Parse(name string, data []byte, vars Variables) (*Spec, error) {
	l := loader{vars: vars, byKey: map[string]*document{}}
	l.file(name, data)
	return l.finish(name)
}

func find(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("reading the spec: %w", err)
		}
		if !info.IsDir() {
			files = append(files, path)
			continue
		}
		before := len(files)
		err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
			ext := filepath.Ext(p)
			if err == nil && !d.IsDir() && (ext == ".yaml" || ext == ".yml") && !strings.HasSuffix(p, ".rules"+ext) {
				files = append(files, p)
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("reading the spec: %w", err)
		}
		if len(files) == before {
			return nil, fmt.Errorf("reading the spec: no .yaml or .yml file in %s", path)
		}
	}
	var unique []string
	for _, f := range files {
		if !slices.Contains(unique, f) {
			unique = append(unique, f)
		}
	}
	return unique, nil
}

func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err == nil && info.Size() > maxFile {
		err = fmt.Errorf("%s is larger than %d MiB", path, maxFile>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the spec: %w", err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the spec: %w", err)
	}
	return data, nil
}

// loader gathers the documents of all files, for references cross them.
type loader struct {
	vars      Variables
	faults    Faults
	documents []*document
	byKey     map[string]*document
	files     []File
}

func (l *loader) file(path string, data []byte) {
	sum := sha256.Sum256(data)
	l.files = append(l.files, File{Path: path, SHA256: hex.EncodeToString(sum[:])})
	for _, c := range chunks(bytes.TrimPrefix(data, []byte("\ufeff"))) { // editors of Windows begin so
		l.chunk(path, c)
	}
}

// chunk is the text of one YAML document, and how many lines stand before it.
type chunk struct {
	before int
	text   []byte
}

// chunks cuts a file at its document markers, which YAML allows at the start of a line only. The parser could do it, but
// drops whatever follows an empty document, and an objective that is dropped is one that passes.
func chunks(data []byte) []chunk {
	var out []chunk
	current := chunk{}
	number := 0
	for line := range bytes.Lines(data) {
		marker := len(line) >= 3 && (string(line[:3]) == "---" || string(line[:3]) == "...") && (len(line) == 3 || strings.IndexByte(" \t\r\n", line[3]) >= 0)
		if marker {
			out = append(out, current)
			current = chunk{before: number}
			line = append([]byte("   "), line[3:]...)
		}
		if line[0] == '%' && len(bytes.TrimSpace(current.text)) == 0 {
			line = []byte("\n") // a directive: nothing depends on one here
		}
		current.text = append(current.text, line...)
		number++
	}
	return append(out, current)
}

func (l *loader) chunk(path string, c chunk) {
	file, err := parse(c.text)
	if err != nil {
		f := Fault{Position: Position{File: path, Line: c.before + 1, Column: 1}, Message: "YAML: " + err.Error()}
		var located yaml.Error
		if errors.As(err, &located) {
			f.Message = "YAML: " + strings.TrimSpace(located.GetMessage())
			if t := located.GetToken(); t != nil && t.Position != nil {
				f.Line, f.Column = c.before+t.Position.Line, t.Position.Column
			}
		}
		l.faults = append(l.faults, f)
		return
	}
	for _, doc := range file.Docs {
		if doc.Body == nil || doc.Body.Type() == ast.NullType || doc.Body.Type() == ast.CommentType || doc.Body.Type() == ast.DirectiveType {
			continue
		}
		r := &reader{file: path, before: c.before, faults: &l.faults, anchors: map[string]ast.Node{}, aliases: map[*ast.AliasNode]ast.Node{}}
		ast.Walk(r, doc.Body)
		l.document(r, doc.Body)
	}
}

func (l *loader) document(r *reader, body ast.Node) {
	d := r.document(body)
	if d == nil {
		return
	}
	l.documents = append(l.documents, d)
	if d.name == "" {
		return
	}
	if earlier, twice := l.byKey[d.key()]; twice {
		r.faultAt(d.Position, "%s is already defined at %s", d.key(), earlier.Position)
		return
	}
	l.byKey[d.key()] = d
}

// parse guards against a panic in the YAML parser, which reads whatever a user has.
func parse(data []byte) (file *ast.File, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("cannot be read: %v", p)
		}
	}()
	return parser.ParseBytes(data, 0)
}

func (l *loader) finish(what string) (*Spec, error) {
	spec := &Spec{Files: l.files, Documents: len(l.documents)}
	r := &reader{faults: &l.faults}
	for _, d := range l.documents {
		for _, ref := range d.refs {
			if _, ok := l.byKey[(&document{kind: ref.kind, name: ref.name}).key()]; !ok {
				r.faultAt(ref.Position, "no %s named %q", ref.kind, ref.name)
			}
		}
		if d.slo != nil {
			spec.Objectives = append(spec.Objectives, l.objectives(r, d)...)
		}
		if d.kind == "SLI" && d.indicator != nil {
			l.resolve(r, d.indicator)
		}
	}
	slices.SortStableFunc(spec.Objectives, func(a, b Objective) int { // promises come after what we hold ourselves to
		return cmp.Compare(min(len(a.SLAOf), 1), min(len(b.SLAOf), 1))
	})
	for _, o := range spec.Objectives {
		l.promise(r, spec, o)
	}
	if len(l.faults) > 0 {
		l.faults.sort()
		return nil, slices.Compact(l.faults)
	}
	if len(l.documents) == 0 {
		return nil, fmt.Errorf("reading the spec: no OpenSLO document in %s", what)
	}
	return spec, nil
}

func (l *loader) objectives(r *reader, d *document) []Objective {
	r.file = d.File
	annotations := r.annotated(d.notes)
	if n, ok := d.notes[Prefix+"expected-events"]; ok && (d.slo.period == "" || annotations.Floor > 0) {
		r.faultAt(n.Position, "%sexpected-events needs a timeWindow that they fall in, and means nothing for a throughput floor", Prefix)
	}
	var out []Objective
	for i, b := range d.slo.objectives {
		o := Objective{
			Position: b.Position, Name: d.name, Title: d.title, Description: d.slo.description,
			Service: d.slo.service, Period: d.slo.period, Calendar: d.slo.calendar, Annotations: annotations,
		}
		if o.Title == "" {
			o.Title = o.Name
		}
		if len(d.slo.objectives) > 1 {
			o.Name = fmt.Sprintf("%s/%d", d.name, i+1)
			if b.title != "" {
				o.Title += ": " + b.title
				if o.TitleKorean != "" {
					o.TitleKorean += ": " + b.title
				}
			}
		}
		if b.target != nil {
			o.Target, o.TargetText = b.target.float, b.target.percent()
		}
		body := b.indicator
		if body == nil {
			body = d.slo.indicator
		}
		if body != nil {
			in := l.resolve(r, body)
			o.Good, o.Bad, o.Total, o.Metric, o.Failure, o.Slices = in.good, in.bad, in.total, in.metric, in.failure, b.slices
			r.compare(&o, b, in, len(d.slo.objectives))
		}
		if o.Threshold == 0 {
			o.Threshold = edge(o.Good)
		}
		if o.Floor > 0 && (o.Metric != nil || o.Slices != nil) {
			r.faultAt(d.Position, "a throughput floor counts events: it goes with no thresholdMetric, raw or time slices")
		}
		if o.Floor > 0 && o.Bad != nil {
			r.faultAt(d.Position, "a throughput floor counts good events: the indicator needs good, not bad")
		}
		out = append(out, o)
	}
	return out
}

// promise checks that an SLA is looser than its SLO: else the promise is broken before the objective warns.
func (l *loader) promise(r *reader, spec *Spec, sla Objective) {
	if sla.SLAOf == "" {
		return
	}
	found := false
	for _, o := range spec.Objectives {
		if name, _, _ := strings.Cut(o.Name, "/"); name != sla.SLAOf || o.SLAOf != "" {
			continue
		}
		found = true
		if sla.Target >= o.Target || sla.Threshold < o.Threshold || sla.Floor > o.Floor {
			r.faultAt(sla.Position, "an SLA must be looser than its SLO %s: a lower target than %s %%, and no tighter latency or throughput", o.Name, o.TargetText)
		}
	}
	if !found {
		r.faultAt(sla.Position, "%ssla-of: no SLO named %q", Prefix, sla.SLAOf)
	}
}

// resolve follows a reference to an SLI and reads the queries.
func (l *loader) resolve(r *reader, b *indicatorBody) indicator {
	if b.ref != "" {
		sli, ok := l.byKey[(&document{kind: "SLI", name: b.ref}).key()]
		if !ok || sli.indicator == nil {
			if !ok {
				r.faultAt(b.Position, "indicatorRef: no SLI named %q", b.ref)
			}
			return indicator{}
		}
		b = sli.indicator
	}
	in := indicator{good: l.query(r, b.good), bad: l.query(r, b.bad), total: l.query(r, b.total), failure: b.failure, threshold: b.threshold != nil}
	if in.metric = l.query(r, b.threshold); b.threshold == nil {
		in.metric = l.query(r, b.raw)
	}
	return in
}

// compare puts the comparison of a thresholdMetric into an objective. With a ratioMetric an operator that says what a
// target says anyway is left alone, as OpenSLO's own examples have it.
func (r *reader) compare(o *Objective, b objectiveBody, in indicator, objectives int) {
	switch {
	case in.threshold && (b.op == nil || b.value == nil):
		r.faultAt(b.Position, "an objective of a thresholdMetric needs op and value")
	case in.threshold && objectives > 1:
		r.faultAt(b.Position, "an SLO with a thresholdMetric has one objective, not %d", objectives)
	case in.threshold:
		o.Op, o.Value = b.op.text, b.value.float
	case b.value != nil:
		r.faultAt(b.value.Position, "value belongs to a thresholdMetric")
	case b.op != nil && b.op.text != "gt" && b.op.text != "gte":
		r.faultAt(b.op.Position, "op %s belongs to a thresholdMetric: a ratio is to be at least its target", b.op.text)
	}
}

func (l *loader) query(r *reader, m *metricBody) *Query {
	if m == nil {
		return nil
	}
	kind := m.sourceType
	if m.sourceRef != "" {
		source, ok := l.byKey[(&document{kind: "DataSource", name: m.sourceRef}).key()]
		switch {
		case ok && kind == "":
			kind = source.source
		case !ok && kind == "":
			r.faultAt(m.Position, "metricSourceRef: no DataSource named %q, and no type", m.sourceRef)
			return nil
		}
	}
	if !isPrometheus(kind) {
		r.faultAt(m.Position, "metricSource.type must be Prometheus, not %q", kind)
		return nil
	}
	if m.query == nil {
		r.faultAt(m.Position, "metricSource.spec has no query")
		return nil
	}
	q := *m.query
	r.parse(&q, l.vars)
	return &q
}

func isPrometheus(kind string) bool { return strings.EqualFold(kind, "prometheus") }

// edge derives a latency threshold from the bucket that counts good events, where its name says that it is in seconds.
func edge(q *Query) float64 {
	if q == nil || !strings.HasSuffix(q.Selector.Name, "_seconds_bucket") {
		return 0
	}
	le, ok := q.Selector.Matcher("le")
	if !ok {
		return 0
	}
	v, ok := decimal(le.Value)
	if !ok || len(le.Value) > 20 {
		return 0
	}
	f, _ := v.Float64()
	return max(f, 0)
}
