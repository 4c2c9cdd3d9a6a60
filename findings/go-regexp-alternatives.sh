#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Go 1.26.8: a list of words, one behind the other with "|" between them, may "nest too deeply".
#
# An expression may nest 1,000 levels, and a flat list of alternatives nests none. But neighbours that begin alike
# are made one before the levels are counted: a|ab|abc becomes a(?:|b(?:|c)), two levels for each word that
# continues the one before it. A sorted list of names, each an extension of the last, ends at 501; with other
# words between them the same list is taken, and so are 5,000 words that begin differently.
#
# Seen: 500 words, each longer than the last: taken; 501: expression nests too deeply
#       the same 501 with others between them: taken; 5000 others: taken
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

GOTOOLCHAIN=go1.26.8 GOPATH=$work/go GOFLAGS='-mod=mod -modcacherw'
export GOTOOLCHAIN GOPATH GOFLAGS
go version || exit 77

cat > go.mod <<'MOD'
module finding

go 1.26.8
MOD
cat > main.go <<'GO'
package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"regexp/syntax"
	"strings"
)

func try(words []string) string {
	_, err := regexp.Compile(strings.Join(words, "|"))
	if bad := (*syntax.Error)(nil); errors.As(err, &bad) {
		return bad.Code.String()
	}
	return "taken"
}

func main() {
	var growing, apart, others []string
	for i := 1; i <= 501; i++ {
		growing = append(growing, strings.Repeat("a", i))
		apart = append(apart, strings.Repeat("a", i), fmt.Sprintf("%d-", i))
	}
	for i := range 5000 {
		others = append(others, fmt.Sprintf("%04d", i))
	}
	seen := fmt.Sprintf("500 words, each longer than the last: %s; 501: %s\n", try(growing[:500]), try(growing)) +
		fmt.Sprintf("the same 501 with others between them: %s; 5000 others: %s\n", try(apart), try(others))
	fmt.Print(seen)
	if seen != "500 words, each longer than the last: taken; 501: expression nests too deeply\n"+
		"the same 501 with others between them: taken; 5000 others: taken\n" {
		fmt.Println("changed")
		os.Exit(1)
	}
	fmt.Println("as stated")
}
GO
go build -o finding .
./finding
