/* SPDX-License-Identifier: Apache-2.0 */
/* Mail addresses as Go's net/mail reads one: RFC 5322 §3.4 without its oldest forms, with the
 * characters of RFC 6532. A name may stand before the address, comments behind it.
 */
#include "runtime/rego/builtins/schema/schema_internal.h"
#include "runtime/rego/builtins/uri/reference.h"
#include "runtime/rego/quote.h"
#include "runtime/text/utf8.h"

static bool is_visible(uint32_t rune)
{
    return (rune >= '!' && rune <= '~') || rune >= 0x80;
}

static bool is_blank(uint32_t rune)
{
    return rune == ' ' || rune == '\t';
}

static void skip_blanks(struct chimera_slice *text)
{
    while (text->size && is_blank((unsigned char)text->data[0]))
        *text = chimera_slice_behind(*text, 1);
}

static int peek(struct chimera_slice text)
{
    return text.size ? (unsigned char)text.data[0] : -1;
}

static bool take(struct chimera_slice *text, char mark)
{
    bool is_there = peek(*text) == mark;
    if (is_there)
        *text = chimera_slice_behind(*text, 1);
    return is_there;
}

/* "(…)", with others inside, from behind its first bracket on. */
static bool skip_comment(struct chimera_slice *text)
{
    size_t depth = 1;
    while (text->size && depth) {
        int c = peek(*text);
        if (c == '\\' && text->size > 1)
            *text = chimera_slice_behind(*text, 1);
        else if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        *text = chimera_slice_behind(*text, 1);
    }
    return depth == 0;
}

static bool skip_comments(struct chimera_slice *text)
{
    skip_blanks(text);
    while (take(text, '(')) {
        if (!skip_comment(text))
            return false;
        skip_blanks(text);
    }
    return true;
}

/* Letters and what else needs no quotes, and dots; what it took is behind in *ret_atom. */
static bool take_atom(struct chimera_slice *text, struct chimera_slice *ret_atom)
{
    struct chimera_slice rest = *text, before;
    do {
        before = rest;
        if (rest.size == 0)
            break;
        uint32_t rune = chimera_rego_take_rune(&rest);
        if (!is_visible(rune) || (rune < 0x80 && strchr("()<>[]:;@\\,\"", (int)rune)))
            break;
    } while (true);
    *ret_atom = (struct chimera_slice){text->data, text->size - before.size};
    *text = before;
    return ret_atom->size > 0;
}

/* Dots stand between others. */
static bool take_dotted(struct chimera_slice *text)
{
    struct chimera_slice atom;
    return take_atom(text, &atom) && atom.data[0] != '.' && atom.data[atom.size - 1] != '.' &&
           !memmem(atom.data, atom.size, "..", 2);
}

static bool take_quoted(struct chimera_slice *text, bool *ret_is_empty)
{
    bool is_escaped = false;
    *ret_is_empty = true;
    struct chimera_slice rest = chimera_slice_behind(*text, 1);
    while (rest.size) {
        uint32_t rune = chimera_rego_take_rune(&rest);
        if (!is_escaped && rune == '"') {
            *text = rest;
            return true;
        }
        if (!is_visible(rune) && !is_blank(rune))
            return false;
        is_escaped = !is_escaped && rune == '\\';
        *ret_is_empty &= is_escaped;
    }
    return false;
}

static bool take_literal(struct chimera_slice *text)
{
    const char *close = memchr(text->data, ']', text->size);
    size_t size = close ? (size_t)(close - text->data) : 0;
    bool has_zone;
    if (size == 0 ||
        !chimera_uri_address((struct chimera_slice){text->data + 1, size - 1}, &has_zone) ||
        has_zone)
        return false;
    *text = chimera_slice_behind(*text, size + 1);
    return true;
}

/* local@domain; nothing is taken where it is none. */
static bool take_address(struct chimera_slice *text)
{
    struct chimera_slice rest = *text;
    bool is_empty = false;
    skip_blanks(&rest);
    bool is_good =
        peek(rest) == '"' ? take_quoted(&rest, &is_empty) && !is_empty : take_dotted(&rest);
    if (!is_good || !take(&rest, '@'))
        return false;
    skip_blanks(&rest);
    if (!(peek(rest) == '[' ? take_literal(&rest) : take_dotted(&rest)))
        return false;
    *text = rest;
    return true;
}

/* Words of a name. An encoded word (RFC 2047) is a word like others: all that Go refuses about one
 * is a character set that it does not know. */
static bool take_phrase(struct chimera_slice *text)
{
    struct chimera_slice atom;
    size_t words = 0;
    bool is_word = true, is_empty;
    while (is_word) {
        if (words && !skip_comments(text))
            return false;
        skip_blanks(text);
        if (text->size == 0)
            return true;
        is_word = peek(*text) == '"' ? take_quoted(text, &is_empty) : take_atom(text, &atom);
        words += is_word;
    }
    return words > 0;
}

/* A mailbox, or with `is_group` "name: mailbox;". */
static bool take_mailbox(struct chimera_slice *text, bool is_group)
{
    skip_blanks(text);
    if (text->size == 0)
        return false;
    if (take_address(text)) {
        skip_blanks(text);
        return !take(text, '(') || skip_comment(text);
    }
    if (peek(*text) != '<' && !take_phrase(text))
        return false;
    skip_blanks(text);
    if (is_group && take(text, ':'))
        return take_mailbox(text, false) && skip_comments(text) && take(text, ';') &&
               skip_comments(text);
    return take(text, '<') && take_address(text) && take(text, '>');
}

bool chimera_mail_is_address(struct chimera_slice text)
{
    return take_mailbox(&text, true) && skip_comments(&text) && text.size == 0;
}
