/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/review/managed_fields.h"

#include <string.h>

#include "runtime/json/scan.h"

struct place { /* a member of an object */
    struct chimera_slice name;
    const struct place *inside; /* what to look for in it; NULL: it is left out */
};

#define MEMBER(text) {text, sizeof(text) - 1}
#define END {{NULL, 0}, NULL}

static const struct place of_metadata[] = {{MEMBER("managedFields"), NULL}, END};
static const struct place of_pod_template[] = {{MEMBER("metadata"), of_metadata}, END};
static const struct place of_job_spec[] = {{MEMBER("template"), of_pod_template}, END};
static const struct place of_job_template[] = {
    {MEMBER("metadata"), of_metadata}, {MEMBER("spec"), of_job_spec}, END};
static const struct place of_spec[] = {
    {MEMBER("template"), of_pod_template}, {MEMBER("jobTemplate"), of_job_template}, END};
static const struct place of_object[] = {
    {MEMBER("metadata"), of_metadata}, {MEMBER("spec"), of_spec}, END};

struct cut {
    struct chimera_scan scan;
    struct chimera_arena *arena;
    char *out; /* NULL: nothing was left out yet */
    size_t size;
    const char *done; /* what is before it is in `out`, or left out */
};

/* All up to `end`, which is not before `done`. False when the arena is full. */
static bool copy_until(struct cut *cut, const char *end)
{
    if (!cut->out)
        cut->out = chimera_arena_take(cut->arena, (size_t)(cut->scan.end - cut->scan.start));
    if (!cut->out)
        return false;
    size_t size = (size_t)(end - cut->done);
    memcpy(cut->out + cut->size, cut->done, size);
    cut->size += size;
    cut->done = end;
    return true;
}

/* *ret_place NULL: it is none of them. False when the arena is full. */
static bool find_place(const struct place *places, struct chimera_scan_text key,
                       struct chimera_arena *arena, const struct place **ret_place)
{
    struct chimera_slice name = chimera_scan_text(key, arena);
    const struct place *place = places;
    while (place->name.data && !chimera_slice_equal(place->name, name))
        place++;
    *ret_place = place->name.data ? place : NULL;
    return name.data;
}

/* One object, which comes next. As deep as the tables are. */
static bool cut_object(struct cut *cut, const struct place *places)
{
    struct chimera_scan *scan = &cut->scan;
    struct chimera_scan_text key;
    struct chimera_slice value;
    const struct place *place;
    bool has_kept = false;
    if (!chimera_scan_open(scan))
        return false;
    const char *before = scan->at; /* behind what is before the member, without the comma */
    for (bool is_first = true; chimera_scan_next_key(scan, is_first, &key) == 1; is_first = false) {
        const char *begin = key.raw.data - 1;
        if (!find_place(places, key, cut->arena, &place) || !chimera_scan_colon(scan))
            return false;
        bool is_left_out = place && !place->inside;
        if (is_left_out && !copy_until(cut, before))
            return false;
        if (!is_left_out && !has_kept && !is_first)
            cut->done = begin; /* all before it was left out: so is the comma */
        has_kept = has_kept || !is_left_out;
        bool is_whole = !place || is_left_out || chimera_scan_peek(scan) != '{';
        if (!(is_whole ? chimera_scan_skip(scan, &value) : cut_object(cut, place->inside)))
            return false;
        before = scan->at;
        if (is_left_out)
            cut->done = before;
    }
    chimera_scan_close(scan);
    return true;
}

bool chimera_managed_fields_cut(struct chimera_slice object, struct chimera_arena *arena,
                                struct chimera_slice *ret_object)
{
    struct cut cut = {.arena = arena, .done = object.data};
    *ret_object = object;
    chimera_scan_init(&cut.scan, object);
    if (chimera_scan_peek(&cut.scan) != '{')
        return true;
    if (!cut_object(&cut, of_object))
        return false;
    if (!cut.out)
        return true;
    if (!copy_until(&cut, cut.scan.end))
        return false;
    *ret_object = (struct chimera_slice){cut.out, cut.size};
    return true;
}
