/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/native/link.h"

#include <stdio.h>
#include <stdlib.h>

#include "compiler/tool/process.h"
#include "compiler/tool/scratch.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define VERSION_SCRIPT "plugin.version"
#define VERSION_SCRIPT_TEXT "{ global: " CHIMERA_PLUGIN_SYMBOL "; local: *; };\n"
#define QUICK_SCRIPT "quick.script"
/* tcc knows no read-only data: constants are in .data. A plugin has no data that it may write, so
 * all of it goes where relocation ends in read-only pages; were there any, the audit would see
 * .bss. */
#define QUICK_SCRIPT_TEXT \
    "SECTIONS { .data.rel.ro : { *(.data.rel.ro .data) } } INSERT BEFORE .dynamic;\n"
#define LINK_SECONDS 300
#define LINK_MEMORY ((uint64_t)8 << 30) /* of addresses: it maps its inputs and its output */
#define OUTPUT_MAX ((uint64_t)4 << 30)
#define OUTPUT "plugin.so"

/* Imports stay undefined (-z undefs): the audit, not the linker, knows which are allowed. No
 * library is given, so none is needed. Without a build id and with -s the bytes are those of the
 * objects alone. What relocation fills becomes read-only (relro, now); text is never written (-z
 * text). */
static const char *const flags[] = {
    "-shared",
    "-m",
    "elf_x86_64",
    "-z",
    "now",
    "-z",
    "relro",
    "-z",
    "noexecstack",
    "-z",
    "separate-code",
    "-z",
    "undefs",
    "-z",
    "text",
    "-Bsymbolic",
    "--hash-style=gnu",
    "--build-id=none",
    "--gc-sections",
    "-s",
    "--no-demangle",
    "-Map=" CHIMERA_LINK_MAP,
    "--version-script",
    VERSION_SCRIPT,
    NULL,
};
#define FLAG_COUNT (sizeof(flags) / sizeof(flags[0]) - 1)

const char *const *chimera_link_flags(void)
{
    return flags;
}

const char *chimera_link_quick_script(void)
{
    return QUICK_SCRIPT_TEXT;
}

static int write_script(const char *folder, const char *name, const char *text,
                        struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    return chimera_file_write_scratch(path, chimera_slice_of(text), err);
}

struct work {
    const struct chimera_tools *tools;
    enum chimera_tier tier;
    const char *folder; /* with the scripts and the objects */
    char *own;          /* all that the linker may write; owned */
    const char **argv;  /* owned */
    /* What it may read: paths from the root, and from its folder; ends with NULL; owned, as each.
     */
    char **inputs, **names;
    size_t argc, input_count;
};

static char *from_root(const char *folder, const char *path)
{
    return path[0] == '/' ? strdup(path) : chimera_path_join(folder, path);
}

/* `path` is relative to work->folder, or absolute. */
static bool add_input(struct work *work, const char *path)
{
    size_t at = work->input_count++;
    work->inputs[at] = from_root(work->folder, path);
    if (asprintf(&work->names[at], "%s%s", path[0] == '/' ? "" : "../", path) < 0)
        work->names[at] = NULL;
    return work->inputs[at] && work->names[at];
}

/* The scripts and the objects; each object is an argument, too. */
static int list_inputs(struct work *work, const char *const *objects, size_t count,
                       struct chimera_error *err)
{
    bool is_quick = work->tier == CHIMERA_TIER_QUICK;
    work->argv = calloc(FLAG_COUNT + count + 6, sizeof(*work->argv));
    work->inputs = calloc(count + 3, sizeof(*work->inputs));
    work->names = calloc(count + 3, sizeof(*work->names));
    bool is_whole = work->argv && work->inputs && work->names && add_input(work, VERSION_SCRIPT) &&
                    (!is_quick || add_input(work, QUICK_SCRIPT));
    if (!is_whole)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    work->argv[work->argc++] = work->tools->lld;
    for (size_t i = 0; i + 1 < FLAG_COUNT; i++) /* the last is the version script */
        work->argv[work->argc++] = flags[i];
    work->argv[work->argc++] = work->names[0];
    if (is_quick) {
        work->argv[work->argc++] = "-T";
        work->argv[work->argc++] = work->names[1];
    }
    work->argv[work->argc++] = "-o";
    work->argv[work->argc++] = OUTPUT;
    for (size_t i = 0; i < count && is_whole; i++) {
        is_whole = add_input(work, objects[i]);
        work->argv[work->argc++] = work->names[work->input_count - 1];
    }
    return is_whole ? CHIMERA_OK : chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
}

static int write_scripts(const struct work *work, struct chimera_error *err)
{
    int code = write_script(work->folder, VERSION_SCRIPT, VERSION_SCRIPT_TEXT, err);
    if (code == CHIMERA_OK && work->tier == CHIMERA_TIER_QUICK)
        code = write_script(work->folder, QUICK_SCRIPT, QUICK_SCRIPT_TEXT, err);
    return code;
}

static int run_linker(struct work *work, struct chimera_error *err)
{
    const struct chimera_command command = {
        .what = "ld.lld",
        .argv = work->argv,
        .folder = work->own,
        .reads = (const char *const *)work->inputs,
        .limits = {.wall_seconds = 2 * LINK_SECONDS,
                   .cpu_seconds = LINK_SECONDS,
                   .memory_bytes = LINK_MEMORY,
                   .file_bytes = OUTPUT_MAX},
    };
    return chimera_process_run(&command, err);
}

static int take_outputs(const struct work *work, const char *output, struct chimera_error *err)
{
    struct chimera_error why = {0};
    CHIMERA_FREE char *map = chimera_path_join(work->folder, CHIMERA_LINK_MAP);
    CHIMERA_FREE char *so = from_root(work->folder, output);
    if (!map || !so)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    int code = chimera_scratch_take(work->own, CHIMERA_LINK_MAP, map, &why);
    if (code == CHIMERA_OK)
        code = chimera_scratch_take(work->own, OUTPUT, so, &why);
    return code < 0 ? chimera_fail(err, code, "ld.lld: %s", why.text) : CHIMERA_OK;
}

static void free_work(struct work *work)
{
    if (work->own)
        chimera_folder_remove(work->own, NULL);
    for (size_t i = 0; i < work->input_count; i++) {
        free(work->inputs[i]);
        free(work->names[i]);
    }
    free(work->inputs);
    free(work->names);
    free(work->argv);
    free(work->own);
}

int chimera_link(const struct chimera_tools *tools, enum chimera_tier tier, const char *folder,
                 const char *const *objects, size_t count, const char *output,
                 struct chimera_error *err)
{
    struct work work = {.tools = tools, .tier = tier, .folder = folder};
    int code = list_inputs(&work, objects, count, err);
    if (code == CHIMERA_OK)
        code = write_scripts(&work, err);
    if (code == CHIMERA_OK)
        code = chimera_scratch_make(folder, "link", &work.own, err);
    if (code == CHIMERA_OK)
        code = run_linker(&work, err);
    if (code == CHIMERA_OK)
        code = take_outputs(&work, output, err);
    free_work(&work);
    return code;
}
