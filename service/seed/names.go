package seed

// family is a family name with its share of the population, in thousandths of those listed.
type family struct {
	name, english string
	weight        int
}

var families = []family{
	{"김", "Kim", 215},
	{"이", "Lee", 147},
	{"박", "Park", 84},
	{"최", "Choi", 47},
	{"정", "Jung", 43},
	{"강", "Kang", 24},
	{"조", "Cho", 21},
	{"윤", "Yoon", 21},
	{"장", "Jang", 20},
	{"임", "Lim", 17},
	{"한", "Han", 16},
	{"오", "Oh", 15},
	{"서", "Seo", 15},
	{"신", "Shin", 15},
	{"권", "Kwon", 14},
	{"황", "Hwang", 14},
	{"안", "Ahn", 14},
	{"송", "Song", 14},
	{"류", "Ryu", 13},
	{"홍", "Hong", 11},
	{"전", "Jeon", 11},
	{"고", "Ko", 9},
	{"문", "Moon", 9},
	{"손", "Son", 9},
	{"양", "Yang", 9},
	{"배", "Bae", 8},
	{"백", "Baek", 8},
	{"허", "Heo", 7},
	{"남", "Nam", 5},
	{"심", "Shim", 5},
	{"노", "Noh", 5},
	{"하", "Ha", 5},
	{"곽", "Kwak", 4},
	{"성", "Sung", 4},
	{"차", "Cha", 4},
	{"주", "Joo", 4},
	{"우", "Woo", 4},
	{"구", "Koo", 4},
	{"민", "Min", 3},
	{"남궁", "Namgung", 1},
	{"선우", "Sunwoo", 1},
}

var allFamilies = func() (sum int) {
	for _, f := range families {
		sum += f.weight
	}
	return sum
}()

type syllable struct{ name, english string }

var syllables = []syllable{
	{"민", "Min"},
	{"서", "Seo"},
	{"준", "Jun"},
	{"지", "Ji"},
	{"현", "Hyun"},
	{"우", "Woo"},
	{"예", "Ye"},
	{"은", "Eun"},
	{"도", "Do"},
	{"윤", "Yoon"},
	{"하", "Ha"},
	{"수", "Su"},
	{"진", "Jin"},
	{"영", "Young"},
	{"채", "Chae"},
	{"원", "Won"},
	{"승", "Seung"},
	{"태", "Tae"},
	{"혜", "Hye"},
	{"연", "Yeon"},
	{"성", "Sung"},
	{"호", "Ho"},
	{"나", "Na"},
	{"경", "Kyung"},
	{"소", "So"},
	{"유", "Yu"},
	{"재", "Jae"},
	{"동", "Dong"},
	{"시", "Si"},
	{"아", "Ah"},
	{"건", "Gun"},
	{"가", "Ga"},
	{"율", "Yul"},
	{"린", "Rin"},
	{"선", "Sun"},
	{"희", "Hee"},
	{"정", "Jung"},
	{"주", "Ju"},
	{"솔", "Sol"},
	{"빈", "Bin"},
}
