/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/text/problems.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/cleanup.h"
#include "runtime/text/printable.h"

#define LINE_MAX_BYTES ((size_t)4096)
#define TAIL_BYTES ((size_t)64) /* for what says how many more there are */

/* Takes the problem, at its place in the order; false without room. */
static bool insert(struct chimera_problems *problems, struct chimera_problem problem)
{
    struct chimera_problem *list =
        problems->count < CHIMERA_PROBLEMS_MAX
            ? reallocarray(problems->list, problems->count + 1, sizeof(*list))
            : NULL;
    if (!list || !problem.where || !problem.text)
        return false;
    size_t at = problems->count++;
    problems->list = list;
    for (; at > 0 && (problem.line < list[at - 1].line ||
                      (problem.line == list[at - 1].line && problem.column < list[at - 1].column));
         at--)
        list[at] = list[at - 1];
    list[at] = problem;
    return true;
}

void chimera_problems_add(struct chimera_problems *problems, size_t line, size_t column,
                          const char *where, const char *text)
{
    bool is_known = false;
    for (size_t i = 0; !is_known && *where && i < problems->count; i++)
        is_known = problems->list[i].line == line && problems->list[i].column == column &&
                   strcmp(problems->list[i].where, where) == 0;
    if (is_known)
        return;
    struct chimera_problem problem = {
        .line = line, .column = column, .where = strdup(where), .text = strdup(text)};
    if (insert(problems, problem))
        return;
    free(problem.where);
    free(problem.text);
    problems->left_out++;
}

void chimera_problems_move(struct chimera_problems *from, struct chimera_problems *to)
{
    for (size_t i = 0; i < from->count; i++)
        chimera_problems_add(to, from->list[i].line, from->list[i].column, from->list[i].where,
                             from->list[i].text);
    to->left_out += from->left_out;
    chimera_problems_done(from);
}

void chimera_problems_done(struct chimera_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        free(problems->list[i].where);
        free(problems->list[i].text);
    }
    free(problems->list);
    *problems = (struct chimera_problems){0};
}

/* The line of one problem, cut where it would be longer than any has to be. Owned by the caller,
 * who may get none. */
static char *line_of(const struct chimera_problem *problem, const char *file)
{
    struct chimera_buffer line;
    chimera_buffer_init(&line, CHIMERA_DETAILS_MAX);
    /* Without the end of its line. */
    struct chimera_buffer *out = &line;
    if (file)
        chimera_printable_append(chimera_slice_of(file), NULL, out);
    if (file && problem->line)
        chimera_buffer_print(out, ":%zu:%zu", problem->line, problem->column);
    chimera_buffer_text(out, file ? ": " : "");
    chimera_printable_append(chimera_slice_of(problem->where), NULL, out);
    chimera_buffer_text(out, *problem->where ? ": " : "");
    chimera_printable_append(chimera_slice_of(problem->text), NULL, out);
    if (line.size > LINE_MAX_BYTES) {
        line.size = LINE_MAX_BYTES;
        chimera_buffer_text(&line, " …");
    }
    chimera_buffer_byte(&line, '\0');
    if (!line.failed)
        return line.data;
    chimera_buffer_free(&line);
    return NULL;
}

void chimera_problems_write(const struct chimera_problems *problems, const char *file,
                            struct chimera_buffer *out)
{
    size_t told = 0;
    for (; told < problems->count; told++) {
        CHIMERA_FREE char *line = line_of(&problems->list[told], file);
        if (!line || out->size + strlen(line) + TAIL_BYTES > out->limit)
            break;
        chimera_buffer_print(out, "%s\n", line);
    }
    size_t left_out = problems->count - told + problems->left_out;
    if (left_out > 0)
        chimera_buffer_print(out, "and %zu more\n", left_out);
}

int chimera_problems_fail(const struct chimera_problems *problems, const char *file, int code,
                          struct chimera_error *err)
{
    if (!chimera_problems_any(problems))
        return CHIMERA_OK;
    size_t more = problems->count + problems->left_out - 1;
    CHIMERA_FREE char *line = problems->count ? line_of(&problems->list[0], file) : NULL;
    char tail[TAIL_BYTES] = "";
    if (more > 0)
        snprintf(tail, sizeof(tail), "; and %zu more mistake%s", more, more > 1 ? "s" : "");
    chimera_fail(err, code, "%.900s%s", line ? line : chimera_code_text(CHIMERA_ENOMEM), tail);
    if (more > 0 && err && err->details)
        chimera_problems_write(problems, file, err->details);
    return code;
}

char *chimera_problems_text(const struct chimera_problems *problems, const char *file)
{
    struct chimera_buffer text;
    chimera_buffer_init(&text, CHIMERA_DETAILS_MAX);
    chimera_problems_write(problems, file, &text);
    chimera_buffer_byte(&text, '\0');
    if (text.failed || text.size == 1)
        chimera_buffer_free(&text);
    return text.data;
}

void chimera_lines_each(struct chimera_slice lines, chimera_line_teller *tell, void *context)
{
    while (lines.size > 0) {
        const char *feed = memchr(lines.data, '\n', lines.size);
        size_t size = feed ? (size_t)(feed - lines.data) : lines.size;
        CHIMERA_FREE char *line = strndup(lines.data, size);
        tell(context, line ? line : chimera_code_text(CHIMERA_ENOMEM));
        size += feed ? 1 : 0;
        lines = (struct chimera_slice){lines.data + size, lines.size - size};
    }
}

void chimera_error_each(const struct chimera_error *err, chimera_line_teller *tell, void *context)
{
    if (err->details && err->details->size)
        chimera_lines_each(chimera_buffer_slice(err->details), tell, context);
    else
        tell(context, err->text);
}

int chimera_error_pass(const struct chimera_error *from, struct chimera_error *to)
{
    if (to && to->details && from->details && to->details != from->details)
        chimera_buffer_append(to->details, chimera_buffer_slice(from->details));
    return chimera_fail(to, from->code, "%s", from->text);
}
