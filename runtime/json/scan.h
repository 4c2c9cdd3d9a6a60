/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - a strict JSON reader over a slice: the caller pulls, nothing is built.
 *
 * RFC 8259 and UTF-8 are checked in full while values are skipped or read; at most 127 arrays and
 * objects may be open at once, as with serde_json. No allocation, no recursion. The first failure
 * is final: the function that met it returns false (or -1), and so must the caller. What failed is
 * kept in the words and at the place of serde_json, whose messages clients of the reference know.
 */
#ifndef CHIMERA_JSON_SCAN_H
#define CHIMERA_JSON_SCAN_H

#include "runtime/base/account.h"
#include "runtime/base/arena.h"
#include "runtime/base/error.h"

struct chimera_pass_index;

#define CHIMERA_SCAN_DEPTH_MAX 127
#define CHIMERA_SCAN_WHY_MAX 1000

/* A text of more bytes may be one string, which is read at once and takes so long a byte: whoever
 * has an account asks it first. */
#define CHIMERA_SCAN_AT_ONCE ((size_t)1 << 20)
#define CHIMERA_SCAN_AT_ONCE_NS 3

struct chimera_scan {
    const char *start, *at, *end;
    unsigned depth; /* arrays and objects open now */
    bool is_odd;    /* what is handed on as it stands has not its usual form: see shape.h */
    bool is_wide;   /* set by whoever reads: numbers that no double holds and half surrogates are
                       good, as for Go */
    /* Set by whoever reads, or NULL: where the values of the last array or object that was skipped
     * are written down, if it was one for the pass and there was room. */
    struct chimera_pass_index *index;
    /* Set by a failure only: */
    bool is_shape;         /* it is JSON so far, but not what was asked for */
    const char *why_at;    /* everything before it counts for line and column */
    const char *why_value; /* with is_shape: where the value in question begins */
    char why[CHIMERA_SCAN_WHY_MAX];
};

struct chimera_scan_text { /* a string's inside, as it stands in the input */
    struct chimera_slice raw;
    bool is_escaped; /* has backslashes */
};

/* Only the fields before `why_at` are set: this is on every request's path. */
static inline void chimera_scan_init(struct chimera_scan *scan, struct chimera_slice text)
{
    scan->start = scan->at = text.data;
    scan->end = text.data ? text.data + text.size : NULL;
    scan->depth = 0;
    scan->is_odd = false;
    scan->is_wide = false;
    scan->index = NULL;
    scan->is_shape = false;
}

/* Steps over white space; the byte that comes then, or -1 at the end. */
static inline int chimera_scan_peek(struct chimera_scan *scan)
{
    while (scan->at < scan->end) {
        unsigned char byte = (unsigned char)*scan->at;
        if (byte > ' ' || (byte != ' ' && byte != '\n' && byte != '\t' && byte != '\r'))
            return byte;
        scan->at++;
    }
    return -1;
}

/* Any value, checked. */
bool chimera_scan_skip(struct chimera_scan *scan, struct chimera_slice *ret_value);

/* These need that chimera_scan_peek() just returned '"', a digit or '-', or '{' or '['. */
bool chimera_scan_string(struct chimera_scan *scan, struct chimera_scan_text *ret_text);
bool chimera_scan_number(struct chimera_scan *scan);
bool chimera_scan_open(struct chimera_scan *scan);

/* true, false or null, of which chimera_scan_peek() just returned the first letter. */
bool chimera_scan_word(struct chimera_scan *scan);

/* 1: there is an element, or a key (which is read, but not its colon). 0: there is the closing
 * bracket, not yet read. -1: failure. */
int chimera_scan_next_element(struct chimera_scan *scan, bool is_first);
int chimera_scan_next_key(struct chimera_scan *scan, bool is_first,
                          struct chimera_scan_text *ret_key);
bool chimera_scan_colon(struct chimera_scan *scan);

/* Reads the bracket that a 0 announced. */
static inline void chimera_scan_close(struct chimera_scan *scan)
{
    scan->at++;
    scan->depth--;
}

/* Fails unless only white space is left. */
bool chimera_scan_end(struct chimera_scan *scan);

/* Both return false. `why_at` as in the struct. */
bool chimera_scan_fail(struct chimera_scan *scan, const char *why_at, const char *why)
    __attribute__((cold));
bool chimera_scan_fail_shape(struct chimera_scan *scan, const char *why_at, const char *value,
                             const char *format, ...) __attribute__((cold, format(printf, 4, 5)));

/* At the next byte, as serde_json places what it only looked at. */
bool chimera_scan_fail_next(struct chimera_scan *scan, const char *why) __attribute__((cold));

/* What failed, in the arena; with "request.uid: " before it if asked for, and with
 * " at line 1 column 79" behind it. */
struct chimera_slice chimera_scan_explain(const struct chimera_scan *scan, bool with_path,
                                          bool with_place, struct chimera_arena *arena);

/* The same, with the place, as CHIMERA_EINVAL in `err`. */
int chimera_scan_report(const struct chimera_scan *scan, struct chimera_error *err);

/* Whether `text` is one JSON value and nothing else. */
int chimera_json_check(struct chimera_slice text, struct chimera_error *err);
/* The same for a text that a guest chose; the account's code when that failed. `is_wide` as in the
 * struct. */
int chimera_json_check_within(struct chimera_slice text, bool is_wide,
                              struct chimera_account *account, struct chimera_error *err);

/* Writes the decoded text of a checked string to `to`, as much as fits whole into `capacity`;
 * raw.size is always enough. Returns its size. */
size_t chimera_scan_decode(struct chimera_slice raw, char *to, size_t capacity);

/* The decoded text; a copy in the arena only if there is an escape. .data is NULL when the arena is
 * full. */
struct chimera_slice chimera_scan_text(struct chimera_scan_text text, struct chimera_arena *arena);

#endif
