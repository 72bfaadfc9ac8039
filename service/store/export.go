package store

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/goormu/stampede/service/registration"
)

// Export writes the whole state as NDJSON, read in one transaction that sees one state of the database; now goes into
// the first line. What is written before an error is not a whole export: its last line is missing.
func (s *Store) Export(ctx context.Context, into io.Writer, now time.Time) (err error) {
	conn, err := s.dialect.snapshot(ctx, s.read)
	if err != nil {
		return fmt.Errorf("exporting: beginning a snapshot: %w", err)
	}
	defer func() {
		// The caller may be gone, its snapshot must go too.
		_, fault := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		if fault = errors.Join(fault, conn.Close()); err == nil && fault != nil {
			err = fmt.Errorf("exporting: ending the snapshot: %w", fault)
		}
	}()
	buffer := bufio.NewWriterSize(into, 64<<10)
	e := exporter{db: conn, lines: json.NewEncoder(buffer)}
	e.lines.SetEscapeHTML(false)
	if err := e.write(ctx, now); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	if err := buffer.Flush(); err != nil {
		return fmt.Errorf("exporting: %w", err)
	}
	return nil
}

type exporter struct {
	db    queryer
	lines *json.Encoder
	end   exportEnd
}

type exportHead struct {
	Type         string         `json:"type"`
	Version      int            `json:"version"`
	ExportedAt   string         `json:"exported_at"`
	exportPeriod                // the one that counts
	Periods      []exportPeriod `json:"periods"`
}

type exportPeriod struct {
	OpensAt  string `json:"opens_at,omitempty"`
	ClosesAt string `json:"closes_at,omitempty"`
}

func newExportPeriod(p registration.ScheduledPeriod) exportPeriod {
	return exportPeriod{OpensAt: registration.FormatTime(p.OpensAt), ClosesAt: registration.FormatTime(p.ClosesAt)}
}

type exportSection struct {
	Type      string                 `json:"type"`
	ID        registration.SectionID `json:"id"`
	Capacity  int                    `json:"capacity"`
	Taken     int                    `json:"taken"`
	Credits   int                    `json:"credits"`
	OnlyMajor *int64                 `json:"only_major_id"`
	MinYear   *int                   `json:"min_year"`
	Slots     []registration.Slot    `json:"slots"`
}

type exportStudent struct {
	Type       string                 `json:"type"`
	ID         registration.StudentID `json:"id"`
	MaxCredits int                    `json:"max_credits"`
	MajorID    int64                  `json:"major_id"`
	Year       int                    `json:"year"`
}

type exportEnrollment struct {
	Type       string                 `json:"type"`
	Student    registration.StudentID `json:"student_id"`
	Section    registration.SectionID `json:"section_id"`
	Key        string                 `json:"key"`
	EnrolledAt string                 `json:"enrolled_at"`
}

type exportCancellation struct {
	Type          string                 `json:"type"`
	Student       registration.StudentID `json:"student_id"`
	Section       registration.SectionID `json:"section_id"`
	Key           string                 `json:"key"`
	EnrollmentKey string                 `json:"enrollment_key"`
	CancelledAt   string                 `json:"cancelled_at"`
}

type exportEnd struct {
	Type          string `json:"type"`
	Sections      int    `json:"sections"`
	Students      int    `json:"students"`
	Enrollments   int    `json:"enrollments"`
	Cancellations int    `json:"cancellations"`
}

func (e *exporter) write(ctx context.Context, now time.Time) error {
	for _, part := range []func(context.Context) error{
		func(ctx context.Context) error { return e.head(ctx, now) },
		e.sections, e.students, e.enrollments, e.cancellations,
	} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	e.end.Type = "end"
	return e.lines.Encode(e.end)
}

func (e *exporter) head(ctx context.Context, now time.Time) error {
	schedule, _, err := scheduleFrom(ctx, e.db)
	if err != nil {
		return err
	}
	head := exportHead{Type: "export", Version: 1, ExportedAt: registration.FormatTime(now), Periods: []exportPeriod{}}
	if counts := schedule.At(now); counts != nil {
		head.exportPeriod = newExportPeriod(*counts)
	}
	for _, period := range schedule {
		head.Periods = append(head.Periods, newExportPeriod(period))
	}
	return e.lines.Encode(head)
}

func (e *exporter) sections(ctx context.Context) error {
	slots, err := slotsFrom(ctx, e.db, "")
	if err != nil {
		return err
	}
	return each(ctx, e.db, func(row scanner) (line exportSection, err error) {
		line.Type = "section"
		err = row.Scan(&line.ID, &line.Capacity, &line.Taken, &line.Credits, &line.OnlyMajor, &line.MinYear)
		if line.Slots = slots[line.ID]; line.Slots == nil {
			line.Slots = []registration.Slot{}
		}
		return line, err
	}, func(line exportSection) error {
		e.end.Sections++
		return e.lines.Encode(line)
	}, `SELECT section.id, section.capacity, section.taken, course.credits, section.only_major_id, section.min_year
		FROM section JOIN course ON course.id = section.course_id ORDER BY section.id`)
}

func (e *exporter) students(ctx context.Context) error {
	return each(ctx, e.db, func(row scanner) (line exportStudent, err error) {
		line.Type = "student"
		err = row.Scan(&line.ID, &line.MaxCredits, &line.MajorID, &line.Year)
		return line, err
	}, func(line exportStudent) error {
		e.end.Students++
		return e.lines.Encode(line)
	}, "SELECT id, max_credits, major_id, study_year FROM student ORDER BY id")
}

func (e *exporter) enrollments(ctx context.Context) error {
	return each(ctx, e.db, scanEnrollment, func(row registration.Enrollment) error {
		e.end.Enrollments++
		return e.lines.Encode(exportEnrollment{
			Type: "enrollment", Student: row.Student, Section: row.Section, Key: row.Key,
			EnrolledAt: registration.FormatTime(row.EnrolledAt),
		})
	}, enrollmentColumns+" ORDER BY student_id, section_id")
}

func (e *exporter) cancellations(ctx context.Context) error {
	return each(ctx, e.db, scanCancellation, func(row registration.Cancellation) error {
		e.end.Cancellations++
		return e.lines.Encode(exportCancellation{
			Type: "cancellation", Student: row.Student, Section: row.Section, Key: row.Key, EnrollmentKey: row.EnrollmentKey,
			CancelledAt: registration.FormatTime(row.CancelledAt),
		})
	}, cancellationColumns+" ORDER BY student_id, cancel_key")
}
