/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/printable.h"

#include <stdlib.h>
#include <strings.h>

#include "runtime/base/cleanup.h"
#include "runtime/text/terminal.h"
#include "runtime/text/utf8.h"

#define MESSAGE_BASE ((size_t)1024) /* for its word and line ends */

struct range {
    uint32_t first, last;
};

/* Unicode's controls, format characters (but for the joiners), separators of lines and paragraphs.
 * In order. */
static const struct range HIDDEN[] = {
    {0x00, 0x1f},       {0x7f, 0x9f},       {0xad, 0xad},       {0x600, 0x605},
    {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},
    {0x8e2, 0x8e2},     {0x180e, 0x180e},   {0x200b, 0x200b},   {0x200e, 0x200f},
    {0x2028, 0x202e},   {0x2060, 0x206f},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0001, 0xe007f}};

#define HIDDEN_COUNT (sizeof(HIDDEN) / sizeof(HIDDEN[0]))

bool chimera_printable_is(uint32_t character)
{
    if (character >= 0x20 && character < 0x7f)
        return true;
    for (size_t i = 0; i < HIDDEN_COUNT && HIDDEN[i].first <= character; i++)
        if (character <= HIDDEN[i].last)
            return false;
    return true;
}

static int print_shown(uint32_t character, char room[CHIMERA_PRINTABLE_SIZE])
{
    char letter = character == '\n' ? 'n' : character == '\r' ? 'r' : character == '\t' ? 't' : 0;
    if (letter)
        return snprintf(room, CHIMERA_PRINTABLE_SIZE, "\\%c", letter);
    return snprintf(room, CHIMERA_PRINTABLE_SIZE, "\\u{%x}", (unsigned)character);
}

static int print_escape(uint32_t character, enum chimera_printable_form form,
                        char room[CHIMERA_PRINTABLE_SIZE])
{
    if (form == CHIMERA_PRINTABLE_SHOWN)
        return print_shown(character, room);
    if (form == CHIMERA_PRINTABLE_JSON || character < 0x10000) {
        if (character == '\n' || character == '\r' || character == '\t')
            return print_shown(character, room);
        if (character < 0x10000)
            return snprintf(room, CHIMERA_PRINTABLE_SIZE, "\\u%04x", (unsigned)character);
        unsigned above = character - 0x10000;
        return snprintf(room, CHIMERA_PRINTABLE_SIZE, "\\u%04x\\u%04x", 0xd800 + (above >> 10),
                        0xdc00 + (above & 0x3ff));
    }
    return snprintf(room, CHIMERA_PRINTABLE_SIZE, "\\U%08x", (unsigned)character);
}

size_t chimera_printable_next(struct chimera_slice text, enum chimera_printable_form form,
                              char room[CHIMERA_PRINTABLE_SIZE], struct chimera_slice *ret_shown)
{
    size_t size = chimera_utf8_character(text);
    if (size == 0) {
        *ret_shown = CHIMERA_SLICE("\xef\xbf\xbd");
        return 1;
    }
    /* Of a character that is well formed. */
    static const uint8_t head[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t character = (uint8_t)text.data[0] & head[size];
    for (size_t i = 1; i < size; i++)
        character = character << 6 | ((uint8_t)text.data[i] & 0x3f);
    *ret_shown = (struct chimera_slice){text.data, size};
    if (!chimera_printable_is(character))
        *ret_shown = (struct chimera_slice){room, (size_t)print_escape(character, form, room)};
    return size;
}

void chimera_printable_append(struct chimera_slice text, const char *line_end,
                              struct chimera_buffer *out)
{
    char room[CHIMERA_PRINTABLE_SIZE];
    while (text.size > 0) {
        struct chimera_slice shown;
        size_t size = 1;
        if (line_end && chimera_slice_starts(text, "\r\n"))
            size = 2;
        if (line_end && text.data[size - 1] == '\n')
            shown = chimera_slice_of(line_end);
        else if (line_end && text.data[0] == '\t')
            shown = CHIMERA_SLICE("\t");
        else
            size = chimera_printable_next(text, CHIMERA_PRINTABLE_SHOWN, room, &shown);
        chimera_buffer_append(out, shown);
        text = chimera_slice_behind(text, size);
    }
}

/* Runners of CI take "::error::" and the like at the start of a line, whatever its indentation, for
 * a command of ours, also where a policy has written it. */
static bool is_command(struct chimera_slice line)
{
    return chimera_slice_starts(chimera_slice_trim(line), "::");
}

static void append_message(struct chimera_slice text, struct chimera_buffer *out)
{
    /* Whether each further line begins with a blank. */
    bool is_indented = true;
    for (size_t i = 0; is_indented && i + 1 < text.size; i++)
        is_indented = text.data[i] != '\n' || text.data[i + 1] == ' ' || text.data[i + 1] == '\n';
    const char *margin = is_indented ? "\n" : "\n  ";
    for (bool is_first = true;; is_first = false) {
        const char *feed = text.size ? memchr(text.data, '\n', text.size) : NULL;
        size_t size = feed ? (size_t)(feed - text.data) : text.size;
        if (!is_first)
            chimera_buffer_text(out, size == 0 ? "\n" : margin);
        if (!is_first && is_command((struct chimera_slice){text.data, size}))
            chimera_buffer_text(out, "| ");
        chimera_printable_append((struct chimera_slice){text.data, size}, "", out);
        if (!feed)
            return;
        text = chimera_slice_behind(text, size + 1);
    }
}

static bool is_hushed;

void chimera_printable_hush(void)
{
    is_hushed = true;
}

static enum chimera_colour colour_of(const char *word)
{
    if (strcasecmp(word, "error") == 0)
        return CHIMERA_COLOUR_BAD;
    return strcasecmp(word, "warning") == 0 ? CHIMERA_COLOUR_NOTE : CHIMERA_COLOUR_BOLD;
}

void chimera_printable_vsay(FILE *to, const char *word, const char *format, va_list arguments)
{
    CHIMERA_FREE char *text = NULL;
    struct chimera_buffer out;
    if (is_hushed && word && colour_of(word) != CHIMERA_COLOUR_BAD)
        return;
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    struct chimera_slice message = text ? chimera_slice_of(text) : CHIMERA_SLICE("out of memory");
    chimera_buffer_init(&out, MESSAGE_BASE + message.size * CHIMERA_PRINTABLE_SIZE);
    int fd = fileno(to);
    if (word)
        chimera_buffer_print(&out, "%s%s:%s ", chimera_colour(fd, colour_of(word)), word,
                             chimera_colour_end(fd));
    append_message(message, &out);
    chimera_buffer_byte(&out, '\n');
    if (out.size)
        fwrite(out.data, 1, out.size, to); /* without memory, what there was room for */
    chimera_buffer_free(&out);
}

void chimera_printable_say(FILE *to, const char *word, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    chimera_printable_vsay(to, word, format, arguments);
    va_end(arguments);
}

void chimera_printable_document(struct chimera_slice text, enum chimera_printable_form form,
                                struct chimera_buffer *out)
{
    char room[CHIMERA_PRINTABLE_SIZE];
    while (text.size > 0) {
        struct chimera_slice shown = {text.data, 1};
        size_t size = 1;
        if (text.data[0] != '\n')
            size = chimera_printable_next(text, form, room, &shown);
        chimera_buffer_append(out, shown);
        text = chimera_slice_behind(text, size);
    }
}
