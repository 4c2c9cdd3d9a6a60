#include "compiler/link.h"

#include <stdlib.h>

#include "compiler/process.h"
#include "plugins/policy/plugin.h"
#include "runtime/base/cleanup.h"
#include "runtime/base/file.h"

#define VERSION_SCRIPT "plugin.version"
#define VERSION_SCRIPT_TEXT "{ global: " CHIMERA_PLUGIN_SYMBOL "; local: *; };\n"
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

static int write_version_script(const char *folder, struct chimera_error *err)
{
    CHIMERA_FREE char *path = chimera_path_join(folder, VERSION_SCRIPT);
    if (!path)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    return chimera_file_write(path, CHIMERA_SLICE(VERSION_SCRIPT_TEXT), 0600, err);
}

int chimera_link(const struct chimera_tools *tools, const char *folder, const char *const *objects,
                 size_t count, const char *output, struct chimera_error *err)
{
    CHIMERA_FREE const char **argv = calloc(FLAG_COUNT + count + 4, sizeof(*argv));
    if (!argv)
        return chimera_fail(err, CHIMERA_ENOMEM, "cannot link: out of memory");
    int code = write_version_script(folder, err);
    if (code < 0)
        return code;

    size_t at = 0;
    argv[at++] = tools->lld;
    for (size_t i = 0; i < FLAG_COUNT; i++)
        argv[at++] = flags[i];
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
