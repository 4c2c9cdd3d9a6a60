/* SPDX-License-Identifier: Apache-2.0 */
/* info.c - `chimera info`: what this is, and where it keeps things. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/cache/cache.h"
#include "runtime/base/cleanup.h"
#include "runtime/rego/builtin.h"
#include "runtime/source/user_folders.h"
#include "toolchain/command/commands.h"
#include "toolchain/command/policy_argument.h"

static int by_name(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

static int print_builtins(void)
{
    size_t count = 0;
    const struct chimera_rego_builtin *builtins = chimera_rego_builtins(&count);
    CHIMERA_FREE const char **names = calloc(count, sizeof(*names));
    if (!names)
        return CHIMERA_ENOMEM;
    for (size_t i = 0; i < count; i++)
        names[i] = builtins[i].name;
    qsort(names, count, sizeof(*names), by_name);
    puts("Open Policy Agent/Gatekeeper implemented builtins:");
    for (size_t i = 0; i < count; i++)
        printf("  - %s\n", names[i]);
    return CHIMERA_OK;
}

/* Of kwctl's, what it keeps besides the store; of ours, the plugins. Owned by the caller. */
static char *find_cache(bool is_kwctl)
{
    char *folder = NULL;
    if (is_kwctl)
        return chimera_user_path(chimera_user_cache_folder(), "kwctl");
    return chimera_cache_folder(&folder, NULL) < 0 ? NULL : folder;
}

static int run_info(const struct chimera_cli_options *options)
{
    bool is_kwctl = strcmp(options->program, "kwctl") == 0;
    struct chimera_error err = {0};
    CHIMERA_FREE char *store = policy_store(&err);
    CHIMERA_FREE char *configuration = chimera_user_config_folder();
    CHIMERA_FREE char *cache = find_cache(is_kwctl);
    if (!store)
        return say_error("%s", err.text);
    printf("%s version: %s\n\n", options->program,
           is_kwctl ? CHIMERA_KUBEWARDEN_VERSION : CHIMERA_VERSION);
    if (print_builtins() < 0 || !configuration || !cache)
        return say_error("out of memory");
    /* The reference's last line is of blanks. */
    printf("\nPolicy store: %s\nConfig directory: %s\n%s cache directory: %s\n    \n", store,
           configuration, options->program, cache);
    return EXIT_GOOD;
}

const struct chimera_cli_command command_info = {
    .name = "info",
    .about = "Show the version, the builtins of Rego and the folders",
    .run = run_info,
};
