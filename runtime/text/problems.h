/* SPDX-License-Identifier: Apache-2.0 */
/* problems.h - all that is wrong with something, not the first thing alone.
 *
 * Whoever checks adds what is wrong and goes on; at the end chimera_problems_fail() makes one error
 * of it, whose text is the first problem and how many more there are, and which has all of them, a
 * line each, in its `details` if the caller wants them. Texts are made fit to be shown
 * (printable.h). Without memory a problem is counted and not told.
 */
#ifndef CHIMERA_TEXT_PROBLEMS_H
#define CHIMERA_TEXT_PROBLEMS_H

#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

#define CHIMERA_PROBLEMS_MAX 1000 /* that are told */
#define CHIMERA_DETAILS_MAX ((size_t)60 << 10)

struct chimera_problem {
    size_t line, column; /* from 1 on; 0: no place */
    char *where;         /* owned: "gate.policies.a.module"; "": the whole */
    char *text;          /* owned */
};

struct chimera_problems {         /* all zero: none */
    struct chimera_problem *list; /* owned; in the order of places, then as they were added */
    size_t count, left_out;
};

/* Unless there is one with the same place and the same, not empty, `where`: one mistake has often
 * two effects. */
void chimera_problems_add(struct chimera_problems *problems, size_t line, size_t column,
                          const char *where, const char *text);
/* All of `from`, which has none then. */
void chimera_problems_move(struct chimera_problems *from, struct chimera_problems *to);
static inline bool chimera_problems_any(const struct chimera_problems *problems)
{
    return problems->count + problems->left_out > 0;
}
void chimera_problems_done(struct chimera_problems *problems);

/* Lines "FILE:LINE:COLUMN: WHERE: TEXT", as many as `out` takes, and how many more there are.
 * `file` may be NULL. */
void chimera_problems_write(const struct chimera_problems *problems, const char *file,
                            struct chimera_buffer *out);

/* Fills `err` if there are any; returns `code` then, else 0. */
int chimera_problems_fail(const struct chimera_problems *problems, const char *file, int code,
                          struct chimera_error *err);

/* The lines that chimera_problems_write() has written, as one text; owned by the caller. NULL for
 * none, and without memory. */
char *chimera_problems_text(const struct chimera_problems *problems, const char *file);

/* Each line of such a text; of the error's details or, where there are none, its own text. */
typedef void chimera_line_teller(void *context, const char *line);
void chimera_lines_each(struct chimera_slice lines, chimera_line_teller *tell, void *context);
void chimera_error_each(const struct chimera_error *err, chimera_line_teller *tell, void *context);

/* The same error once more, its details included. */
int chimera_error_pass(const struct chimera_error *from, struct chimera_error *to);

#endif
