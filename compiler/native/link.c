/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "compiler/native/join.h"
#include "compiler/native/recipe.h"
#include "compiler/tool/process.h"
#include "compiler/tool/scratch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define LINK_SECONDS 300
#define LINK_MEMORY ((uint64_t)8 << 30) /* of addresses: it maps its inputs and its output */
#define OUTPUT_MAX ((uint64_t)4 << 30)
#define OUTPUT "plugin.so"
#define OBJECTS_MAX ((size_t)2 << 30) /* of the quick tier, all together */

static int write_script(const char *folder, const char *name, const char *text,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    return chimera_file_write_scratch(path, chimera_slice_of(text), err);
}

struct link_run {
    const struct chimera_link_job *job;
    char *own;         /* all that the linker may write; owned */
    const char **argv; /* owned */
    /* What it may read: paths from the root, and from its folder; ends with NULL; owned, as each.
     */
    char **inputs, **names;
    size_t argc, input_count;
};

static char *from_root(const char *folder, const char *path)
{
    return path[0] == '/' ? strdup(path) : chimera_path_join(folder, path);
}

/* `path` is relative to the job's folder, or absolute. */
static bool add_input(struct link_run *run, const char *path)
{
    size_t at = run->input_count++;
    run->inputs[at] = from_root(run->job->folder, path);
    if (asprintf(&run->names[at], "%s%s", path[0] == '/' ? "" : "../", path) < 0)
        run->names[at] = NULL;
    return run->inputs[at] && run->names[at];
}

static void add_argument(struct link_run *run, const char *argument)
{
    run->argv[run->argc++] = argument;
}

/* The script and the objects; each object is an argument, too. */
static int list_inputs(struct link_run *run, struct chimera_error *err)
{
    const struct chimera_link_job *job = run->job;
    size_t flags = 0;
    while (chimera_link_flags()[flags])
        flags++;
    run->argv = calloc(flags + job->count + 6, sizeof(*run->argv));
    run->inputs = calloc(job->count + 2, sizeof(*run->inputs));
    run->names = calloc(job->count + 2, sizeof(*run->names));
    bool is_whole =
        run->argv && run->inputs && run->names && add_input(run, CHIMERA_VERSION_SCRIPT);
    if (!is_whole)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    add_argument(run, job->tools->lld);
    for (size_t i = 0; i + 1 < flags; i++) /* the last is the version script */
        add_argument(run, chimera_link_flags()[i]);
    add_argument(run, run->names[0]);
    add_argument(run, "-o");
    add_argument(run, OUTPUT);
    for (size_t i = 0; i < job->count && is_whole; i++) {
        is_whole = add_input(run, job->parts[i].object);
        add_argument(run, run->names[run->input_count - 1]);
    }
    return is_whole ? CHIMERA_OK : chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
}

static int take_outputs(const struct link_run *run, struct chimera_error *err)
{
    struct chimera_error why = {0};
    CHIMERA_FREE char *map = chimera_path_join(run->job->folder, CHIMERA_LINK_MAP);
    CHIMERA_FREE char *so = from_root(run->job->folder, run->job->output);
    if (!map || !so)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    int code = chimera_scratch_take(run->own, CHIMERA_LINK_MAP, map, &why);
    if (code == CHIMERA_OK)
        code = chimera_scratch_take(run->own, OUTPUT, so, &why);
    return code < 0 ? chimera_fail(err, code, "ld.lld: %s", why.text) : CHIMERA_OK;
}

static void free_link_run(struct link_run *run)
{
    if (run->own)
        chimera_folder_remove(run->own, NULL);
    for (size_t i = 0; i < run->input_count; i++) {
        free(run->inputs[i]);
        free(run->names[i]);
    }
    free(run->inputs);
    free(run->names);
    free(run->argv);
    free(run->own);
}

static int link_with_lld(const struct chimera_link_job *job, struct chimera_error *err)
{
    struct link_run run = {.job = job};
    int code = list_inputs(&run, err);
    if (code == CHIMERA_OK)
        code =
            write_script(job->folder, CHIMERA_VERSION_SCRIPT, chimera_link_version_script(), err);
    if (code == CHIMERA_OK)
        code = chimera_scratch_make(job->folder, "link", &run.own, err);
    if (code == CHIMERA_OK) {
        const struct chimera_command command = {
            .what = "ld.lld",
            .argv = run.argv,
            .folder = run.own,
            .reads = (const char *const *)run.inputs,
            .limits = {.wall_seconds = 2 * LINK_SECONDS,
                       .cpu_seconds = LINK_SECONDS,
                       .memory_bytes = LINK_MEMORY,
                       .file_bytes = OUTPUT_MAX},
        };
        code = chimera_process_run(&command, err);
    }
    if (code == CHIMERA_OK)
        code = take_outputs(&run, err);
    free_link_run(&run);
    return code;
}

/* --- The quick tier, without a linker --- */

static int write_joined(const struct chimera_link_job *job, const struct chimera_buffer *so,
                        const struct chimera_buffer *map, struct chimera_error *err)
{
    CHIMERA_FREE char *map_path = chimera_path_join(job->folder, CHIMERA_LINK_MAP);
    CHIMERA_FREE char *so_path = from_root(job->folder, job->output);
    if (!map_path || !so_path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    int code = chimera_file_write_scratch(map_path, chimera_buffer_slice(map), err);
    return code < 0 ? code : chimera_file_write_scratch(so_path, chimera_buffer_slice(so), err);
}

static int read_objects(const struct chimera_link_job *job, struct chimera_buffer *bytes,
                        struct chimera_slice *ret_objects, struct chimera_error *err)
{
    int code = CHIMERA_OK;
    for (size_t i = 0; i < job->count && code == CHIMERA_OK; i++) {
        CHIMERA_FREE char *path = from_root(job->folder, job->parts[i].object);
        size_t before = bytes->size;
        code = path ? chimera_file_read(path, bytes, err)
                    : chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
        ret_objects[i].size = bytes->size - before;
    }
    const char *at = bytes->data; /* it stays where it is from now on */
    for (size_t i = 0; i < job->count && code == CHIMERA_OK; i++) {
        ret_objects[i].data = at;
        at += ret_objects[i].size;
    }
    return code;
}

static int link_quick(const struct chimera_link_job *job, struct chimera_error *err)
{
    CHIMERA_FREE struct chimera_slice *objects = calloc(job->count + 1, sizeof(*objects));
    struct chimera_buffer bytes, so, map;
    chimera_buffer_init(&bytes, OBJECTS_MAX);
    chimera_buffer_init(&so, OBJECTS_MAX);
    chimera_buffer_init(&map, OBJECTS_MAX);
    int code = objects ? read_objects(job, &bytes, objects, err)
                       : chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    if (code == CHIMERA_OK)
        code = chimera_join(objects, job->count, &so, &map, err);
    if (code == CHIMERA_OK)
        code = write_joined(job, &so, &map, err);
    chimera_buffer_free(&bytes);
    chimera_buffer_free(&so);
    chimera_buffer_free(&map);
    return code;
}

int chimera_link(const struct chimera_link_job *job, struct chimera_error *err)
{
    return job->tier == CHIMERA_TIER_QUICK ? link_quick(job, err) : link_with_lld(job, err);
}
