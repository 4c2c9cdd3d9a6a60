#include "compiler/link.h"

#include <stdlib.h>

#include "compiler/process.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define VERSION_SCRIPT "plugin.version"
#define VERSION_SCRIPT_TEXT "{ global: " CHIMERA_PLUGIN_SYMBOL "; local: *; };\n"
#define QUICK_SCRIPT "quick.script"
/* tcc knows no read-only data: constants are in .data. A plugin has no data that it may write, so all
 * of it goes where relocation ends in read-only pages; were there any, the audit would see .bss. */
#define QUICK_SCRIPT_TEXT "SECTIONS { .data.rel.ro : { *(.data.rel.ro .data) } } INSERT BEFORE .dynamic;\n"
#define LINK_SECONDS 300
#define LINK_MEMORY ((uint64_t)8 << 30) /* of addresses: it maps its inputs and its output */
#define OUTPUT_MAX ((uint64_t)4 << 30)

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

static int write_script(const char *folder, const char *name, const char *text, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, name);
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    return chimera_file_write(path, chimera_slice_of(text), 0600, err);
}

int chimera_link(const struct chimera_tools *tools, enum chimera_tier tier, const char *folder,
                 const char *const *objects, size_t count, const char *output,
                 struct chimera_error *err)
{
    CHIMERA_FREE const char **argv = calloc(FLAG_COUNT + count + 6, sizeof(*argv));
    if (!argv)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    int code = write_script(folder, VERSION_SCRIPT, VERSION_SCRIPT_TEXT, err);
    if (code == CHIMERA_OK && tier == CHIMERA_TIER_QUICK)
        code = write_script(folder, QUICK_SCRIPT, QUICK_SCRIPT_TEXT, err);
    if (code < 0)
        return code;

    size_t at = 0;
    argv[at++] = tools->lld;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        argv[at++] = flags[i];
    if (tier == CHIMERA_TIER_QUICK) {
        argv[at++] = "-T";
        argv[at++] = QUICK_SCRIPT;
    }
    argv[at++] = "-o";
    argv[at++] = output;
    for (size_t i = 0; i < count; i++)
        argv[at++] = objects[i];
    struct chimera_command command = {.what = "ld.lld",
                                      .argv = argv,
                                      .folder = folder,
                                      .limits = {.wall_seconds = 2 * LINK_SECONDS,
                                                 .cpu_seconds = LINK_SECONDS,
                                                 .memory_bytes = LINK_MEMORY,
                                                 .file_bytes = OUTPUT_MAX}};
    return chimera_process_run(&command, err);
}
