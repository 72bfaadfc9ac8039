package seed_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/seed"
	"github.com/goormu/stampede/service/store"
	"github.com/goormu/stampede/service/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Main(m)) }

func generate(t *testing.T, config seed.Config) store.University {
	t.Helper()
	university, err := seed.Generate(config)
	require.NoError(t, err)
	return university
}

func TestTheSameSeedMakesTheSameUniversity(t *testing.T) {
	config := seed.Config{Students: 2000, Sections: 300, Seed: 1}
	text, err := json.Marshal(generate(t, config))
	require.NoError(t, err)
	digest := sha256.Sum256(text)
	// Runs of different days are compared with each other: a new digest is a new university.
	require.Equal(t, "35f36ad6eb1f4fac86553131e41773c71e32e4b0d943734978c87f43b3705846", hex.EncodeToString(digest[:]))
	require.NotEqual(t, generate(t, config), generate(t, seed.Config{Students: 2000, Sections: 300, Seed: 2}))
}

func TestUniversityIsPlausible(t *testing.T) {
	u := generate(t, seed.Config{Students: 20_000, Sections: 800, Seed: 1})
	require.Len(t, u.Students, 20_000)
	require.Len(t, u.Sections, 800)

	courses, perCourse, liberal, seats, only, later := map[int64]store.Course{}, map[int64]int{}, 0, 0, 0, 0
	for _, course := range u.Courses {
		courses[course.ID] = course
		require.Contains(t, []int{1, 2, 3}, course.Credits)
	}
	taught := map[int64][]registration.Slot{}
	for i, section := range u.Sections {
		require.Equal(t, registration.SectionID(i+1), section.ID)
		course, known := courses[section.CourseID]
		require.True(t, known)
		perCourse[course.ID]++
		require.GreaterOrEqual(t, section.Capacity, 20)
		require.LessOrEqual(t, section.Capacity, 120)
		seats += section.Capacity
		if course.MajorID == 0 {
			liberal++
		}
		require.NotEmpty(t, section.Slots)
		require.LessOrEqual(t, len(section.Slots), 2)
		for _, slot := range section.Slots {
			require.True(t, slot.Valid(), "%s", slot)
			require.LessOrEqual(t, slot.Weekday, registration.Friday)
		}
		require.Contains(t, []int64{0, course.MajorID}, section.OnlyMajorID)
		if section.OnlyMajorID != 0 {
			only++
		}
		if section.MinYear != 0 {
			require.NotZero(t, course.MajorID)
			require.GreaterOrEqual(t, section.MinYear, 2)
			require.LessOrEqual(t, section.MinYear, 4)
			later++
		}
		_, clash := registration.Clash(taught[section.ProfessorID], section.Slots)
		require.False(t, clash, "professor %d is in two rooms at once", section.ProfessorID)
		taught[section.ProfessorID] = append(taught[section.ProfessorID], section.Slots...)
	}
	require.Len(t, perCourse, len(courses), "every course is taught")
	for course, sections := range perCourse {
		require.LessOrEqual(t, sections, 3, "course %d", course)
	}
	require.InDelta(t, 0.45, float64(liberal)/800, 0.15)
	require.Greater(t, seats, 30_000)
	require.InDelta(t, 0.055, float64(only)/800, 0.03)
	require.InDelta(t, 0.09, float64(later)/800, 0.04)

	for i, student := range u.Students {
		require.Equal(t, registration.StudentID(202600001+i), student.ID)
		require.Regexp(t, `^\p{Hangul}{3,4}$`, student.Name)
		require.Regexp(t, `^[A-Z][a-z]+ [A-Z][a-z]+-[a-z]+$`, student.NameEN)
		require.GreaterOrEqual(t, student.MaxCredits, 18)
		require.LessOrEqual(t, student.MaxCredits, 22)
		require.GreaterOrEqual(t, student.Year, 1)
		require.LessOrEqual(t, student.Year, 4)
	}
}

func TestConfigReportsEveryFaultAtOnce(t *testing.T) {
	_, err := seed.Generate(seed.Config{Students: 100_000, Sections: 0})
	require.ErrorContains(t, err, "students, 100000, is outside 1 to 99999")
	require.ErrorContains(t, err, "sections, 0, is outside 1 to 10000")
	for _, config := range []seed.Config{{Students: 1, Sections: 1}, {Students: 1, Sections: seed.MaxSections, Seed: 7}} {
		generate(t, config)
	}
}

func TestSeeding(t *testing.T) {
	storetest.Each(t, func(t *testing.T, database storetest.Database) {
		db, university := database.Open(t), generate(t, seed.Config{Students: 1000, Sections: 200, Seed: 1})
		require.ErrorContains(t, seed.Write(t.Context(), db, university, "", bcrypt.MinCost), "the administrator needs a password")
		require.NoError(t, seed.Write(t.Context(), db, university, "비밀-password", bcrypt.MinCost))

		ids, err := db.StudentIDs(t.Context(), 0)
		require.NoError(t, err)
		require.Len(t, ids, 1000)
		require.Equal(t, seed.FirstStudent, ids[0])
		sections, err := db.Sections(t.Context())
		require.NoError(t, err)
		require.Len(t, sections, 200)
		student, err := db.Student(t.Context(), ids[999])
		require.NoError(t, err)
		require.Equal(t, university.Students[999].Name, student.Name)

		hash, err := db.StudentPassword(t.Context(), ids[7])
		require.NoError(t, err)
		require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash), []byte(seed.Password)))
		hash, err = db.StaffPassword(t.Context(), seed.AdminLogin)
		require.NoError(t, err)
		require.NoError(t, bcrypt.CompareHashAndPassword([]byte(hash), []byte("비밀-password")))

		err = seed.Write(t.Context(), db, university, "again", bcrypt.MinCost)
		require.ErrorIs(t, err, store.ErrNotEmpty)
		again, err := db.StaffPassword(t.Context(), seed.AdminLogin)
		require.NoError(t, err)
		require.Equal(t, hash, again, "a refused seeding changes nothing")
		database.RequireSound(t)
	})
}
