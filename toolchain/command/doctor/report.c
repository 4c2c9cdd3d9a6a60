/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/command/doctor/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/cleanup.h"
#include "runtime/text/printable.h"
#include "runtime/text/terminal.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/doctor/support.h"

#define LIST_MAX ((size_t)4 << 20)
#define NAME_WIDTH 20
#define INDENT (6 + NAME_WIDTH + 1) /* of what is told about a thing */

static const char *const words[] = {"ok", "note", "FAIL"};
static const char *const json_words[] = {"ok", "note", "fail"};

void doctor_report_init(struct doctor_report *report, bool is_json)
{
    *report = (struct doctor_report){.is_json = is_json};
    chimera_buffer_init(&report->out, LIST_MAX);
}

void doctor_report_done(struct doctor_report *report)
{
    chimera_buffer_free(&report->out);
}

/* --- JSON --- */

static void put_finding(struct doctor_report *report, enum doctor_finding finding, const char *what,
                        const char *text)
{
    struct chimera_buffer *out = &report->out;
    chimera_buffer_text(out, out->size > 0 ? ",\n    " : "\n    ");
    chimera_buffer_print(out, "{\"finding\": \"%s\", \"what\": ", json_words[finding]);
    support_put_text(what, out);
    chimera_buffer_text(out, ", \"text\": ");
    support_put_text(text, out);
    chimera_buffer_byte(out, '}');
}

/* --- Lines --- */

/* How much of the text stands on a line of so many bytes: whole words, if there are two. */
static size_t cut_line(const char *text, size_t room)
{
    size_t size = strlen(text), cut = 0;
    if (size <= room)
        return size;
    for (size_t i = 1; i <= room; i++)
        if (text[i] == ' ')
            cut = i;
    if (cut == 0)
        cut = strcspn(text, " ");
    return cut;
}

static void print_finding(enum doctor_finding finding, const char *what, const char *text)
{
    static const enum chimera_colour colours[] = {CHIMERA_COLOUR_GOOD, CHIMERA_COLOUR_NOTE,
                                                  CHIMERA_COLOUR_BAD};
    unsigned width = chimera_terminal_width(STDOUT_FILENO);
    size_t room = isatty(STDOUT_FILENO) && width > INDENT + 20 ? width - INDENT - 1 : SIZE_MAX;
    struct chimera_buffer shown;
    chimera_buffer_init(&shown, strlen(text) * CHIMERA_PRINTABLE_SIZE + 1);
    chimera_printable_append(chimera_slice_of(text), NULL, &shown);
    chimera_buffer_byte(&shown, '\0');
    const char *rest = shown.failed ? text : shown.data;
    printf("%s%-4s%s  %-*s ", chimera_colour(STDOUT_FILENO, colours[finding]), words[finding],
           chimera_colour_end(STDOUT_FILENO), NAME_WIDTH, what);
    for (size_t size; *rest; rest += size) {
        size = cut_line(rest, room);
        printf("%.*s\n", (int)size, rest);
        size += rest[size] == ' ';
        if (rest[size])
            printf("%*s", INDENT, "");
    }
    chimera_buffer_free(&shown);
    fflush(stdout); /* a registry may keep us waiting */
}

void doctor_say(struct doctor_report *report, enum doctor_finding finding, const char *what,
                const char *format, ...)
{
    CHIMERA_FREE char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    if (vasprintf(&text, format, arguments) < 0)
        text = NULL;
    va_end(arguments);
    report->bad += finding == DOCTOR_BAD;
    if (report->is_json)
        put_finding(report, finding, what, text ? text : "out of memory");
    else
        print_finding(finding, what, text && *text ? text : "out of memory");
}

void doctor_report_end(struct doctor_report *report)
{
    struct chimera_buffer all;
    if (!report->is_json) {
        puts(report->bad ? "\nSomething is missing: see FAIL." : "\nEverything needed is there.");
        return;
    }
    chimera_buffer_init(&all, 2 * LIST_MAX);
    chimera_buffer_print(
        &all, "{\n  \"chimera\": \"%s\",\n  \"kubewarden\": \"%s\",\n  \"good\": %s,\n",
        CHIMERA_VERSION, CHIMERA_KUBEWARDEN_VERSION, report->bad ? "false" : "true");
    chimera_buffer_text(&all, "  \"findings\": [");
    chimera_buffer_append(&all, chimera_buffer_slice(&report->out));
    chimera_buffer_text(&all, "\n  ],\n  \"environment\": {");
    support_put_environment(&all);
    chimera_buffer_text(&all, "\n  }\n}\n");
    if (all.failed)
        say_error("%s", chimera_code_text(all.failed));
    else
        say_json(chimera_buffer_slice(&all));
    chimera_buffer_free(&all);
}
