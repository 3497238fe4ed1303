// Command compose loads a compose file as today's Compose does, and prints what it understood as JSON.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if err := run(os.Args[1], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(file string, out *os.File) error {
	// Nothing of the environment of whoever asks goes into it.
	options, err := cli.NewProjectOptions([]string{file}, cli.WithName("plaudit"), cli.WithDiscardEnvFile)
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(project)
}
