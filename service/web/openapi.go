package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/goccy/go-yaml"
)

//go:embed openapi/*.yaml
var documentParts embed.FS

// document is the same for every server.
var document = sync.OnceValues(newDocument)

// newDocument joins the parts of the OpenAPI document into one JSON object.
func newDocument() ([]byte, error) {
	names, err := fs.Glob(documentParts, "openapi/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	whole := map[string]any{}
	for _, name := range names {
		text, err := documentParts.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
		}
		var part map[string]any
		if err := yaml.Unmarshal(text, &part); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		if err := join(whole, part); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	document, err := json.Marshal(whole)
	if err != nil {
		return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
	}
	return append(document, '\n'), nil
}

// join adds the members of one object to another. Objects that both have are joined; any other member may be in one only.
func join(into, from map[string]any) error {
	for name, value := range from {
		old, known := into[name]
		if !known {
			into[name] = value
			continue
		}
		a, ok := old.(map[string]any)
		b, also := value.(map[string]any)
		if !ok || !also {
			return fmt.Errorf("%q is defined twice", name)
		}
		if err := join(a, b); err != nil {
			return err
		}
	}
	return nil
}

// getDocument answers with the OpenAPI document of this API.
func (s *Server) getDocument(c *gin.Context) error {
	writeJSON(c, http.StatusOK, s.document)
	return nil
}
