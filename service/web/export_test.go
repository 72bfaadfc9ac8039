package web

import "github.com/gin-gonic/gin"

// Routes returns every route that the server knows.
func (s *Server) Routes() gin.RoutesInfo { return s.engine.Routes() }

// Document returns the OpenAPI document that servers serve.
func Document() ([]byte, error) { return document() }
