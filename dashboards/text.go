package dashboards

// Language is one of the languages that dashboards are written in.
type Language string

// The languages. Each has a folder of its own, with the same dashboards.
const (
	English Language = "en"
	Korean  Language = "ko"
)

// Languages returns every language, the default first.
func Languages() []Language { return []Language{English, Korean} }

// Text is a text in each language.
type Text struct{ EN, KO string }

// In returns the text in a language.
func (t Text) In(language Language) string {
	if language == Korean {
		return t.KO
	}
	return t.EN
}

// text is a text in English and in Korean.
func text(en, ko string) Text { return Text{en, ko} }

// same is a text that needs no translation: a label, or a term of the field.
func same(text string) Text { return Text{text, text} }
