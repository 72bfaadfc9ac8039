package run

import "regexp"

var idForm = regexp.MustCompile(`^\d{8}T\d{6}Z-[0-9a-f]{4}$`)

func validID(id string) bool { return idForm.MatchString(id) }
