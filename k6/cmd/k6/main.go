package main

import (
	"go.k6.io/k6/cmd"

	_ "github.com/goormu/stampede/k6/output"
	_ "github.com/goormu/stampede/k6/scenario"
)

func main() {
	cmd.Execute()
}
