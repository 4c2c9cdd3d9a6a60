/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/bench/profile/function_name.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/text/printable.h"

#define HASH_DIGITS 16
#define PLAIN_MAX ((size_t)4096) /* while it is made readable */

static struct chimera_slice behind(struct chimera_slice text, size_t count)
{
    return (struct chimera_slice){text.data + count, text.size - count};
}

static bool is_hash(struct chimera_slice text)
{
    if (text.size != HASH_DIGITS + 1 || text.data[0] != 'h')
        return false;
    for (size_t i = 1; i < text.size; i++)
        if (!strchr("0123456789abcdef", text.data[i]) || text.data[i] == '\0')
            return false;
    return true;
}

/* --- Rust's legacy mangling: _ZN 4core 3fmt 5write 17h0123456789abcdef E --- */

/* What stands between dollars for a character that assemblers have no room for. */
static const struct {
    const char *word, *text;
} escapes[] = {{"SP", "@"}, {"BP", "*"}, {"RF", "&"}, {"LT", "<"},
               {"GT", ">"}, {"LP", "("}, {"RP", ")"}, {"C", ","}};

/* "$LT$" or "$u20$"; how many bytes it takes, 0: it is none. */
static size_t take_escape(struct chimera_slice text, struct chimera_buffer *out)
{
    const char *end = text.size > 1 ? memchr(text.data + 1, '$', text.size - 1) : NULL;
    size_t size = end ? (size_t)(end - text.data) - 1 : 0;
    struct chimera_slice word = {text.data + 1, size};
    unsigned character = 0;
    for (size_t i = 0; end && i < sizeof(escapes) / sizeof(escapes[0]); i++)
        if (chimera_slice_is(word, escapes[i].word)) {
            chimera_buffer_text(out, escapes[i].text);
            return size + 2;
        }
    if (size != 3 || word.data[0] != 'u') /* those that rustc writes are of ASCII */
        return 0;
    for (size_t i = 1; i < size; i++) {
        const char *digit = word.data[i] ? strchr("0123456789abcdef", word.data[i]) : NULL;
        if (!digit)
            return 0;
        character = character * 16 + (unsigned)(digit - "0123456789abcdef");
    }
    if (character < ' ' || character > '~')
        return 0;
    chimera_buffer_byte(out, (uint8_t)character);
    return size + 2;
}

static void write_part(struct chimera_slice part, struct chimera_buffer *out)
{
    if (chimera_slice_starts(part, "_$")) /* keeps it from beginning with a dollar */
        part = behind(part, 1);
    while (part.size > 0) {
        size_t taken = part.data[0] == '$' ? take_escape(part, out) : 0;
        if (taken == 0 && chimera_slice_starts(part, "..")) {
            chimera_buffer_text(out, "::");
            taken = 2;
        } else if (taken == 0) {
            chimera_buffer_byte(out, (uint8_t)part.data[0]);
            taken = 1;
        }
        part = behind(part, taken);
    }
}

/* "4core"; false where that is not what stands there. */
static bool take_part(struct chimera_slice *text, struct chimera_slice *ret_part)
{
    size_t size = 0, at = 0;
    while (at < text->size && at < 4 && text->data[at] >= '0' && text->data[at] <= '9')
        size = size * 10 + (size_t)(text->data[at++] - '0');
    if (at == 0 || size == 0 || size > text->size - at)
        return false;
    *ret_part = (struct chimera_slice){text->data + at, size};
    *text = behind(*text, at + size);
    return true;
}

/* False where it is no such name: then what was written is to be forgotten. */
static bool undo_mangling(struct chimera_slice name, struct chimera_buffer *out)
{
    struct chimera_slice part;
    bool has_hash = false;
    if (!chimera_slice_starts(name, "_ZN"))
        return false;
    name = behind(name, 3);
    for (bool is_first = true; take_part(&name, &part); is_first = false) {
        has_hash = is_hash(part);
        if (has_hash)
            break;
        if (!is_first)
            chimera_buffer_text(out, "::");
        write_part(part, out);
    }
    return has_hash && chimera_slice_is(name, "E");
}

/* --- Other names --- */

static struct chimera_slice without_hash(struct chimera_slice name)
{
    const size_t size = strlen("::") + 1 + HASH_DIGITS;
    if (name.size <= size)
        return name;
    struct chimera_slice end = behind(name, name.size - size);
    if (chimera_slice_starts(end, "::") && is_hash(behind(end, 2)))
        name.size -= size;
    return name;
}

/* "g0.data.policy.violations" */
static struct chimera_slice without_call_number(struct chimera_slice name)
{
    size_t at = 1;
    if (name.size == 0 || name.data[0] != 'g')
        return name;
    while (at < name.size && name.data[at] >= '0' && name.data[at] <= '9')
        at++;
    bool is_rule = at > 1 && chimera_slice_starts(behind(name, at), ".data.");
    return is_rule ? behind(name, at + 1) : name;
}

/* A character at a time, none of them cut. */
static void write_readable(struct chimera_slice name, struct chimera_buffer *out)
{
    size_t size = 0;
    while (name.size > 0) {
        char room[CHIMERA_PRINTABLE_SIZE];
        struct chimera_slice shown;
        size_t taken = chimera_printable_next(name, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        if (size + shown.size > FUNCTION_NAME_MAX) {
            chimera_buffer_text(out, "…");
            return;
        }
        chimera_buffer_append(out, chimera_slice_is(shown, ";") ? CHIMERA_SLICE(":") : shown);
        size += shown.size;
        name = behind(name, taken);
    }
}

void function_name_write(struct chimera_slice name, uint32_t function, struct chimera_buffer *out)
{
    struct chimera_buffer plain;
    chimera_buffer_init(&plain, PLAIN_MAX);
    if (name.size == 0)
        chimera_buffer_print(out, "function %u", function);
    else if (undo_mangling(name, &plain) && plain.size > 0 && !plain.failed)
        write_readable(chimera_buffer_slice(&plain), out);
    else
        write_readable(without_call_number(without_hash(name)), out);
    chimera_buffer_free(&plain);
}
