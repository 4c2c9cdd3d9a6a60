package main

import (
	"iter"
	"strconv"
	"unicode/utf16"
)

// value is the text of one JSON value; nil stands for a value that is not there. Reading and changing the text in place
// keeps encoding/json, a third of the module, out of it.
type value []byte

type pair struct{ key, value value }
type pairs []pair

// kind is the first character of the value, 0 for none.
func (v value) kind() byte {
	v = v[blank(v):]
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// members goes through an object; of anything else there are none.
func (v value) members() iter.Seq2[value, value] {
	return func(yield func(key, member value) bool) {
		if v.kind() != '{' {
			return
		}
		rest := v[blank(v)+1:]
		for {
			rest = rest[blank(rest):]
			if len(rest) == 0 || rest[0] != '"' {
				return
			}
			key := rest[:length(rest)]
			rest = rest[len(key):]
			rest = rest[blank(rest):]
			if len(rest) == 0 || rest[0] != ':' {
				return
			}
			rest = rest[1+blank(rest[1:]):]
			member := rest[:length(rest)]
			if len(member) == 0 || !yield(key, member) {
				return
			}
			rest = rest[len(member):]
			rest = rest[blank(rest):]
			if len(rest) == 0 || rest[0] != ',' {
				return
			}
			rest = rest[1:]
		}
	}
}

func (v value) member(name string) value {
	for key, member := range v.members() {
		if key.text() == name {
			return member
		}
	}
	return nil
}

// without is the members of v whose keys other does not have.
func (v value) without(other value) (left pairs) {
	for key, member := range v.members() {
		if other.member(key.text()) == nil {
			left = append(left, pair{key, member})
		}
	}
	return left
}

func (p pairs) lookup(key value) value {
	for _, each := range p {
		if each.key.text() == key.text() {
			return each.value
		}
	}
	return nil
}

// with is the object with one member set; of anything but an object, an object of that member alone.
func (v value) with(name string, member value) value {
	var all pairs
	found := false
	for key, old := range v.members() {
		if key.text() == name {
			old, found = member, true
		}
		all = append(all, pair{key, old})
	}
	if !found {
		all = append(all, pair{value(`"` + name + `"`), member})
	}
	return value(nil).append(all)
}

// append is the object with members added at its end.
func (v value) append(added pairs) value {
	text := value{'{'}
	put := func(key, member value) {
		if len(text) > 1 {
			text = append(text, ',')
		}
		text = append(append(append(text, key...), ':'), member...)
	}
	for key, member := range v.members() {
		put(key, member)
	}
	for _, each := range added {
		put(each.key, each.value)
	}
	return append(text, '}')
}

// inner is what a JSON string has between its quotes, escapes and all.
func (v value) inner() string {
	if v.kind() != '"' || len(v) < 2 {
		return ""
	}
	return string(v[1 : len(v)-1])
}

// text is the string that a JSON string stands for; "" for anything else.
func (v value) text() string {
	inner := v.inner()
	var text []byte
	for at := 0; at < len(inner); at++ {
		if inner[at] != '\\' || at+1 == len(inner) {
			text = append(text, inner[at])
			continue
		}
		at++
		switch inner[at] {
		case 'b':
			text = append(text, '\b')
		case 'f':
			text = append(text, '\f')
		case 'n':
			text = append(text, '\n')
		case 'r':
			text = append(text, '\r')
		case 't':
			text = append(text, '\t')
		case 'u':
			char := unit(inner[at:])
			at += 4
			if utf16.IsSurrogate(char) && at+2 < len(inner) && inner[at+1] == '\\' {
				char = utf16.DecodeRune(char, unit(inner[at+2:]))
				at += 6
			}
			text = append(text, string(char)...)
		default:
			text = append(text, inner[at])
		}
	}
	return string(text)
}

// unit reads `uXXXX`.
func unit(text string) rune {
	if len(text) < 5 {
		return '\uFFFD'
	}
	number, err := strconv.ParseUint(text[1:5], 16, 16)
	if err != nil {
		return '\uFFFD'
	}
	return rune(number)
}

func blank(text value) int {
	n := 0
	for n < len(text) && (text[n] == ' ' || text[n] == '\t' || text[n] == '\n' || text[n] == '\r') {
		n++
	}
	return n
}

// length is that of the value at the beginning of the text; it counts brackets, so that depth costs no stack.
func length(text value) int {
	depth, n := 0, 0
	for n < len(text) {
		switch text[n] {
		case '"':
			for n++; n < len(text) && text[n] != '"'; n++ {
				if text[n] == '\\' {
					n++
				}
			}
			if n >= len(text) {
				return len(text)
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return n
			}
			depth--
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return n
			}
			n++
			continue
		default: // a number or a word goes on
			n++
			continue
		}
		n++
		if depth == 0 && (text[n-1] == '"' || text[n-1] == '}' || text[n-1] == ']') {
			return n
		}
	}
	return n
}
