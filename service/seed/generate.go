package seed

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/goormu/stampede/service/registration"
	"github.com/goormu/stampede/service/store"
)

// Generate makes up a university. About a third of its sections are liberal arts, large and in demand; a course in
// demand has two or three sections. Capacities lie between 20 and 120 seats. Of the majors' sections about a tenth are for
// students of the major only, and about a sixth for those of the second, third or fourth year on; liberal arts are for all.
func Generate(config Config) (store.University, error) {
	if err := config.Validate(); err != nil {
		return store.University{}, fmt.Errorf("making up a university: %w", err)
	}
	g := &generator{
		Config: config, chance: rand.New(rand.NewPCG(config.Seed, 0x5742)), //nolint:gosec // chance that must repeat itself
		whom:  rand.New(rand.NewPCG(config.Seed, 0x5743)), //nolint:gosec // likewise
		staff: map[int64][]int64{}, busy: map[int64][][]registration.Slot{},
	}
	for i, subject := range majors {
		g.made.Majors = append(g.made.Majors, store.Major{ID: int64(i + 1), Name: subject.name, NameEN: subject.english})
	}
	for len(g.made.Sections) < config.Sections {
		g.course()
	}
	for i := range config.Students {
		g.student(i)
	}
	return g.made, nil
}

type generator struct {
	Config
	chance *rand.Rand
	whom   *rand.Rand // decides restrictions, apart, so that they leave the rest of a university as it is
	made   store.University
	staff  map[int64][]int64               // professors by major
	busy   map[int64][][]registration.Slot // slots by professor, of one section after the other
	counts [2]int                          // courses so far, of majors and of liberal arts
}

const (
	ofMajors = iota
	ofLiberalArts
)

// course adds the next course with its sections.
func (g *generator) course() {
	course := store.Course{ID: int64(len(g.made.Courses) + 1), Credits: 3}
	kind := ofMajors
	if g.chance.IntN(100) < 30 {
		kind = ofLiberalArts
	}
	n := g.counts[kind]
	g.counts[kind]++
	sections, smallest, largest := 1, 20, 50
	if kind == ofLiberalArts {
		title, part := liberalArts[n%len(liberalArts)], n/len(liberalArts)
		course.Code = fmt.Sprintf("GEN%04d", 1001+n)
		course.Name, course.NameEN = numbered(title.name, part), numbered(title.english, part)
		course.Credits = 1 + g.chance.IntN(3)
		sections, smallest, largest = 1+g.chance.IntN(3), 40, 120
	} else {
		major, turn := n%len(majors), n/len(majors)
		title, part := titles[turn%len(titles)], turn/len(titles)
		course.MajorID = int64(major + 1)
		course.Code = fmt.Sprintf("%s%04d", majors[major].code, 1001+turn)
		course.Name = numbered(fmt.Sprintf(title.name, majors[major].subject), part)
		course.NameEN = numbered(fmt.Sprintf(title.english, majors[major].subjectEN), part)
		if title.credits > 0 {
			course.Credits = title.credits
		}
		if turn < 4 { // what everybody of the major takes
			sections, smallest, largest = 1+g.chance.IntN(3), 30, 80
		}
	}
	g.made.Courses = append(g.made.Courses, course)
	for range min(sections, g.Sections-len(g.made.Sections)) {
		g.section(course, smallest, largest)
	}
}

// numbered tells courses of one title apart: "대학영어", "대학영어 2", "대학영어 3".
func numbered(title string, part int) string {
	if part == 0 {
		return title
	}
	return fmt.Sprintf("%s %d", title, part+1)
}

func (g *generator) section(course store.Course, smallest, largest int) {
	professor := g.professor(course.MajorID)
	slots := g.slots(course.Credits)
	for slices.ContainsFunc(g.busy[professor], func(taught []registration.Slot) bool {
		_, clash := registration.Clash(taught, slots)
		return clash
	}) {
		slots = g.slots(course.Credits)
	}
	g.busy[professor] = append(g.busy[professor], slots)
	only, year := g.restrictions(course)
	g.made.Sections = append(g.made.Sections, store.Section{
		ID: registration.SectionID(len(g.made.Sections) + 1), CourseID: course.ID, ProfessorID: professor,
		Capacity: smallest + 5*g.chance.IntN((largest-smallest)/5+1), OnlyMajorID: only, MinYear: year, Slots: slots,
	})
}

// restrictions decides for whom a section is: the major whose students alone may enrol, and the year from which on they
// may, each 0 for all. They are few, so that students who choose from the whole catalogue are seldom turned away by them.
func (g *generator) restrictions(course store.Course) (onlyMajor int64, minYear int) {
	if course.MajorID == 0 {
		return 0, 0
	}
	if g.whom.IntN(10) == 0 {
		onlyMajor = course.MajorID
	}
	if g.whom.IntN(6) == 0 {
		minYear = 2 + g.whom.IntN(3)
	}
	return onlyMajor, minYear
}

// slots returns one hour of the time-table for one credit and two for more, on two days or in a row.
func (g *generator) slots(credits int) []registration.Slot {
	day, period := registration.Weekday(1+g.chance.IntN(5)), 1+g.chance.IntN(9)
	first := registration.Slot{Weekday: day, Period: period}
	switch {
	case credits == 1:
		return []registration.Slot{first}
	case day <= registration.Wednesday && g.chance.IntN(3) > 0:
		return []registration.Slot{first, {Weekday: day + 2, Period: period}}
	case period < 9:
		return []registration.Slot{first, {Weekday: day, Period: period + 1}}
	default:
		return []registration.Slot{{Weekday: day, Period: period - 1}, first}
	}
}

// professor returns one of the major who teaches fewer than three sections, a new one where all have three.
func (g *generator) professor(major int64) int64 {
	if all := g.staff[major]; len(all) > 0 && len(g.busy[all[len(all)-1]]) < 3 {
		return all[len(all)-1]
	}
	name, english := g.name()
	id := int64(len(g.made.Professors) + 1)
	g.made.Professors = append(g.made.Professors, store.Professor{ID: id, Name: name, NameEN: english, MajorID: major})
	g.staff[major] = append(g.staff[major], id)
	return id
}

func (g *generator) student(i int) {
	name, english := g.name()
	credits := 18 + g.chance.IntN(5)
	if g.chance.IntN(2) == 0 {
		credits = 20 // most universities' limit
	}
	g.made.Students = append(g.made.Students, store.Student{
		ID: FirstStudent + registration.StudentID(i), Name: name, NameEN: english, MajorID: int64(1 + g.chance.IntN(len(majors))),
		Year: 1 + g.chance.IntN(4), MaxCredits: credits,
	})
}

// name makes up a name in Korean and in English, such as 김민서 and "Kim Min-seo".
func (g *generator) name() (korean, english string) {
	family := g.family()
	first, second := syllables[g.chance.IntN(len(syllables))], syllables[g.chance.IntN(len(syllables))]
	for second == first {
		second = syllables[g.chance.IntN(len(syllables))]
	}
	return family.name + first.name + second.name, family.english + " " + first.english + "-" + strings.ToLower(second.english)
}

func (g *generator) family() family {
	at := g.chance.IntN(allFamilies)
	for _, f := range families {
		if at -= f.weight; at < 0 {
			return f
		}
	}
	return families[0]
}
