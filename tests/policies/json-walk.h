/* SPDX-License-Identifier: Apache-2.0 */
/* json-walk.h - finds a value in a JSON text without building anything; shared by the C policies here.
 *
 * The text must end in NUL. It is trusted to be JSON (an API server wrote it); on a text that breaks off, every
 * function stops at the NUL. Keys are compared as written: an API server never escapes what needs no escape.
 */
#ifndef JSON_WALK_H
#define JSON_WALK_H

#include <stdbool.h>
#include <stddef.h>

static inline const char *json_blank(const char *at)
{
    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    return at;
}

/* Past the string that begins at `at`. */
static inline const char *json_past_string(const char *at)
{
    for (at++; *at && *at != '"'; at++)
        if (*at == '\\' && at[1])
            at++;
    return *at ? at + 1 : at;
}

/* Past the value that begins at `at`; counts brackets, so that depth costs no stack. */
static inline const char *json_past(const char *at)
{
    size_t depth = 0;
    do {
        if (*at == '"') {
            at = json_past_string(at);
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if (depth && (*at == '}' || *at == ']'))
            depth--;
        else if (!depth && (*at == ',' || *at == '}' || *at == ']'))
            return at; /* the end of a number or a word */
        if (*at)
            at++;
        if (!depth && (at[-1] == '}' || at[-1] == ']'))
            return at;
    } while (*at && (depth || at[-1] != '"'));
    return at;
}

/* Whether the string that begins at `at` is exactly `text`. */
static inline bool json_is(const char *at, const char *text)
{
    if (!at || *at++ != '"')
        return false;
    while (*text && *at == *text)
        at++, text++;
    return !*text && *at == '"';
}

static inline bool json_true(const char *at)
{
    return at && at[0] == 't' && at[1] == 'r' && at[2] == 'u' && at[3] == 'e';
}

/* The first item of the array or object that begins at `at`, or NULL. */
static inline const char *json_first(const char *at)
{
    if (!at || (*at != '[' && *at != '{'))
        return NULL;
    at = json_blank(at + 1);
    return *at == ']' || *at == '}' ? NULL : at;
}

/* The item after the one that begins at `at`, or NULL. */
static inline const char *json_next(const char *at)
{
    at = json_blank(json_past(at));
    return *at == ',' ? json_blank(at + 1) : NULL;
}

/* The member `key` of the object that begins at `at`, or NULL; `at` may be NULL. */
static inline const char *json_member(const char *at, const char *key)
{
    for (at = at && *at == '{' ? json_first(at) : NULL; at; at = json_next(at)) {
        const char *name = at;
        at = json_blank(json_past_string(at));
        if (*at != ':')
            return NULL;
        at = json_blank(at + 1);
        if (json_is(name, key))
            return at;
    }
    return NULL;
}

#endif
