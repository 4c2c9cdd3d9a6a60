// SPDX-License-Identifier: Apache-2.0

// make-cases writes cases for tests/unit/runtime/regexp/test_regexp.c: what Go's own regexp makes of expressions and texts.
//
//	go run tests/regexp/make-cases.go >tests/regexp/cases.txt
//	go run tests/regexp/make-cases.go -sets >tests/regexp/sets.txt
//	go run tests/regexp/make-cases.go -random 1000000 -seed 1 | build/bin/test_regexp -
//
// The first is what is committed: the expressions of list.txt, a sample of all small ones, and some random ones. The second
// says of every class with a name which characters are in it. The third is a run of random ones alone.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math/rand"
	"os"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

var out = bufio.NewWriterSize(os.Stdout, 1<<20)

func quote(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' {
			fmt.Fprintf(&b, `\x%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Writes a case; false when it is none that C can tell: its messages end at a NUL. They are cut after 999 bytes.
func write(pattern, text, template string) bool {
	re, err := regexp.Compile(pattern)
	if err != nil {
		message := err.Error()
		if strings.Contains(message, "\x00") {
			return false
		}
		if len(message) > 999 {
			message = message[:999]
		}
		fmt.Fprintf(out, "%s\t%s\t\t!%s\t\n", quote(pattern), quote(text), quote(message))
		return true
	}
	var want []string
	for _, match := range re.FindAllStringSubmatchIndex(text, -1) {
		var groups []string
		for i := 0; i < len(match); i += 2 {
			if match[i] < 0 {
				groups = append(groups, "-")
			} else {
				groups = append(groups, fmt.Sprintf("%d-%d", match[i], match[i+1]))
			}
		}
		want = append(want, strings.Join(groups, ","))
	}
	fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", quote(pattern), quote(text), quote(template), strings.Join(want, ";"),
		quote(re.ReplaceAllString(text, template)))
	return true
}

// --- All small expressions over two letters. ---

var atoms = []string{"a", "b", ".", "(?:)", "^", "$", `\b`}
var repeats = []string{"*", "+", "?", "*?", "+?", "??", "{2}", "{0,2}", "{1,}?", "{0}"}

// Expressions with this many operators.
func small(size int, memo map[int][]string) []string {
	if all, done := memo[size]; done {
		return all
	}
	all := []string{}
	if size == 0 {
		all = atoms
	}
	for i := 0; size > 0 && i < size; i++ {
		for _, left := range small(i, memo) {
			for _, right := range small(size-1-i, memo) {
				all = append(all, group(left)+group(right), "(?:"+left+"|"+right+")")
			}
		}
	}
	if size > 0 {
		for _, inner := range small(size-1, memo) {
			all = append(all, "("+inner+")")
			for _, repeat := range repeats {
				all = append(all, "(?:"+inner+")"+repeat)
			}
		}
	}
	memo[size] = all
	return all
}

func group(s string) string {
	if len(s) == 1 || strings.HasSuffix(s, ")") && strings.Count(s, "(") == 1 {
		return s
	}
	return "(?:" + s + ")"
}

func smallText(r *rand.Rand) string {
	var b strings.Builder
	for n := r.Intn(7); n > 0; n-- {
		b.WriteByte("aaabbb c\n"[r.Intn(9)])
	}
	return b.String()
}

// Texts that have many blocks, and expressions with many states.
func long() {
	r := rand.New(rand.NewSource(5))
	for _, pattern := range []string{"[ab]*a[ab]{9}b", "a[ab]{12}b", "(a|b日){2,3}?é", `\ba+\b|日+`, "(?:a|b)*?é(b*)", "(?m)^[ab]+$", "b(?:.*z)?", "[^a]+|a$", "x", "(?:ab|ba|aab|bab){7}é日",
		"(?:a[ab]|b[ab]{2}){6}日\\n", "(?:[ab]{2}|日){4}é{2}b"} {
		var b strings.Builder
		for b.Len() < 1500 {
			b.WriteString([]string{"a", "a", "b", "b", "ab", "aab", "日", "é", "\n", "\xff"}[r.Intn(10)])
		}
		write(pattern, b.String(), "$1")
	}
}

// --- Random expressions. ---

type generator struct {
	*rand.Rand
	letters []string
}

func (g *generator) pick(list ...string) string {
	return list[g.Intn(len(list))]
}

var escapes = []string{`\d`, `\D`, `\w`, `\W`, `\s`, `\S`, `\pL`, `\PL`, `\p{Greek}`, `\P{^Lu}`, `\pN`, `\p{Ll}`, `\p{Latin}`, `\p{Any}`,
	`\p{ASCII}`, `\p{Han}`, `\p{Mn}`, `\p{letter}`, `\p{Cased_Letter}`, `\p{Common}`, `\p{Inherited}`, `\p{Cn}`, `\p{Assigned}`, `\p{Lt}`, `\pZ`, `\p{Nl}`}
var posix = []string{"alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit", "^alpha",
	"^word", "^space"}
var characters = []string{`\n`, `\t`, `\x41`, `\x{1F600}`, `\101`, `\07`, `\.`, `\-`, `\_`, `\]`, `\a`, `\f`, `\r`, `\v`, `\x{fffd}`, `\x{17f}`, `\x{212A}`}

func (g *generator) letter() string {
	if g.Intn(12) == 0 {
		return characters[g.Intn(len(characters))]
	}
	letter := g.letters[g.Intn(len(g.letters))]
	if !utf8.ValidString(letter) && g.Intn(20) > 0 {
		return "�" // what they count as
	}
	return letter
}

func (g *generator) class() string {
	var b strings.Builder
	b.WriteString("[")
	if g.Intn(3) == 0 {
		b.WriteString("^")
	}
	for n := 1 + g.Intn(3); n > 0; n-- {
		switch g.Intn(8) {
		case 0:
			b.WriteString(escapes[g.Intn(len(escapes))])
		case 1:
			b.WriteString("[:" + posix[g.Intn(len(posix))] + ":]")
		case 2, 3:
			b.WriteString(g.pick("a-z", "A-Z", "0-9", "a-b", "b-k", "À-ÿ", "α-ω", "一-龥", "K-S", "-", "a-", "]", "j-t", "Ā-ſ"))
		default:
			b.WriteString(g.letter())
		}
	}
	return b.String() + "]"
}

func (g *generator) atom() string {
	switch g.Intn(20) {
	case 0:
		return "."
	case 1:
		return g.pick("^", "$", `\A`, `\z`, "^", "$")
	case 2:
		return g.pick(`\b`, `\B`)
	case 3, 4:
		return g.class()
	case 5:
		return escapes[g.Intn(len(escapes))]
	case 6:
		return g.pick(`\Qa.b\E`, `\Q\E`, `\Q*`, "(?:)", "()", "[^\\x00-\\x{10FFFF}]", "{", "{,2}", "a{", "}", "]", "-")
	default:
		return g.letter()
	}
}

func (g *generator) flags() string {
	return g.pick("i", "i", "m", "s", "U", "im", "is", "i-s", "-i", "-m", "m-i", "Us", "-U")
}

func (g *generator) expression(depth int) string {
	if depth <= 0 {
		return g.atom()
	}
	switch g.Intn(14) {
	case 0, 1, 2, 3:
		return g.expression(depth-1) + g.expression(depth-1)
	case 4, 5:
		return g.expression(depth-1) + "|" + g.expression(depth-1)
	case 6, 7:
		return "(" + g.expression(depth-1) + ")"
	case 8:
		return "(?:" + g.expression(depth-1) + ")"
	case 9:
		return g.pick("(?P<n>", "(?<n>", "(?P<x1>", "(?<n>") + g.expression(depth-1) + ")"
	case 10:
		return g.pick("(?"+g.flags()+":", "(?:(?"+g.flags()+")") + g.expression(depth-1) + ")"
	case 11, 12:
		inner := g.atom()
		if g.Intn(2) == 0 {
			inner = g.pick("(", "(?:") + g.expression(depth-2) + ")"
		}
		return inner + g.repeat()
	default:
		return g.atom()
	}
}

func (g *generator) repeat() string {
	r := g.pick("*", "+", "?", "*", "+", "?", "{0}", "{1}", "{2}", "{3}", "{0,1}", "{0,3}", "{1,2}", "{2,}", "{0,}", "{1,}", "{2,4}", "{0,0}")
	if g.Intn(60) == 0 {
		r = g.pick("**", "+*", "???", "{2}{3}", "{1001}", "{2,1}", "{50}", "{7,40}", "{999999999999}", "{1,1001}", "{01}", "{1", "{,1}", "{1,2", "{500}", "*{2}")
	}
	return r + g.pick("", "", "?")
}

// Small changes, most of which Go refuses.
func (g *generator) spoil(pattern string) string {
	const bits = `()[]{}|*+?^$.\-,:<>P=!imsU019adwpQEzAB[]()`
	b := []byte(pattern)
	for n := 1 + g.Intn(3); n > 0; n-- {
		at := g.Intn(len(b) + 1)
		switch {
		case g.Intn(3) == 0 && at < len(b):
			b = append(b[:at], b[at+1:]...)
		case g.Intn(20) == 0:
			b = append(b[:at], append([]byte{byte(0x80 + g.Intn(128))}, b[at:]...)...)
		default:
			b = append(b[:at], append([]byte{bits[g.Intn(len(bits))]}, b[at:]...)...)
		}
	}
	return string(b)
}

var alphabets = [][]string{
	{"a", "b"}, {"a", "b", "c"}, {"a", "A", "b", "B"}, {"k", "K", "K", "s", "ſ", "S"}, {"a", "1", "_", " ", "-"}, {"é", "É", "日", "本", "a"},
	{"σ", "ς", "Σ", "ǆ", "ǅ", "Ǆ"}, {"a", " ", "\n"}, {"ß", "ẞ", "ι", "ͅ", "Ι", "ι"}, {"\xff", "\xe2\x82", "a", "�"}, {"😀", "a", "\x00", "\t"},
}

func (g *generator) text() string {
	var b strings.Builder
	n := g.Intn(12)
	if g.Intn(20) == 0 {
		n = g.Intn(150)
	}
	for ; n > 0; n-- {
		switch g.Intn(16) {
		case 0:
			b.WriteString(g.pick("\n", " ", "x", "1", "_", "é", "日", "\xff", "\xe2\x82", "�", "-", "\xf0\x9f\x98", "\xc0\x80", "\xed\xa0\x80"))
		default:
			b.WriteString(g.letters[g.Intn(len(g.letters))])
		}
	}
	return b.String()
}

func (g *generator) template() string {
	return g.pick("<$0>", "$1", "[${n}]", "$n$$", "x", "", "${1}a$2", "$x1", "$1a", "${", "$", "${0", "$é", "$00", "${n}$1", "$10", "$-")
}

func random(count int, seed int64) {
	g := &generator{Rand: rand.New(rand.NewSource(seed))}
	for i := 0; i < count; {
		g.letters = alphabets[g.Intn(len(alphabets))]
		pattern := g.expression(1 + g.Intn(5))
		if g.Intn(6) == 0 {
			pattern = "(?" + g.flags() + ")" + pattern
		}
		if g.Intn(5) == 0 {
			pattern = g.spoil(pattern)
		}
		for n := 1 + g.Intn(3); n > 0 && i < count; n-- {
			if !write(pattern, g.text(), g.template()) {
				break
			}
			i++
		}
	}
}

// --- What is committed. ---

// Lines of a pattern and a text between tabs, with Go's escapes in quotes.
func list(path string) {
	file, err := os.ReadFile(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, line := range strings.Split(string(file), "\n") {
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		pattern, text, _ := strings.Cut(line, "\t")
		text = strings.NewReplacer(`\n`, "\n", `\v`, "\v", `\xff`, "\xff", `\t`, "\t").Replace(text)
		write(pattern, text, "<$0>")
	}
	deep := func(n int, open, in, shut string) string {
		return strings.Repeat(open, n) + in + strings.Repeat(shut, n)
	}
	for _, n := range []int{3, 998, 999, 1000, 1001} {
		for _, pattern := range []string{deep(n, "(", "a", ")"), deep(n, "(?:", "a", ")"), deep(n, "(?:", "a", ")*"), deep(n, "(?:a|b", "c", ")"),
			deep(n, "(?:a|bc", "", ")"), deep(n, "(?:", "ab", ")?"), deep(n, "(x", "", ")"), deep(n-1, "(", "(?i:a)b", ")"), deep(n-1, "(", "a[b]", ")"), deep(n-1, "(", "a|[bc]", ")"),
			deep(n-1, "(", "(?i:k)|[a]b", ")"), deep(n-1, "(", "[Aa]a", ")"), deep(n-1, "(", "(?i:b)[Aa]", ")"), deep(n-1, "(", "|", ")")} {
			write(pattern, "aab", "$0")
		}
	}
}

func sample(count int) {
	r := rand.New(rand.NewSource(1))
	memo := map[int][]string{}
	for _, pattern := range append(append([]string{}, small(0, memo)...), small(1, memo)...) {
		write(pattern, smallText(r), "<$0>")
	}
	all := small(3, memo)
	two := small(2, memo)
	for i := 0; i < count; i++ {
		write(two[r.Intn(len(two))], smallText(r), "<$0>")
		write(all[r.Intn(len(all))], smallText(r), "<$1>")
	}
}

// --- Sets. ---

func hash(values ...rune) uint64 {
	h := uint64(14695981039346656037) // FNV-1a, of numbers instead of bytes
	for _, v := range values {
		h = (h ^ uint64(v)) * 1099511628211
	}
	return h
}

// How many ranges the class has, and a hash of their bounds.
func writeSet(pattern string) {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil || re.Op != syntax.OpCharClass && re.Op != syntax.OpAnyChar {
		return
	}
	if re.Op == syntax.OpAnyChar {
		re.Rune = []rune{0, unicode.MaxRune}
	}
	var ranges []rune
	for i := 0; i < len(re.Rune); i += 2 {
		if n := len(ranges); n > 0 && ranges[n-1]+1 == re.Rune[i] {
			ranges[n-1] = re.Rune[i+1]
		} else {
			ranges = append(ranges, re.Rune[i], re.Rune[i+1])
		}
	}
	fmt.Fprintf(out, "%s\t%d\t%016x\n", pattern, len(ranges)/2, hash(ranges...))
}

func sets() {
	var names []string
	for name := range unicode.Categories {
		names = append(names, name)
	}
	for name := range unicode.Scripts {
		names = append(names, name)
	}
	for name := range unicode.CategoryAliases {
		names = append(names, name)
	}
	names = append(names, "Any", "Assigned", "ASCII")
	slices.Sort(names)
	var folds []rune
	for r := rune(0); r <= unicode.MaxRune; r++ {
		folds = append(folds, unicode.SimpleFold(r))
	}
	fmt.Fprintf(out, "folds\t%d\t%016x\n", len(folds), hash(folds...))
	for _, flags := range []string{"", "(?i)"} {
		for _, name := range names {
			writeSet(flags + `\p{` + name + "}")
			writeSet(flags + `\P{` + name + "}")
		}
		for _, name := range posix {
			writeSet(flags + "[[:" + name + ":]]")
		}
		for _, class := range []string{`\d`, `\D`, `\s`, `\S`, `\w`, `\W`, `[\x{0}-\x{FFF}]`, `[^\x{100}-\x{1FFFF}]`, `[k-s]`, `[\x{212A}-\x{1E943}]`, `[\x{40}-\x{10FFFF}]`,
			`[\x{42}-\x{10FFFF}]`, `[\d\pL--]`, `[^\D]`, `[^\x{0}-\x{10FFFE}]`, `[α-ω]`, `[ſ-ƀ]`, `[Ā-Ż]`, `[\x{10400}-\x{10410}]`} {
			writeSet(flags + class)
		}
	}
}

func main() {
	areSets := flag.Bool("sets", false, "write what is in each class")
	count := flag.Int("random", 0, "write only so many random cases")
	smallCount := flag.Int("small", 0, "write only so many of the small expressions")
	seed := flag.Int64("seed", 1, "of the random cases")
	path := flag.String("list", "tests/regexp/list.txt", "expressions and texts")
	flag.Parse()
	defer out.Flush()
	if *areSets {
		sets()
		return
	}
	if *count > 0 || *smallCount > 0 {
		sample(*smallCount / 2)
		random(*count, *seed)
		return
	}
	list(*path)
	long()
	sample(600)
	random(1500, 7)
}
