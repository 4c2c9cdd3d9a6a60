/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong in a text, and where: the cold half of scan.h. */
#include <stdarg.h>
#include <stdio.h>

#include "runtime/json/scan.h"

bool chimera_scan_fail(struct chimera_scan *scan, const char *why_at, const char *why)
{
    scan->is_shape = false;
    scan->why_at = why_at;
    scan->why_value = NULL;
    snprintf(scan->why, sizeof(scan->why), "%s", why);
    return false;
}

bool chimera_scan_fail_next(struct chimera_scan *scan, const char *why)
{
    return chimera_scan_fail(scan, scan->at < scan->end ? scan->at + 1 : scan->end, why);
}

bool chimera_scan_fail_shape(struct chimera_scan *scan, const char *why_at, const char *value,
                             const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(scan->why, sizeof(scan->why), format, arguments);
    va_end(arguments);
    scan->is_shape = true;
    scan->why_at = why_at;
    scan->why_value = value;
    return false;
}

struct place {
    size_t line, column; /* the first line is 1; bytes before it in this line */
};

static struct place place_of(const struct chimera_scan *scan)
{
    struct place place = {1, 0};
    for (const char *at = scan->start; at < scan->why_at; at++) {
        place.column++;
        if (*at == '\n')
            place = (struct place){place.line + 1, 0};
    }
    return place;
}

struct step {                            /* one open array or object on the way to a value */
    bool is_object, is_first, is_inside; /* is_inside: at a value, not between two */
    struct chimera_slice key;            /* as it stands in the input */
    size_t index;
};

struct walk {
    struct chimera_scan scan;
    struct step step[CHIMERA_SCAN_DEPTH_MAX];
};

/* To the next value inside the innermost array or object; as the functions that it calls. */
static int walk_next(struct walk *walk)
{
    struct step *step = &walk->step[walk->scan.depth - 1];
    bool is_first = step->is_first;
    int next;
    step->is_inside = false;
    step->is_first = false;
    if (step->is_object) {
        struct chimera_scan_text key;
        next = chimera_scan_next_key(&walk->scan, is_first, &key);
        if (next == 1)
            step->key = key.raw;
        if (next == 1 && !chimera_scan_colon(&walk->scan))
            next = -1;
    } else {
        next = chimera_scan_next_element(&walk->scan, is_first);
        step->index = is_first ? 0 : step->index + 1;
    }
    step->is_inside = next == 1;
    return next;
}

/* Reads the value at which the walk stands; a bracket only opens. */
static bool walk_value(struct walk *walk, int byte)
{
    struct chimera_slice value;
    if (byte != '{' && byte != '[')
        return chimera_scan_skip(&walk->scan, &value);
    if (!chimera_scan_open(&walk->scan))
        return false;
    walk->step[walk->scan.depth - 1] = (struct step){.is_object = byte == '{', .is_first = true};
    return true;
}

/* Goes to the value `to`, or to the syntax error if there is none. Reading the text once more is
 * what lets the fast way do without any record of where it is. */
static void walk_to(struct walk *walk, const char *to)
{
    for (;;) {
        int byte = chimera_scan_peek(&walk->scan);
        if ((to && walk->scan.at >= to) || !walk_value(walk, byte))
            return;
        while (walk->scan.depth > 0) {
            int next = walk_next(walk);
            if (next < 0)
                return;
            if (next > 0)
                break;
            chimera_scan_close(&walk->scan);
        }
        if (walk->scan.depth == 0)
            return;
    }
}

#define PATH_MAX_BYTES 1024

/* "request.object.spec.containers[0].image", cut where it does not fit. */
static size_t path_of(const struct chimera_scan *scan, char path[PATH_MAX_BYTES])
{
    struct walk walk;
    struct chimera_slice all = {scan->start, (size_t)(scan->end - scan->start)};
    chimera_scan_init(&walk.scan, all);
    walk_to(&walk, scan->why_value);

    size_t size = 0;
    for (unsigned i = 0; i < walk.scan.depth && walk.step[i].is_inside; i++) {
        const struct step *step = &walk.step[i];
        int key = step->key.size < 256 ? (int)step->key.size : 256;
        int added = step->is_object
                        ? snprintf(path + size, PATH_MAX_BYTES - size, "%s%.*s",
                                   size > 0 ? "." : "", key, step->key.data)
                        : snprintf(path + size, PATH_MAX_BYTES - size, "[%zu]", step->index);
        if (added < 0 || (size_t)added >= PATH_MAX_BYTES - size)
            break;
        size += (size_t)added;
    }
    return size;
}

struct chimera_slice chimera_scan_explain(const struct chimera_scan *scan, bool with_path,
                                          bool with_place, struct chimera_arena *arena)
{
    char path[PATH_MAX_BYTES], at[64] = "";
    size_t size = with_path ? path_of(scan, path) : 0;
    if (with_place) {
        struct place place = place_of(scan);
        snprintf(at, sizeof(at), " at line %zu column %zu", place.line, place.column);
    }
    return chimera_arena_print(arena, "%.*s%s%s%s", (int)size, path, size > 0 ? ": " : "",
                               scan->why, at);
}

int chimera_scan_report(const struct chimera_scan *scan, struct chimera_error *err)
{
    struct place place = place_of(scan);
    return chimera_fail(err, CHIMERA_EINVAL, "%s at line %zu column %zu", scan->why, place.line,
                        place.column);
}
