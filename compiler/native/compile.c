/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/compile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compiler/native/identity.h"
#include "compiler/native/recipe.h"
#include "compiler/tool/process.h"
#include "compiler/tool/scratch.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define SOURCE_MAX ((size_t)256 << 20) /* one part, or one header */
#define INCLUDES_MAX 8
#define COMPILE_SECONDS 600
#define COMPILE_MEMORY ((uint64_t)3 << 30)
#define OBJECT_MAX ((uint64_t)1 << 30)
#define ADVICE                                                                                   \
    "the module has a function that is too large for the optimizer: split it at its source, or " \
    "run "                                                                                       \
    "the module through `wasm-opt -O1` first"

/* tcc starts and is confined in twice the time that a small source takes, so several such are one
 * command's. */
#define UNIT_PARTS_MAX 4
#define UNIT_BYTES ((off_t)256 * 1024)

#define ARGUMENTS_MAX \
    (CHIMERA_LAUNCHER_WORDS + CHIMERA_COMPILE_FLAGS_MAX + 2 * INCLUDES_MAX + 10 + UNIT_PARTS_MAX)

static const char *optimization_of(const struct chimera_part *part)
{
    return part->is_giant ? "-O0" : "-O1";
}

/* --- Keys --- */

static char *in_folder(const char *folder, const char *path)
{
    return path[0] == '/' ? strdup(path) : chimera_path_join(folder, path);
}

static int hash_bytes(struct chimera_slice bytes, const char *name,
                      struct chimera_digest *ret_digest, struct chimera_error *err)
{
    int code = chimera_digest_of(bytes, ret_digest);
    return code < 0 ? chimera_fail(err, code, "cannot hash %s", name) : CHIMERA_OK;
}

static int digest_of_file(const char *folder, const char *name, struct chimera_digest *ret_digest,
                          struct chimera_error *err)
{
    CHIMERA_FREE char *path = in_folder(folder, name);
    struct chimera_buffer bytes;
    chimera_buffer_init(&bytes, SOURCE_MAX);
    int code = path ? chimera_file_read(path, &bytes, err)
                    : chimera_fail(err, CHIMERA_ENOMEM, "cannot read %s: out of memory", name);
    if (code == CHIMERA_OK)
        code = hash_bytes(chimera_buffer_slice(&bytes), name, ret_digest, err);
    chimera_buffer_free(&bytes);
    return code;
}

/* What all parts of a job share: the tools (flags and releases are in their identity) and the
 * headers. */
static int hash_common(const struct chimera_compile_job *job, struct chimera_digest *ret_digest,
                       struct chimera_error *err)
{
    struct chimera_buffer text;
    int code = CHIMERA_OK;
    chimera_buffer_init(&text, (size_t)64 * 1024);
    chimera_buffer_print(&text, "object 1\n%s\n", chimera_tools_identity(job->tools, job->tier));
    for (size_t i = 0; job->headers && job->headers[i] && code == CHIMERA_OK; i++) {
        struct chimera_digest digest;
        code = digest_of_file(job->folder, job->headers[i], &digest, err);
        chimera_buffer_append(&text, chimera_digest_slice(&digest));
    }
    if (code == CHIMERA_OK && text.failed)
        code = chimera_fail(err, text.failed, "cannot hash the headers: %s",
                            chimera_code_text(text.failed));
    if (code == CHIMERA_OK)
        code = hash_bytes(chimera_buffer_slice(&text), "the headers", ret_digest, err);
    chimera_buffer_free(&text);
    return code;
}

static int make_object_key(const struct chimera_compile_job *job,
                           const struct chimera_digest *common, const struct chimera_part *part,
                           struct chimera_digest *ret_key, struct chimera_error *err)
{
    struct chimera_digest source;
    char bytes[2 * sizeof(source.bytes) + 3];
    int code = digest_of_file(job->folder, part->source, &source, err);
    if (code < 0)
        return code;
    memcpy(bytes, common->bytes, sizeof(source.bytes));
    memcpy(bytes + sizeof(source.bytes), source.bytes, sizeof(source.bytes));
    memcpy(bytes + 2 * sizeof(source.bytes), optimization_of(part), 3);
    return hash_bytes((struct chimera_slice){bytes, sizeof(bytes)}, part->source, ret_key, err);
}

/* --- Compiling --- */

struct unit { /* one command: a part on its way, or for tcc several that follow one another */
    const struct chimera_part *parts;
    size_t part_count;
    struct chimera_digest key;
    const char *argv[ARGUMENTS_MAX];
    char *prefix_map; /* owned, as all below */
    /* Of each part: the source's path, and as the compiler gets it. */
    char *sources[UNIT_PARTS_MAX], *arguments[UNIT_PARTS_MAX];
    char *folder; /* all that its compiler may write */
    char *text;   /* with a launcher: NAME.i, which is all that it gets */
    const char **reads;
    char what[160];
};

struct compile_run {
    const struct chimera_compile_job *job;
    char **headers;     /* their paths from the root, ends with NULL; owned, as each */
    struct unit *units; /* those that must be compiled; owned */
    size_t count, cached, total, done, header_count;
};

/* What the compilers have different: the program, its flags, and how it forgets our folder's name.
 */
static int begin_arguments(const struct chimera_compile_job *job, struct unit *unit, size_t *at,
                           struct chimera_error *err)
{
    bool is_quick = job->tier == CHIMERA_TIER_QUICK;
    snprintf(unit->what, sizeof(unit->what), "%s on %s", is_quick ? "tcc" : "clang",
             unit->parts->source);
    unit->argv[(*at)++] = is_quick ? job->tools->tcc : job->tools->clang;
    for (const char *const *flag = chimera_compile_flags(job->tier); *flag; flag++)
        unit->argv[(*at)++] = *flag;
    if (is_quick)
        return CHIMERA_OK;
    unit->argv[(*at)++] = optimization_of(unit->parts);
    if (asprintf(&unit->prefix_map, "-ffile-prefix-map=%s=.", job->folder) < 0) {
        unit->prefix_map = NULL;
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
    }
    unit->argv[(*at)++] = unit->prefix_map;
    return CHIMERA_OK;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* What the compiler calls what it makes of a source. */
static char *made_name(const struct chimera_part *part, const char *ending)
{
    const char *name = base_name(part->source);
    const char *dot = strrchr(name, '.');
    char *made = NULL;
    int size = (int)(dot ? (size_t)(dot - name) : strlen(name));
    return asprintf(&made, "%.*s.%s", size, name, ending) < 0 ? NULL : made;
}

/* tcc takes less time than the way to another machine. */
static bool is_launched(const struct chimera_compile_job *job)
{
    return job->tools->launcher[0] && job->tier != CHIMERA_TIER_QUICK;
}

/* What a unit's compiler may read: its sources and the headers. The paths that it gets are relative
 * where the job's are, so that our folder's name gets nowhere. */
static int allow_inputs(const struct compile_run *run, struct unit *unit, struct chimera_error *err)
{
    unit->reads = calloc(run->header_count + unit->part_count + 1, sizeof(*unit->reads));
    bool is_whole = unit->reads != NULL;
    for (size_t i = 0; i < unit->part_count && is_whole; i++) {
        const char *source = unit->parts[i].source;
        unit->sources[i] = in_folder(run->job->folder, source);
        if (asprintf(&unit->arguments[i], "%s%s", source[0] == '/' ? "" : "../", source) < 0)
            unit->arguments[i] = NULL;
        is_whole = unit->sources[i] && unit->arguments[i];
        unit->reads[i] = unit->sources[i];
    }
    if (!is_whole)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
    for (size_t i = 0; i < run->header_count; i++)
        unit->reads[unit->part_count + i] = run->headers[i];
    return chimera_scratch_make(run->job->folder, "compile", &unit->folder, err);
}

static int prepare_unit(const struct compile_run *run, struct unit *unit, struct chimera_error *err)
{
    const struct chimera_compile_job *job = run->job;
    size_t at = 0;
    int code = allow_inputs(run, unit, err);
    if (code == CHIMERA_OK)
        code = begin_arguments(job, unit, &at, err);
    if (code < 0)
        return code;
    for (size_t i = 0; job->includes && job->includes[i] && i < INCLUDES_MAX; i++) {
        unit->argv[at++] = "-I";
        unit->argv[at++] = strcmp(job->includes[i], ".") == 0 ? ".." : job->includes[i];
    }
    if (is_launched(job)) {
        unit->text = made_name(unit->parts, "i");
        if (!unit->text)
            return chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
        unit->argv[at++] = "-E";
        unit->argv[at++] = "-o";
        unit->argv[at++] = unit->text;
    } else {
        unit->argv[at++] = "-c"; /* NAME.c becomes NAME.o where the compiler works */
    }
    for (size_t i = 0; i < unit->part_count; i++)
        unit->argv[at++] = unit->arguments[i];
    unit->argv[at] = NULL;
    return code;
}

/* How many of `count` parts, from the first on, are one command's. */
static size_t size_unit(const struct chimera_compile_job *job, const struct chimera_part *parts,
                        size_t count)
{
    off_t total = 0;
    size_t size = 0;
    if (job->tier != CHIMERA_TIER_QUICK)
        return 1;
    for (; size < count && size < UNIT_PARTS_MAX; size++) {
        struct stat status;
        CHIMERA_FREE char *path = in_folder(job->folder, parts[size].source);
        if (!path || stat(path, &status) < 0 || (total += status.st_size) > UNIT_BYTES)
            break;
    }
    return size > 0 ? size : 1;
}

/* Sorts out what the cache has; the rest is in run->units, ready to run. */
static int plan_units(struct compile_run *run, const struct chimera_part *parts, size_t count,
                      struct chimera_error *err)
{
    const struct chimera_compile_job *job = run->job;
    struct chimera_digest common;
    int code = job->cache ? hash_common(job, &common, err) : CHIMERA_OK;
    size_t step = 1;
    for (size_t i = 0; i < count && code == CHIMERA_OK; i += step) {
        struct unit *unit = &run->units[run->count];
        unit->parts = &parts[i];
        unit->part_count = step = size_unit(job, &parts[i], count - i);
        if (job->cache) { /* of the full tier, whose units are a part each */
            code = make_object_key(job, &common, &parts[i], &unit->key, err);
            CHIMERA_FREE char *path = in_folder(job->folder, parts[i].object);
            if (code < 0 || (path && chimera_cache_get_object(job->cache, &unit->key, path))) {
                run->cached += code == CHIMERA_OK;
                continue;
            }
        }
        run->count++;
        code = prepare_unit(run, unit, err);
    }
    return code;
}

static int take_object(const struct compile_run *run, const struct unit *unit,
                       const struct chimera_part *part, struct chimera_error *err)
{
    struct chimera_error why = {0};
    CHIMERA_FREE char *path = in_folder(run->job->folder, part->object);
    CHIMERA_FREE char *made = made_name(part, "o");
    if (!path || !made)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
    int code = chimera_scratch_take_object(unit->folder, made, path, &why);
    if (code < 0)
        return chimera_fail(err, code, "%s: %s", unit->what, why.text);
    if (run->job->cache) /* what cannot be kept is compiled again next time */
        chimera_cache_put_object(run->job->cache, &unit->key, path);
    return CHIMERA_OK;
}

/* The compiler has ended, so nobody changes what it made any more. */
static int keep_objects(void *context, size_t index, struct chimera_error *err)
{
    struct compile_run *run = context;
    struct unit *unit = &run->units[index];
    int code = CHIMERA_OK;
    for (size_t i = 0; i < unit->part_count && code == CHIMERA_OK; i++)
        code = take_object(run, unit, &unit->parts[i], err);
    if (code < 0)
        return code;
    chimera_folder_remove(unit->folder, NULL);
    run->done += unit->part_count;
    chimera_progress_show(run->job->progress, "compiling", run->cached + run->done, run->total);
    return CHIMERA_OK;
}

/* `launcher_home` is NULL without a launcher. */
static int run_units(struct compile_run *run, const char *launcher_home,
                     int (*on_done)(void *context, size_t index, struct chimera_error *err),
                     struct chimera_error *err)
{
    CHIMERA_FREE struct chimera_command *commands = calloc(run->count + 1, sizeof(*commands));
    if (!commands)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
    for (size_t i = 0; i < run->count; i++) {
        commands[i] = (struct chimera_command){.what = run->units[i].what,
                                               .argv = run->units[i].argv,
                                               .folder = run->units[i].folder,
                                               .reads = launcher_home ? NULL : run->units[i].reads,
                                               .launcher_home = launcher_home,
                                               .limits = {.wall_seconds = 4 * COMPILE_SECONDS,
                                                          .cpu_seconds = COMPILE_SECONDS,
                                                          .memory_bytes = COMPILE_MEMORY,
                                                          .file_bytes = OBJECT_MAX},
                                               .advice = ADVICE,
                                               .progress = run->job->progress};
    }
    return chimera_process_run_all(commands, run->count, run->job->jobs, on_done, run, err);
}

/* What the preprocessor wrote goes alone into a folder of the launcher's, and the launcher is told
 * to have it compiled as we would do it: the flags that name our folders have done their work. */
static int hand_over_text(void *context, size_t index, struct chimera_error *err)
{
    struct compile_run *run = context;
    struct unit *unit = &run->units[index];
    struct chimera_error why = {0};
    char *folder = NULL;
    int code = chimera_scratch_make(run->job->folder, "launch", &folder, err);
    if (code < 0)
        return code;
    CHIMERA_FREE char *text = chimera_path_join(folder, unit->text);
    code = text ? chimera_scratch_take(unit->folder, unit->text, text, &why) : CHIMERA_ENOMEM;
    chimera_folder_remove(unit->folder, NULL);
    free(unit->folder);
    unit->folder = folder;
    if (code < 0)
        return chimera_fail(err, code, "%s: %s", unit->what, why.text);
    size_t at = 0;
    const struct chimera_tools *tools = run->job->tools;
    snprintf(unit->what, sizeof(unit->what), "%s on %s", base_name(tools->launcher[0]), unit->text);
    for (size_t i = 0; tools->launcher[i]; i++)
        unit->argv[at++] = tools->launcher[i];
    unit->argv[at++] = tools->clang;
    for (const char *const *flag = chimera_compile_flags(run->job->tier); *flag; flag++)
        unit->argv[at++] = *flag;
    const char *const rest[] = {optimization_of(unit->parts), "-c", unit->text};
    for (size_t i = 0; i < sizeof(rest) / sizeof(rest[0]); i++)
        unit->argv[at++] = rest[i];
    unit->argv[at] = NULL;
    return CHIMERA_OK;
}

static int compile_units(struct compile_run *run, struct chimera_error *err)
{
    CHIMERA_FREE char *home = NULL;
    chimera_progress_show(run->job->progress, "compiling", run->cached, run->total);
    if (is_launched(run->job)) {
        int code = chimera_scratch_make(run->job->folder, "home", &home, err);
        if (code == CHIMERA_OK)
            code = run_units(run, NULL, hand_over_text, err);
        if (code < 0)
            return code;
    }
    return run_units(run, home, keep_objects, err);
}

static int list_header_paths(struct compile_run *run, struct chimera_error *err)
{
    const char *const *names = run->job->headers;
    while (names && names[run->header_count])
        run->header_count++;
    run->headers = calloc(run->header_count + 1, sizeof(*run->headers));
    bool is_whole = run->headers != NULL;
    for (size_t i = 0; i < run->header_count && is_whole; i++) {
        run->headers[i] = in_folder(run->job->folder, names[i]);
        is_whole = run->headers[i] != NULL;
    }
    return is_whole ? CHIMERA_OK
                    : chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
}

int chimera_compile(const struct chimera_compile_job *job, const struct chimera_part *parts,
                    size_t count, size_t *ret_cached, struct chimera_error *err)
{
    struct compile_run run = {.job = job, .total = count};
    run.units = calloc(count + 1, sizeof(*run.units));
    int code = run.units ? list_header_paths(&run, err)
                         : chimera_fail(err, CHIMERA_ENOMEM, "cannot compile: out of memory");
    if (code == CHIMERA_OK)
        code = plan_units(&run, parts, count, err);
    if (code == CHIMERA_OK)
        code = compile_units(&run, err);
    if (code == CHIMERA_OK && ret_cached)
        *ret_cached = run.cached;
    for (size_t i = 0; i < run.count; i++) {
        free(run.units[i].prefix_map);
        for (size_t k = 0; k < run.units[i].part_count; k++) {
            free(run.units[i].sources[k]);
            free(run.units[i].arguments[k]);
        }
        free(run.units[i].folder);
        free(run.units[i].text);
        free(run.units[i].reads);
    }
    for (size_t i = 0; run.headers && i < run.header_count; i++)
        free(run.headers[i]);
    free(run.headers);
    free(run.units);
    return code;
}
