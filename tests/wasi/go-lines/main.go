// SPDX-License-Identifier: Apache-2.0

// A WASI command in Go, whose runtime asks for more than wasi-libc does: it sets its streams to not block, waits with
// timers and descriptors in one call, and reads folders by itself.
package main

import (
	"bufio"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"
)

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// Standard input's lines, sorted, while a timer runs.
func sortLines() {
	lines := make(chan string)
	go func() {
		scanner := bufio.NewScanner(os.Stdin)
		for scanner.Scan() {
			lines <- scanner.Text()
		}
		fail(scanner.Err())
		close(lines)
	}()
	ticker := time.NewTicker(time.Millisecond)
	var all []string
	for line := range lines {
		<-ticker.C
		all = append(all, line)
	}
	sort.Strings(all)
	for _, line := range all {
		fmt.Println(line)
	}
}

// The digest of each file below a folder.
func sums(folder string) {
	fail(filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		hash := sha256.New()
		if _, err := io.Copy(hash, file); err != nil {
			return err
		}
		fmt.Printf("%x  %s\n", hash.Sum(nil), path)
		return nil
	}))
}

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "sort":
		sortLines()
	case len(os.Args) == 3 && os.Args[1] == "sums":
		sums(os.Args[2])
	case len(os.Args) == 4 && os.Args[1] == "copy":
		bytes, err := os.ReadFile(os.Args[2])
		fail(err)
		fail(os.WriteFile(os.Args[3], bytes, 0o600))
	case len(os.Args) == 4 && os.Args[1] == "symlink":
		fail(os.Symlink(os.Args[2], os.Args[3]))
	default:
		os.Exit(3)
	}
}
