// SPDX-License-Identifier: Apache-2.0

// make-tables writes runtime/regexp/tables.c: Unicode as Go's regular expressions know it, from Go's own package unicode.
//
//	go run tests/regexp/make-tables.go >runtime/regexp/tables.c
//
// It stops when the tables would not say what Go says.
package main

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"unicode"
)

// A number stands for each general category of one character, a bit of a mask for its place in a group such as L.
var categories = []string{"Cn", "Cc", "Cf", "Co", "Cs", "Ll", "Lm", "Lo", "Lt", "Lu", "Mc", "Me", "Mn", "Nd", "Nl", "No",
	"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Sc", "Sk", "Sm", "So", "Zl", "Zp", "Zs"}

const end = unicode.MaxRune + 1

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}

// What number each rune has, 0 unless a table holds it. No rune may be in two tables.
func numbers(tables []*unicode.RangeTable) []int {
	of := make([]int, end)
	for i, table := range tables {
		if table == nil {
			continue
		}
		for r := rune(0); r < end; r++ {
			if unicode.Is(table, r) {
				if of[r] != 0 {
					fail("%U is in two tables", r)
				}
				of[r] = i
			}
		}
	}
	return of
}

func printWords(comment, name string, words []uint32) {
	fmt.Printf("\n/* %s */\nconst uint32_t %s[] = {", comment, name)
	for i, word := range words {
		if i%9 == 0 {
			fmt.Printf("\n   ")
		}
		fmt.Printf(" 0x%x,", word)
	}
	fmt.Printf("\n};\nconst size_t %s_count =\n    sizeof(%s) / sizeof(%s[0]);\n", name, name, name)
}

// The first rune of each run, shifted, and the run's number.
func runs(of []int, shift uint) []uint32 {
	var words []uint32
	for r := 0; r < end; r++ {
		if r == 0 || of[r] != of[r-1] {
			words = append(words, uint32(r)<<shift|uint32(of[r]))
		}
	}
	return words
}

// From lo to hi in steps of `step`, the next rune in the orbit of r is r + delta.
type fold struct {
	lo, hi, step, delta rune
}

func folds() []fold {
	var list []fold
	var runes []rune
	for r := rune(0); r < end; r++ {
		if unicode.SimpleFold(r) != r {
			runes = append(runes, r)
		}
	}
	used := map[rune]bool{}
	for _, lo := range runes {
		if used[lo] {
			continue
		}
		best := fold{lo, lo, 1, unicode.SimpleFold(lo) - lo}
		for _, step := range []rune{1, 2} {
			for next := best.hi + step; best.hi == best.lo || best.step == step; next += step {
				if next >= end || used[next] || unicode.SimpleFold(next) != next+best.delta {
					break
				}
				best.hi, best.step = next, step
			}
		}
		for r := best.lo; r <= best.hi; r += best.step {
			used[r] = true
		}
		list = append(list, best)
	}
	checkNear(list)
	return list
}

// Runs in steps of two overlap. Who looks for a rune goes back from the last run that begins at or before it by CHIMERA_REGEXP_FOLD_NEAR at most.
func checkNear(list []fold) {
	for i, f := range list {
		for r := f.lo; r <= f.hi; r += f.step {
			last := sort.Search(len(list), func(j int) bool { return list[j].lo > r }) - 1
			if last-i > 3 {
				fail("%U is %d runs back", r, last-i)
			}
		}
	}
}

func printFolds(list []fold) {
	fmt.Printf("\n/* From lo to hi in steps of `step`, the next character in the same orbit of case. */\n")
	fmt.Printf("const struct chimera_regexp_fold chimera_regexp_folds[] = {")
	for i, f := range list {
		if i%3 == 0 {
			fmt.Printf("\n   ")
		}
		fmt.Printf(" {0x%x, 0x%x, %d, %d},", f.lo, f.hi, f.step, f.delta)
	}
	fmt.Printf("\n};\nconst size_t chimera_regexp_folds_count =\n    sizeof(chimera_regexp_folds) / sizeof(chimera_regexp_folds[0]);\n")
}

// As a pattern's names are compared: without spaces, hyphens and underscores, the first letter large, the others small.
func canonical(name string) string {
	name = strings.ToLower(strings.NewReplacer("_", "", "-", "", " ", "").Replace(name))
	return strings.ToUpper(name[:1]) + name[1:]
}

type property struct {
	categories uint32
	script     int
	isFolded   bool
}

// Does the table hold these runes and no other?
func check(name string, table *unicode.RangeTable, holds func(rune) bool) {
	for r := rune(0); r < end; r++ {
		if unicode.Is(table, r) != holds(r) {
			fail("%s differs at %U", name, r)
		}
	}
}

// Go folds a class with the runes of a second table, where there is one: they must be the rest of the orbits.
func checkFold(name string, table, more *unicode.RangeTable) bool {
	if more == nil {
		return false
	}
	for r := rune(0); r < end; r++ {
		inOrbit := false
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			inOrbit = inOrbit || unicode.Is(table, f)
		}
		if unicode.Is(more, r) && !inOrbit || inOrbit && !unicode.Is(table, r) && !unicode.Is(more, r) {
			fail("the fold of %s differs at %U", name, r)
		}
	}
	return true
}

func properties(category, script []int, scripts []string) map[string]property {
	all := map[string]property{}
	for name, table := range unicode.Categories {
		var mask uint32
		for i, c := range categories {
			if name == c || len(name) == 1 && c[0] == name[0] || name == "LC" && (c == "Ll" || c == "Lt" || c == "Lu") {
				mask |= 1 << i
			}
		}
		check(name, table, func(r rune) bool { return mask>>category[r]&1 == 1 })
		all[canonical(name)] = property{mask, 0, checkFold(name, table, unicode.FoldCategory[name])}
	}
	for alias, name := range unicode.CategoryAliases {
		all[canonical(alias)] = all[canonical(name)]
	}
	for i, name := range scripts {
		if i == 0 {
			continue
		}
		check(name, unicode.Scripts[name], func(r rune) bool { return script[r] == i })
		if _, there := all[canonical(name)]; there {
			fail("two things are named %s", name)
		}
		all[canonical(name)] = property{0, i, checkFold(name, unicode.Scripts[name], unicode.FoldScript[name])}
	}
	return all
}

func printProperties(all map[string]property) {
	var names []string
	for name := range all {
		names = append(names, name)
	}
	sort.Strings(names)
	fmt.Printf("\n/* In the order of the names. */\nconst struct chimera_regexp_property chimera_regexp_properties[] = {")
	for i, name := range names {
		if i%2 == 0 {
			fmt.Printf("\n   ")
		}
		fmt.Printf(" {%q, 0x%x, %d, %v},", name, all[name].categories, all[name].script, all[name].isFolded)
	}
	fmt.Printf("\n};\nconst size_t chimera_regexp_properties_count =\n    sizeof(chimera_regexp_properties) / sizeof(chimera_regexp_properties[0]);\n")
}

func main() {
	scripts := []string{""}
	for name := range unicode.Scripts {
		scripts = append(scripts, name)
	}
	sort.Strings(scripts)
	var tables []*unicode.RangeTable
	for i, name := range categories {
		if i == 0 {
			tables = append(tables, nil) // what is in no other
		} else {
			tables = append(tables, unicode.Categories[name])
		}
	}
	category := numbers(tables)
	tables = tables[:0]
	for _, name := range scripts {
		tables = append(tables, unicode.Scripts[name])
	}
	script := numbers(tables)
	all := properties(category, script, scripts)
	all["Ascii"] = property{0, 0, true} // it has no table; its reader knows
	all["Any"] = property{1<<len(categories) - 1, 0, false}
	all["Assigned"] = property{1<<len(categories) - 2, 0, false}

	fmt.Printf("/* SPDX-License-Identifier: Apache-2.0 */\n")
	fmt.Printf("/* Made by tests/regexp/make-tables.go from Unicode %s; do not edit. */\n", unicode.Version)
	fmt.Printf("/* clang-format off */\n#include \"runtime/regexp/unicode.h\"\n")
	printWords("Runs of one general category: the first character << 5 | the category.", "chimera_regexp_category_runs", runs(category, 5))
	printWords("Runs of one script: the first character << 8 | the script, 0 for none.", "chimera_regexp_script_runs", runs(script, 8))
	printFolds(folds())
	printProperties(all)
}
