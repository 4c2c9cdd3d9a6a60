/* SPDX-License-Identifier: Apache-2.0 */
/* log.h - lines for whoever runs the program.
 *
 * Silent until a program opens it, which it does once, before it starts threads: the server to its
 * standard output in the reference's two forms (policy-server.md §6.4), the command to standard
 * error when it was asked to be verbose. Any thread may log, import functions included: a line is
 * built on the stack, and what does not fit is cut. What comes from a guest is escaped, so that it
 * cannot forge lines or send codes to a terminal.
 *
 * A line is one write(2) of who logs it; in a program that serves, a thread writes, and who logs
 * never waits (log_writer.h). What policies say, and what is said within a span of a policy, may be
 * limited (log_limit.h).
 *
 * A span says within what something is said: a request, its evaluation. Each thread has a chain of
 * them, the innermost in chimera_log_span; they lie on the stack of whoever begins them. A program
 * that begins none has lines without them.
 */
#ifndef CHIMERA_LOG_LOG_H
#define CHIMERA_LOG_LOG_H

#include <stdint.h>

#include "runtime/base/slice.h"

enum chimera_log_level {
    CHIMERA_LOG_TRACE,
    CHIMERA_LOG_DEBUG,
    CHIMERA_LOG_INFO,
    CHIMERA_LOG_WARN,
    CHIMERA_LOG_ERROR,
    CHIMERA_LOG_SILENT,
};

enum chimera_log_form { CHIMERA_LOG_TEXT, CHIMERA_LOG_JSON };

struct chimera_log_field {
    const char *name;
    enum { CHIMERA_FIELD_TEXT, CHIMERA_FIELD_WORD, CHIMERA_FIELD_NUMBER, CHIMERA_FIELD_BOOL } kind;
    struct chimera_slice text;
    int64_t number;
};

/* A text is quoted in the text form, a word is not. */
#define CHIMERA_TEXT(key, slice) \
    ((struct chimera_log_field){.name = (key), .kind = CHIMERA_FIELD_TEXT, .text = (slice)})
#define CHIMERA_WORD(key, slice) \
    ((struct chimera_log_field){.name = (key), .kind = CHIMERA_FIELD_WORD, .text = (slice)})
#define CHIMERA_NUMBER(key, value) \
    ((struct chimera_log_field){.name = (key), .kind = CHIMERA_FIELD_NUMBER, .number = (value)})
#define CHIMERA_BOOL(key, value) \
    ((struct chimera_log_field){.name = (key), .kind = CHIMERA_FIELD_BOOL, .number = (value)})

struct chimera_span {
    struct chimera_span *parent; /* NULL: the outermost */
    const char *name;
    struct chimera_log_field *field;
    size_t field_count;
    /* Fills in the fields when they are asked for, and clears itself; NULL: they are there. */
    void (*complete)(struct chimera_span *span);
    struct chimera_slice policy_id; /* whose evaluation it is; .data NULL: none's */
    uint64_t id;                    /* in traces; 0: not in them */
    uint64_t started_ns;            /* since 1970; only with an id */
    bool is_error;                  /* an error was logged in it */
};

extern _Thread_local struct chimera_span *chimera_log_span;

/* Gets what is logged within a span, besides the log; NULL: nobody does. Set before threads are
 * there. */
extern void (*chimera_log_tap)(enum chimera_log_level level, const char *target,
                               struct chimera_slice message, const struct chimera_log_field *fields,
                               size_t field_count);

/* The lowest level that is written. Set by chimera_log_open(), read by the macros. */
extern enum chimera_log_level chimera_log_from;

static inline bool chimera_log_is_on(enum chimera_log_level level)
{
    return level >= chimera_log_from;
}

/* Takes over `fd` for the life of the process. */
void chimera_log_open(int fd, enum chimera_log_form form, enum chimera_log_level from);

/* "trace", "debug", "info", "warn" or "warning", "error" in any case. */
bool chimera_log_level_parse(struct chimera_slice name, enum chimera_log_level *ret_level);

/* Writes without asking for the level; use the macros. `target` names the part that speaks. A
 * message whose .data is NULL is left out. */
void chimera_log_write(enum chimera_log_level level, const char *target,
                       struct chimera_slice message, const struct chimera_log_field *fields,
                       size_t field_count);

/* The same, within a span of that name if the thread is in one at all: what a guest says. */
void chimera_log_write_in(const char *span, enum chimera_log_level level, const char *target,
                          struct chimera_slice message, const struct chimera_log_field *fields,
                          size_t field_count);

/* The message is a slice; nothing is evaluated when the level is off. */
#define chimera_log(level, target, message)                           \
    do {                                                              \
        if (chimera_log_is_on(level))                                 \
            chimera_log_write((level), (target), (message), NULL, 0); \
    } while (0)

#define chimera_log_in(span, level, target, message, ...)                                   \
    do {                                                                                    \
        if (chimera_log_is_on(level)) {                                                     \
            const struct chimera_log_field chimera_log_fields[] = {__VA_ARGS__};            \
            chimera_log_write_in((span), (level), (target), (message), chimera_log_fields,  \
                                 sizeof(chimera_log_fields) / sizeof(*chimera_log_fields)); \
        }                                                                                   \
    } while (0)

#define chimera_log_with(level, target, message, ...)                                    \
    do {                                                                                 \
        if (chimera_log_is_on(level)) {                                                  \
            const struct chimera_log_field chimera_log_fields[] = {__VA_ARGS__};         \
            chimera_log_write((level), (target), (message), chimera_log_fields,          \
                              sizeof(chimera_log_fields) / sizeof(*chimera_log_fields)); \
        }                                                                                \
    } while (0)

#endif
