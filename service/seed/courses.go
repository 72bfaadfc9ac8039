package seed

// major is a field of study; subject is what its courses are called after.
type major struct {
	code, name, english, subject, subjectEN string
}

var majors = []major{
	{"CSE", "컴퓨터공학과", "Computer Science and Engineering", "컴퓨터공학", "Computer Science"},
	{"EEE", "전자공학과", "Electronic Engineering", "전자공학", "Electronics"},
	{"MEC", "기계공학과", "Mechanical Engineering", "기계공학", "Mechanics"},
	{"CHE", "화학공학과", "Chemical Engineering", "화학공학", "Chemical Engineering"},
	{"CIV", "토목공학과", "Civil Engineering", "토목공학", "Civil Engineering"},
	{"ARC", "건축학과", "Architecture", "건축", "Architecture"},
	{"MSE", "신소재공학과", "Materials Science and Engineering", "재료", "Materials"},
	{"IND", "산업공학과", "Industrial Engineering", "산업공학", "Industrial Engineering"},
	{"AIX", "인공지능학과", "Artificial Intelligence", "인공지능", "Artificial Intelligence"},
	{"MAT", "수학과", "Mathematics", "수학", "Mathematics"},
	{"PHY", "물리학과", "Physics", "물리학", "Physics"},
	{"CHM", "화학과", "Chemistry", "화학", "Chemistry"},
	{"BIO", "생명과학과", "Life Sciences", "생명과학", "Biology"},
	{"STA", "통계학과", "Statistics", "통계학", "Statistics"},
	{"BUS", "경영학과", "Business Administration", "경영학", "Management"},
	{"ECO", "경제학과", "Economics", "경제학", "Economics"},
	{"ACC", "회계학과", "Accounting", "회계", "Accounting"},
	{"TRD", "국제통상학과", "International Trade", "무역", "Trade"},
	{"LAW", "법학과", "Law", "법", "Law"},
	{"POL", "정치외교학과", "Political Science and Diplomacy", "정치", "Politics"},
	{"PAD", "행정학과", "Public Administration", "행정", "Public Administration"},
	{"SOC", "사회학과", "Sociology", "사회", "Society"},
	{"PSY", "심리학과", "Psychology", "심리학", "Psychology"},
	{"COM", "미디어커뮤니케이션학과", "Media and Communication", "미디어", "Media"},
	{"KOR", "국어국문학과", "Korean Language and Literature", "국문학", "Korean Literature"},
	{"ENG", "영어영문학과", "English Language and Literature", "영문학", "English Literature"},
	{"CHN", "중어중문학과", "Chinese Language and Literature", "중국어", "Chinese"},
	{"HIS", "사학과", "History", "역사", "History"},
	{"PHI", "철학과", "Philosophy", "철학", "Philosophy"},
	{"EDU", "교육학과", "Education", "교육", "Education"},
	{"NUR", "간호학과", "Nursing", "간호", "Nursing"},
	{"DES", "디자인학과", "Design", "디자인", "Design"},
}

// title makes the name of a course out of a subject; 0 credits means the usual three.
type title struct {
	name, english string
	credits       int
}

var titles = []title{
	{"%s개론", "Introduction to %s", 0},
	{"%s원론", "Principles of %s", 0},
	{"기초%s실습", "Basic Practice in %s", 1},
	{"%s방법론", "Methods of %s", 0},
	{"%s세미나", "Seminar in %s", 2},
	{"현대%s의 이해", "Modern %s", 0},
	{"데이터로 보는 %s", "%s through Data", 0},
	{"%s 문헌 강독", "Readings in %s", 2},
	{"%s의 역사", "History of %s", 0},
	{"고급%s", "Advanced %s", 0},
	{"%s 윤리", "Ethics of %s", 2},
	{"%s 사례 연구", "Case Studies in %s", 0},
	{"%s 프로젝트", "%s Project", 0},
	{"%s 진로 탐색", "Careers in %s", 1},
	{"%s특강", "Special Topics in %s", 0},
	{"캡스톤 디자인: %s", "Capstone Design: %s", 0},
}

type liberalArt struct{ name, english string }

var liberalArts = []liberalArt{
	{"대학글쓰기", "College Writing"},
	{"대학영어", "College English"},
	{"컴퓨팅 사고와 문제 해결", "Computational Thinking and Problem Solving"},
	{"한국사의 이해", "Understanding Korean History"},
	{"생활과 경제", "Economics in Daily Life"},
	{"심리학의 이해", "Understanding Psychology"},
	{"영화로 보는 세계", "The World through Film"},
	{"서양 음악의 이해", "Understanding Western Music"},
	{"미술의 세계", "The World of Art"},
	{"별과 우주", "Stars and the Universe"},
	{"기후 위기와 인류", "Climate Crisis and Humanity"},
	{"인공지능과 사회", "Artificial Intelligence and Society"},
	{"논리와 비판적 사고", "Logic and Critical Thinking"},
	{"발표와 토론", "Presentation and Debate"},
	{"생명과 윤리", "Life and Ethics"},
	{"법과 생활", "Law in Daily Life"},
	{"동양 고전 읽기", "Reading Eastern Classics"},
	{"세계의 신화", "Myths of the World"},
	{"사진의 이해", "Understanding Photography"},
	{"와인과 음식 문화", "Wine and Food Culture"},
	{"건강과 운동", "Health and Exercise"},
	{"배드민턴", "Badminton"},
	{"수영", "Swimming"},
	{"요가와 명상", "Yoga and Meditation"},
	{"일본어 첫걸음", "First Steps in Japanese"},
	{"중국어 첫걸음", "First Steps in Chinese"},
	{"스페인어 첫걸음", "First Steps in Spanish"},
	{"프랑스어 첫걸음", "First Steps in French"},
	{"통계로 세상 보기", "Seeing the World through Statistics"},
	{"창업의 이해", "Understanding Start-ups"},
	{"리더십과 소통", "Leadership and Communication"},
	{"한국 문학의 감상", "Appreciating Korean Literature"},
	{"다문화 사회의 이해", "Understanding Multicultural Society"},
	{"과학 기술의 역사", "History of Science and Technology"},
	{"민주주의와 시민", "Democracy and Citizens"},
	{"행복의 조건", "Conditions of Happiness"},
}
